// The row operations of causal attention; its products are matmul's (matmul/matmul.ts). For row i of a sequence and a head:
//   weights[j] = exp(scale * scores[j] - m) / sum,  m = the largest scale * scores[j],  j <= i;  0 for j > i.
// Columns beyond i are set to zero up to the next multiple of 64, as far as any product reads. The weights are saved for backward, which
// needs delta = sum over the head of mixedGradient * mixed; the gradient of the scores is made where its product is (matmul/matmul.ts).
// Sums over a row follow the strided rule of `tree_sum`.

// `quad` of a row of `length` scores, scaled; what lies beyond is far below any.
fn scaled_scores(base: u32, quad: u32, length: u32) -> vec4<f32> {
  let inside = vec4<u32>(4u * quad) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(length);
  return select(vec4<f32>(-1.0e30), mul4(fetch_given(base + quad), vec4<f32>(params.scale)), inside);
}

// Turns `length` scores at quad `base` into weights; zeros up to column `filled` (a multiple of 4). Exponentials are computed twice,
// which takes less time than to keep them.
fn softmax_row(base: u32, length: u32, filled: u32) {
  let quads = (length + 3u) / 4u;
  var top = vec4<f32>(-1.0e30);
  for (var q = 0u; q < quads; q++) {
    top = max(top, scaled_scores(base, q, length));
  }
  let m = vec4<f32>(max(max(top.x, top.y), max(top.z, top.w)));
  var partials: array<vec4<f32>, 16>;
  for (var start = 0u; start < quads; start += 16u) {
    for (var p = 0u; p < 16u; p++) {
      if (start + p < quads) {
        partials[p] = add4(partials[p], exponentials(sub4(scaled_scores(base, start + p, length), m)));
      }
    }
  }
  let r = vec4<f32>(reciprocal(tree_sum(&partials)));
  for (var q = 0u; q < quads; q++) {
    scores[base + q] = mul4(exponentials(sub4(scaled_scores(base, q, length), m)), r);
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
@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * 32768u + group.x) * 16u + lane;
  if (row >= params.tokens * params.heads) {
    return;
  }
  let length = positions[quotient(row, params.heads)] + 1u;
  softmax_row(row * (params.stride / 4u), length, min(params.stride, (length + params.span + 3u) & 0xfffffffcu));
}

//// kernel attention_deltas
// deltas [tokens][heads]: sum over the head of mixedGradient * mixed, both [tokens][heads * headSize]. One thread a token's head.
@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * 32768u + group.x) * 16u + lane;
  if (row >= params.rows) {
    return;
  }
  let quads = params.headSize / 4u;
  var partials: array<vec4<f32>, 16>;
  for (var start = 0u; start < quads; start += 16u) {
    for (var p = 0u; p < 16u; p++) {
      let q = row * quads + start + p;
      if (start + p < quads) {
        partials[p] = add4(partials[p], mul4(fetch_mixedGradient(q), fetch_mixed(q)));
      }
    }
  }
  deltas[row] = tree_sum(&partials);
}
