// Cross-entropy over the vocabulary, with its gradient, for target rows only.
//
//     loss = w * ((1 - s) * nll + s * mean over v of -log p[v]),  p = softmax(logits), nll = -log p[target]
//     gradient[v] = w * (p[v] - s / V - (v == target ? 1 - s : 0))
//
// logits: [rows][stride], replaced by their gradient, zeros from the vocabulary's end to the stride; targets, weights, losses: [rows].
// losses are overwritten and already weighted. Nothing is saved: the gradient is made here.
// With z = logits - max and L = log(sum e^z): nll = L - z[target], mean of -log p = L - (sum z) / V. Both sums are strided (numerics.wgsl).

//// kernel cross_entropy
fn inside(quad: u32) -> vec4<bool> {
  return vec4<u32>(4u * quad) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(params.vocabulary);
}

// One thread for each row.
@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * 32768u + group.x) * 16u + lane;
  if (row >= params.rows) { return; }
  let start = row * (params.stride / 4u);
  let quads = (params.vocabulary + 3u) / 4u;
  let whole = params.vocabulary / 4u;
  let target_quad = targets[row] / 4u;
  let is_target = vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(targets[row] % 4u);
  let w = weights[row];

  var top = vec4<f32>(-1e30);
  for (var i = 0u; i < whole; i++) {
    top = max(top, logits[start + i]);
  }
  if (whole < quads) {
    top = max(top, select(vec4<f32>(-1e30), logits[start + whole], inside(whole)));
  }
  let highest = vec4<f32>(max(max(top.x, top.y), max(top.z, top.w)));
  let z = sub4(logits[start + target_quad], highest);
  let z_chosen = select(vec4<f32>(0.0), z, is_target);
  let z_target = z_chosen.x + z_chosen.y + z_chosen.z + z_chosen.w;

  // Partials 4j .. 4j + 3 belong to the vec4s j, j + 16, j + 32, ...
  var sums: array<vec4<f32>, 16>;
  if (params.smoothing > 0.0) {
    for (var j = 0u; j < 16u; j++) {
      var sum = vec4<f32>(0.0);
      for (var i = j; i < quads; i += 16u) {
        sum = add4(sum, select(vec4<f32>(0.0), sub4(logits[start + i], highest), inside(i)));
      }
      sums[j] = sum;
    }
  }
  let z_sum = tree_sum(&sums);
  for (var j = 0u; j < 16u; j++) {
    var sum = vec4<f32>(0.0);
    for (var i = j; i < quads; i += 16u) {
      let e = select(vec4<f32>(0.0), exponentials(sub4(logits[start + i], highest)), inside(i));
      logits[start + i] = e;
      sum = add4(sum, e);
    }
    sums[j] = sum;
  }
  let total = tree_sum(&sums);

  let size = f32(params.vocabulary);
  let kept = sub(1.0, params.smoothing);
  let log_total = logarithm(total);
  let smooth_loss = sub(log_total, divide(z_sum, size));
  losses[row] = flush(mul(w, add(mul(kept, sub(log_total, z_target)), mul(params.smoothing, smooth_loss))));

  let scale = vec4<f32>(reciprocal(total));
  let share = divide(params.smoothing, size);
  for (var i = 0u; i < quads; i++) {
    let p = mul4(logits[start + i], scale);
    let off = sub4(p, select(vec4<f32>(0.0), vec4<f32>(share), inside(i)));
    let chosen = select(vec4<f32>(0.0), vec4<f32>(kept), is_target & vec4<bool>(i == target_quad));
    logits[start + i] = flush4(mul4(vec4<f32>(w), sub4(off, chosen)));
  }
  for (var i = quads; i < params.stride / 4u; i++) {
    logits[start + i] = vec4<f32>(0.0);
  }
}

//// kernel cross_entropy_wide
// One workgroup for each row.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * 32768u + group.x;
  if (row >= params.rows) { return; }
  let start = row * params.stride;
  let chosen_token = targets[row];
  let w = weights[row];

  var top = -1e30;
  for (var v = lane; v < params.vocabulary; v += 64u) {
    top = max(top, logits[start + v]);
  }
  let highest = group_largest(lane, top);
  let z_target = sub(logits[start + chosen_token], highest);

  var sum = 0.0;
  if (params.smoothing > 0.0) {
    for (var v = lane; v < params.vocabulary; v += 64u) {
      sum = add(sum, sub(logits[start + v], highest));
    }
  }
  // Its barriers also keep the target's logit from being replaced before all lanes have read it.
  let z_sum = group_sum(lane, sum);
  sum = 0.0;
  for (var v = lane; v < params.vocabulary; v += 64u) {
    let e = exponential(sub(logits[start + v], highest));
    logits[start + v] = e;
    sum = add(sum, e);
  }
  let total = group_sum(lane, sum);

  let size = f32(params.vocabulary);
  let kept = sub(1.0, params.smoothing);
  if (lane == 0u) {
    let log_total = logarithm(total);
    let smooth_loss = sub(log_total, divide(z_sum, size));
    losses[row] = flush(mul(w, add(mul(kept, sub(log_total, z_target)), mul(params.smoothing, smooth_loss))));
  }

  let scale = reciprocal(total);
  let share = divide(params.smoothing, size);
  for (var v = lane; v < params.vocabulary; v += 64u) {
    let off = sub(mul(logits[start + v], scale), share);
    logits[start + v] = flush(mul(w, sub(off, select(0.0, kept, v == chosen_token))));
  }
  for (var v = params.vocabulary + lane; v < params.stride; v += 64u) {
    logits[start + v] = 0.0;
  }
}

//// kernel loss_sum
// history[slot] += for each sequence in order, the sum of its rows' losses, ascending from zero. Sequence: x first row, y rows.
@compute @workgroup_size(1)
fn main() {
  var total = history[params.slot];
  for (var s = 0u; s < params.count; s++) {
    var sum = 0.0;
    for (var i = 0u; i < sequences[s].y; i++) {
      sum = add(sum, losses[sequences[s].x + i]);
    }
    total = add(total, sum);
  }
  history[params.slot] = total;
}
