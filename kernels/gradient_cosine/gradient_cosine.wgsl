// What the cosine of two gradients is made of. For each chunk of 4096 elements of a and b, [length] from `start`:
//
//     partials[offset + chunk] = (sum a b, sum a^2, sum b^2, 0)
//
// Sums are strided (numerics.wgsl); products below 2^-110 count as zero. partials are overwritten. `combineCosine` sums the chunks.

//// kernel gradient_cosine
// One thread for each chunk.
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let chunk = (group.y * 32768u + group.x) * 8u + lane;
  let start = chunk * 1024u;
  if (4u * start >= params.length) { return; }
  let end = min(start + 1024u, (params.length + 3u) / 4u);
  var dots: array<vec4<f32>, 16>;
  var a_squares: array<vec4<f32>, 16>;
  var b_squares: array<vec4<f32>, 16>;
  for (var j = 0u; j < 16u; j++) {
    var dot_sum = vec4<f32>(0.0);
    var a_sum = vec4<f32>(0.0);
    var b_sum = vec4<f32>(0.0);
    for (var i = start + j; i < end; i += 16u) {
      let inside = vec4<u32>(4u * i) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(params.length);
      let p = select(vec4<f32>(0.0), a[params.start / 4u + i], inside);
      let q = select(vec4<f32>(0.0), b[params.start / 4u + i], inside);
      dot_sum = add4(dot_sum, flush4(mul4(p, q)));
      a_sum = add4(a_sum, flush4(mul4(p, p)));
      b_sum = add4(b_sum, flush4(mul4(q, q)));
    }
    dots[j] = dot_sum;
    a_squares[j] = a_sum;
    b_squares[j] = b_sum;
  }
  partials[params.offset + chunk] = vec4<f32>(tree_sum(&dots), tree_sum(&a_squares), tree_sum(&b_squares), 0.0);
}
