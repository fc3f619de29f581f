// The row operations of causal attention; its products are matmul's (matmul/matmul.ts). For row i of a sequence and a head:
//   weights[j] = exp(scale * scores[j] - m) / sum,  m = the largest scale * scores[j],  j <= i;  0 for j > i.
// Columns beyond i are set to zero up to the next multiple of 64, as far as any product reads. The weights are saved for backward.
// Sums over a row follow the strided rule of `tree_sum`.

// Turns `length` scores at quad `base` of `scores` into weights; zeros up to column `filled` (a multiple of 4).
fn softmax_row(base: u32, length: u32, filled: u32) {
  let quads = (length + 3u) / 4u;
  let factor = vec4<f32>(params.scale);
  let columns = vec4<u32>(0u, 1u, 2u, 3u);
  var top = vec4<f32>(-1.0e30);
  for (var q = 0u; q < quads; q++) {
    let inside = columns + vec4<u32>(q * 4u) < vec4<u32>(length);
    top = max(top, select(vec4<f32>(-1.0e30), mul4(scores[base + q], factor), inside));
  }
  let m = max(max(top.x, top.y), max(top.z, top.w));
  var partials: array<vec4<f32>, 16>;
  for (var p = 0u; p < 16u; p++) {
    var sum = vec4<f32>(0.0);
    for (var q = p; q < quads; q += 16u) {
      let inside = columns + vec4<u32>(q * 4u) < vec4<u32>(length);
      let e = exponentials(sub4(mul4(scores[base + q], factor), vec4<f32>(m)));
      let kept = select(vec4<f32>(0.0), e, inside);
      scores[base + q] = kept;
      sum = add4(sum, kept);
    }
    partials[p] = sum;
  }
  let r = vec4<f32>(reciprocal(tree_sum(&partials)));
  for (var q = 0u; q < quads; q++) {
    scores[base + q] = mul4(scores[base + q], r);
  }
  for (var q = quads; q < filled / 4u; q++) {
    scores[base + q] = vec4<f32>(0.0);
  }
}

//// kernel attention_softmax
// scores of every head of every sequence (layout: matmul/matmul.ts), in place. One thread a row.
@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = sequences[id.z];
  let row = id.x;
  if (row >= place.y) {
    return;
  }
  let base = place.z + (id.y * place.y + row) * place.w;
  softmax_row(base / 4u, row + 1u, min(place.w, (row & 0xffffffc0u) + 64u));
}

//// kernel attention_softmax_cached
// scores [tokens][heads][stride] of new tokens, in place: a token at position p has p + 1 keys. Zeros follow for `span` columns.
// One thread a row.
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * 32768u + group.x) * 8u + lane;
  if (row >= params.tokens * params.heads) {
    return;
  }
  let length = positions[quotient(row, params.heads)] + 1u;
  softmax_row(row * (params.stride / 4u), length, min(params.stride, (length + params.span + 3u) & 0xfffffffcu));
}

//// kernel attention_softmax_backward
// scoreGradient holds the gradient of the weights and is replaced by the gradient of the scores:
//   weights * (gradient - delta) * scale,  delta = sum over the head of mixedGradient * mixed.  One thread a row.
@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = sequences[id.z];
  let row = id.x;
  if (row >= place.y) {
    return;
  }
  let headQuads = params.headSize / 4u;
  let mixedBase = ((place.x + row) * params.heads + id.y) * headQuads;
  var partials: array<vec4<f32>, 16>;
  for (var p = 0u; p < 16u; p++) {
    var sum = vec4<f32>(0.0);
    for (var q = p; q < headQuads; q += 16u) {
      sum = add4(sum, mul4(mixedGradient[mixedBase + q], mixed[mixedBase + q]));
    }
    partials[p] = sum;
  }
  let delta = vec4<f32>(tree_sum(&partials));
  let base = (place.z + (id.y * place.y + row) * place.w) / 4u;
  let columns = vec4<u32>(0u, 1u, 2u, 3u);
  let quads = row / 4u + 1u;
  for (var q = 0u; q < quads; q++) {
    let inside = columns + vec4<u32>(q * 4u) <= vec4<u32>(row);
    let slope = mul4(weights[base + q], sub4(scoreGradient[base + q], delta));
    scoreGradient[base + q] = select(vec4<f32>(0.0), flush4(mul4(slope, vec4<f32>(params.scale))), inside);
  }
  for (var q = quads; q < min(place.w, (row & 0xffffffc0u) + 64u) / 4u; q++) {
    scoreGradient[base + q] = vec4<f32>(0.0);
  }
}
