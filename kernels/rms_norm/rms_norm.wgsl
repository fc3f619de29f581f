// RMSNorm over rows of `width`:  y = x * inverse * weight,  inverse = 1 / sqrt(mean(x^2) + epsilon).
// Saved for backward: inverse [rows]. Row sums follow the strided rule of `tree_sum`. One thread a row.

//// kernel rms_norm_forward
// x, y [rows][width], weight [width], inverse [rows]; y and inverse are overwritten.
@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
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

//// kernel rms_norm_backward
// xGradient = carried + inverse * (weight * gradient) - x * (inverse^3 / width * sum(weight * gradient * x)), overwritten;
// `carried` is what reaches x past the norm: the residual branch's gradient, or nothing.
@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
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

//// kernel rms_norm_weight_gradient
// weightGradient += sum over rows of gradient * x * inverse: each sequence (x: first row, y: rows) from zero, then added.
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
    var sum = vec4<f32>(0.0);
    for (var row = place.x; row < place.x + place.y; row++) {
      let normed = mul4(fetch_x(row * quads + q), vec4<f32>(inverse[row]));
      sum = add4(sum, mul4(fetch_gradient(row * quads + q), normed));
    }
    total = add4(total, sum);
  }
  weightGradient[q] = total;
}
