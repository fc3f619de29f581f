// Greedy decoding on the GPU: the chosen token feeds the next step without a read-back.

//// kernel choose_token
// For each row: the token with the largest logit (the first of equals), and its lead over the second. Appends it to
// generated[row][limit] and advances the row's state (x: position of the token just chosen, y: finished, z: tokens generated).
// A row finishes at a stop token, which is not counted, or at `limit` tokens; a finished row stands still.
// tokens, positions, slots [rows] are what the next step reads; margins [rows] keep the smallest lead so far.
@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= params.rows) {
    return;
  }
  let base = row * params.stride / 4u;
  var best = -1.0e30;
  var second = -1.0e30;
  var token = 0u;
  for (var q = 0u; q < (params.vocabulary + 3u) / 4u; q++) {
    let v = logits[base + q];
    for (var c = 0u; c < 4u; c++) {
      let x = v[c];
      if (q * 4u + c < params.vocabulary) {
        if (x > best) {
          second = best;
          best = x;
          token = q * 4u + c;
        } else if (x > second) {
          second = x;
        }
      }
    }
  }
  var now = state[row];
  if (now.y == 0u) {
    margins[row] = min(margins[row], sub(best, second));
    for (var s = 0u; s < params.stops; s++) {
      if (token == stopTokens[s]) {
        now.y = 1u;
      }
    }
    if (now.y == 0u) {
      generated[row * params.limit + now.z] = token;
      now.z += 1u;
      if (now.z == params.limit) {
        now.y = 2u;
      }
      now.x += 1u;
    }
    state[row] = now;
  }
  tokens[row] = token;
  positions[row] = now.x;
  slots[row] = row * params.capacity + now.x;
}

//// kernel score_labels
// scores[row][label] = logits[row][labels[label]]; best[row] = token of the largest logit, choice[row] = (that logit, its lead).
@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= params.rows) {
    return;
  }
  var largest = -1.0e30;
  var second = -1.0e30;
  var token = 0u;
  for (var i = 0u; i < params.vocabulary; i++) {
    let x = logits[row * params.stride + i];
    if (x > largest) {
      second = largest;
      largest = x;
      token = i;
    } else if (x > second) {
      second = x;
    }
  }
  choice[row] = vec2<f32>(largest, sub(largest, second));
  best[row] = token;
  for (var label = 0u; label < params.labels; label++) {
    scores[row * params.labels + label] = logits[row * params.stride + labelTokens[label]];
  }
}
