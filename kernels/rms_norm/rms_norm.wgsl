// RMSNorm over rows of `width`:  y = x * inverse * weight,  inverse = 1 / sqrt(mean(x^2) + epsilon).
// Saved for backward: inverse [rows]. Row sums follow the strided rule of `tree_sum`. One thread a row, or one workgroup: those called wide.

//// kernel rms_norm_forward
// x, y [rows][width], weight [width], inverse [rows]; y and inverse are overwritten.
@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * 32768u + group.x) * 16u + lane;
  if (row >= params.rows) {
    return;
  }
  let quads = params.width / 4u;
  let base = row * quads;
  var partials: array<vec4<f32>, 16>;
  for (var start = 0u; start < quads; start += 16u) {
    for (var p = 0u; p < 16u; p++) {
      if (start + p < quads) {
        let v = fetch_x(base + start + p);
        partials[p] = add4(partials[p], mul4(v, v));
      }
    }
  }
  let mean = divide(tree_sum(&partials), f32(params.width));
  let scale = reciprocal_root(add(mean, params.epsilon));
  inverse[row] = scale;
  for (var q = 0u; q < quads; q++) {
    y[base + q] = flush4(mul4(mul4(fetch_x(base + q), vec4<f32>(scale)), fetch_weight(q)));
  }
}

//// kernel rms_norm_forward_wide
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * 32768u + group.x;
  if (row >= params.rows) {
    return;
  }
  let base = row * params.width;
  var partial = 0.0;
  for (var c = lane; c < params.width; c += 64u) {
    partial = add(partial, mul(x[base + c], x[base + c]));
  }
  let mean = divide(group_sum(lane, partial), f32(params.width));
  let scale = reciprocal_root(add(mean, params.epsilon));
  if (lane == 0u) {
    inverse[row] = scale;
  }
  for (var c = lane; c < params.width; c += 64u) {
    y[base + c] = flush(mul(mul(x[base + c], scale), weight[c]));
  }
}

//// kernel rms_norm_backward
// xGradient = carried + inverse * (weight * gradient) - x * (inverse^3 / width * sum(weight * gradient * x)), overwritten;
// `carried` is what reaches x past the norm: the residual branch's gradient, or nothing.
@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * 32768u + group.x) * 16u + lane;
  if (row >= params.rows) {
    return;
  }
  let quads = params.width / 4u;
  let base = row * quads;
  var partials: array<vec4<f32>, 16>;
  for (var start = 0u; start < quads; start += 16u) {
    for (var p = 0u; p < 16u; p++) {
      let q = start + p;
      if (q < quads) {
        partials[p] = add4(partials[p], mul4(mul4(fetch_weight(q), fetch_gradient(base + q)), fetch_x(base + q)));
      }
    }
  }
  let scale = inverse[row];
  let cube = mul(mul(scale, scale), scale);
  let pull = mul(divide(cube, f32(params.width)), tree_sum(&partials));
  for (var q = 0u; q < quads; q++) {
    let direct = mul4(vec4<f32>(scale), mul4(fetch_weight(q), fetch_gradient(base + q)));
    let own = flush4(sub4(direct, mul4(vec4<f32>(pull), fetch_x(base + q))));
    xGradient[base + q] = add4(carried(base + q), own);
  }
}

//// kernel rms_norm_backward_wide
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * 32768u + group.x;
  if (row >= params.rows) {
    return;
  }
  let base = row * params.width;
  var partial = 0.0;
  for (var c = lane; c < params.width; c += 64u) {
    partial = add(partial, mul(mul(weight[c], gradient[base + c]), x[base + c]));
  }
  let scale = inverse[row];
  let cube = mul(mul(scale, scale), scale);
  let pull = mul(divide(cube, f32(params.width)), group_sum(lane, partial));
  for (var c = lane; c < params.width; c += 64u) {
    let direct = mul(scale, mul(weight[c], gradient[base + c]));
    let own = flush(sub(direct, mul(pull, x[base + c])));
    xGradient[base + c] = add(carried(base + c), own);
  }
}

//// kernel rms_norm_weight_gradient
// weightGradient += sum over rows of gradient * x * inverse: each sequence (x: first row, y: rows) from zero, then added. Four rows are
// loaded before their terms are added, one after the other, so that adapters need not wait for each load.
fn term(row: u32, end: u32, q: u32) -> vec4<f32> {
  let near = min(row, end - 1u);
  let at = near * (params.width / 4u) + q;
  let product = mul4(fetch_gradient(at), mul4(fetch_x(at), vec4<f32>(inverse[near])));
  return select(vec4<f32>(0.0), product, row < end);
}

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let q = id.x;
  let quads = params.width / 4u;
  if (q >= quads) {
    return;
  }
  var total = weightGradient[q];
  for (var s = 0u; s < params.count; s++) {
    let place = sequences[s];
    let end = place.x + place.y;
    var sum = vec4<f32>(0.0);
    for (var row = place.x; row < end; row += 4u) {
      let terms = array(term(row, end, q), term(row + 1u, end, q), term(row + 2u, end, q), term(row + 3u, end, q));
      sum = add4(add4(add4(add4(sum, terms[0]), terms[1]), terms[2]), terms[3]);
    }
    total = add4(total, sum);
  }
  weightGradient[q] = total;
}
