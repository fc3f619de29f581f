// Norm of all gradients together, and the factor that clips it.
//
//     norm = sqrt(sum of gradient^2),  scale = limit > 0 and norm > limit ? limit / (norm + 1e-6) : 1
//
// Each tensor is cut into chunks of 4096 elements; a chunk's sum is strided (numerics.wgsl), and so is the sum over all chunks.
// partials, scale and history[slot] are overwritten. Squares below 2^-110 count as zero.

//// kernel square_sums
// One thread for each chunk; gradient: [length], partials[offset + chunk].
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let chunk = (group.y * 32768u + group.x) * 8u + lane;
  let start = chunk * 1024u;
  if (4u * start >= params.length) { return; }
  let end = min(start + 1024u, (params.length + 3u) / 4u);
  var sums: array<vec4<f32>, 16>;
  for (var j = 0u; j < 16u; j++) {
    var sum = vec4<f32>(0.0);
    for (var i = start + j; i < end; i += 16u) {
      let inside = vec4<u32>(4u * i) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(params.length);
      let g = select(vec4<f32>(0.0), gradient[i], inside);
      sum = add4(sum, flush4(mul4(g, g)));
    }
    sums[j] = sum;
  }
  partials[params.offset + chunk] = tree_sum(&sums);
}

//// kernel gradient_scale
// 64 threads, one for each strided partial; partials: [count], scale: [1].
var<workgroup> strided: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < params.count; i += 64u) {
    sum = add(sum, partials[i]);
  }
  strided[lane] = sum;
  workgroupBarrier();
  if (lane > 0u) { return; }
  var sums: array<vec4<f32>, 16>;
  for (var j = 0u; j < 16u; j++) {
    sums[j] = vec4<f32>(strided[4u * j], strided[4u * j + 1u], strided[4u * j + 2u], strided[4u * j + 3u]);
  }
  let norm = root(tree_sum(&sums));
  history[params.slot] = norm;
  scale[0] = 1.0;
  if (params.limit > 0.0 && norm > params.limit) {
    scale[0] = divide(params.limit, add(norm, 1e-6));
  }
}
