// How far weights have moved from a base. With d = weight[start ...] - base, for each chunk of 4096 elements of [length]:
//
//     partials[offset + chunk] = (sum |d|, sum d^2, sum base^2, max |d|)
//
// Sums are strided (numerics.wgsl); d, and squares, below 2^-110 count as zero. partials are overwritten. The chunks are put together
// in f64 by `combineDistances`.

//// kernel weight_distance
// One thread for each chunk.
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let chunk = (group.y * 32768u + group.x) * 8u + lane;
  let start = chunk * 1024u;
  if (4u * start >= params.length) { return; }
  let end = min(start + 1024u, (params.length + 3u) / 4u);
  var distances: array<vec4<f32>, 16>;
  var squares: array<vec4<f32>, 16>;
  var norms: array<vec4<f32>, 16>;
  var largest = vec4<f32>(0.0);
  for (var j = 0u; j < 16u; j++) {
    var distance = vec4<f32>(0.0);
    var square = vec4<f32>(0.0);
    var norm = vec4<f32>(0.0);
    for (var i = start + j; i < end; i += 16u) {
      let inside = vec4<u32>(4u * i) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(params.length);
      let origin = select(vec4<f32>(0.0), base[i], inside);
      let d = abs(flush4(sub4(select(vec4<f32>(0.0), weight[params.start / 4u + i], inside), origin)));
      distance = add4(distance, d);
      square = add4(square, flush4(mul4(d, d)));
      norm = add4(norm, flush4(mul4(origin, origin)));
      largest = max(largest, d);
    }
    distances[j] = distance;
    squares[j] = square;
    norms[j] = norm;
  }
  let most = max(max(largest.x, largest.y), max(largest.z, largest.w));
  partials[params.offset + chunk] = vec4<f32>(tree_sum(&distances), tree_sum(&squares), tree_sum(&norms), most);
}
