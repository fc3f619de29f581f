// Greedy decoding on the GPU: the chosen token feeds the next step without a read-back. A workgroup of LANES goes over a row's logits.

// The largest of some logits with its token, and the second largest.
struct Best { logit: f32, second: f32, token: u32 }

var<workgroup> bests: array<Best, LANES>;

// Of both together. Of equal logits the first token is the best, and the lead is zero; so the order of merging changes nothing.
fn merged(a: Best, b: Best) -> Best {
  let second = max(min(a.logit, b.logit), max(a.second, b.second));
  if (b.logit > a.logit || (b.logit == a.logit && b.token < a.token)) {
    return Best(b.logit, second, b.token);
  }
  return Best(a.logit, second, a.token);
}

// Of a row of `vocabulary` logits; the result is lane 0's.
fn best_of_row(row: u32, lane: u32) -> Best {
  let quads = (params.vocabulary + 3u) / 4u;
  var best = Best(-1.0e30, -1.0e30, 0u);
  for (var i = lane; i < quads; i += LANESu) {
    let inside = vec4<u32>(4u * i) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(params.vocabulary);
    let four = select(vec4<f32>(-1.0e30), logits[row * (params.stride / 4u) + i], inside);
    let low = merged(Best(four.x, -1.0e30, 4u * i), Best(four.y, -1.0e30, 4u * i + 1u));
    let high = merged(Best(four.z, -1.0e30, 4u * i + 2u), Best(four.w, -1.0e30, 4u * i + 3u));
    best = merged(best, merged(low, high));
  }
  bests[lane] = best;
  workgroupBarrier();
  if (lane == 0u) {
    for (var i = 1u; i < min(quads, LANESu); i++) {
      best = merged(best, bests[i]);
    }
  }
  return best;
}

//// kernel choose_token
// For each row: the token with the largest logit (the first of equals), and its lead over the second. Appends it to
// generated[slot][limit] and advances the row's state (x: position of the token just chosen, y: finished, z: tokens generated, w: bits of
// the smallest lead so far).
// A row finishes at a stop token, which is not counted, or at `limit` tokens; a finished row stands still and has no new tokens.
// tokens, positions, slots [rows] and sequences (layout: attention/cached.ts) are what the next step reads; sequences also say which
// cache slot is the row's. Positions count the prefix, cached places do not.
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let best = best_of_row(row, lane);
  if (lane > 0u) {
    return;
  }
  var now = state[row];
  let slot = sequences[row].w;
  if (now.y == 0u) {
    now.w = bitcast<u32>(min(bitcast<f32>(now.w), sub(best.logit, best.second)));
    for (var s = 0u; s < params.stops; s++) {
      if (best.token == stopTokens[s]) {
        now.y = 1u;
      }
    }
    if (now.y == 0u) {
      generated[slot * params.limit + now.z] = best.token;
      now.z += 1u;
      if (now.z == params.limit) {
        now.y = 2u;
      }
      now.x += 1u;
    }
    state[row] = now;
  }
  let own = now.x - params.prefix;
  tokens[row] = best.token;
  positions[row] = now.x;
  slots[row] = slot * params.capacity + own;
  sequences[row] = vec4<u32>(row, select(0u, 1u, now.y == 0u), own, slot);
}

//// kernel score_labels
// scores[row][label] = logits[row][labels[label]]; best[row] = token of the largest logit, choice[row] = (that logit, its lead).
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let found = best_of_row(row, lane);
  if (lane == 0u) {
    choice[row] = vec2<f32>(found.logit, sub(found.logit, found.second));
    best[row] = found.token;
  }
  for (var label = lane; label < params.labels; label += LANESu) {
    let token = labelTokens[label];
    scores[row * params.labels + label] = logits[row * (params.stride / 4u) + token / 4u][token % 4u];
  }
}
