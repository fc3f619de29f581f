// Forward Kullback-Leibler divergence of a tuned model from its base, in nats, for each row of logits.
//
//     divergence = KL(p || q) = sum over v of p[v] log(p[v] / q[v]),  p = softmax(base), q = softmax(tuned)
//                = (sum e^y[v] (y[v] - z[v])) / P + log Q - log P,  y = base - max, z = tuned - max, P = sum e^y, Q = sum e^z
//
// base, tuned: [rows][stride], of which `vocabulary` columns count; divergences: [rows], overwritten. The three sums are strided
// (numerics.wgsl). Rounding may leave a divergence near zero negative; it is set to zero. Equal rows give exactly zero.

//// kernel kl_divergence
fn inside(quad: u32) -> vec4<bool> {
  return vec4<u32>(4u * quad) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(params.vocabulary);
}

fn largest(x: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(max(max(x.x, x.y), max(x.z, x.w)));
}

// One thread for each row.
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * 32768u + group.x) * 8u + lane;
  if (row >= params.rows) { return; }
  let start = row * (params.stride / 4u);
  let quads = (params.vocabulary + 3u) / 4u;

  var base_top = vec4<f32>(-1e30);
  var tuned_top = vec4<f32>(-1e30);
  for (var i = 0u; i < quads; i++) {
    base_top = max(base_top, select(vec4<f32>(-1e30), base[start + i], inside(i)));
    tuned_top = max(tuned_top, select(vec4<f32>(-1e30), tuned[start + i], inside(i)));
  }
  base_top = largest(base_top);
  tuned_top = largest(tuned_top);

  // Partials 4j .. 4j + 3 belong to the vec4s j, j + 16, j + 32, ...
  var base_sums: array<vec4<f32>, 16>;
  var tuned_sums: array<vec4<f32>, 16>;
  var differences: array<vec4<f32>, 16>;
  for (var j = 0u; j < 16u; j++) {
    var base_sum = vec4<f32>(0.0);
    var tuned_sum = vec4<f32>(0.0);
    var difference = vec4<f32>(0.0);
    for (var i = j; i < quads; i += 16u) {
      let y = sub4(base[start + i], base_top);
      let z = sub4(tuned[start + i], tuned_top);
      let e = select(vec4<f32>(0.0), exponentials(y), inside(i));
      base_sum = add4(base_sum, e);
      tuned_sum = add4(tuned_sum, select(vec4<f32>(0.0), exponentials(z), inside(i)));
      difference = add4(difference, select(vec4<f32>(0.0), flush4(mul4(e, sub4(y, z))), inside(i)));
    }
    base_sums[j] = base_sum;
    tuned_sums[j] = tuned_sum;
    differences[j] = difference;
  }
  let base_total = tree_sum(&base_sums);
  let shift = sub(logarithm(tree_sum(&tuned_sums)), logarithm(base_total));
  let divergence = add(divide(tree_sum(&differences), base_total), shift);
  divergences[row] = select(0.0, flush(divergence), divergence > 0.0);
}
