// Low-rank adaptation (Hu et al., ICLR 2022): y = x W^T + s (x A^T) B^T with s = alpha / r, A: [r][inputs], B: [outputs][r]. The products
// are linear layers (matmul/), so what is left is elementwise:
//
//     forward                                            backward, dy the gradient of y
//     h = x A^T            linearForward                 dB += dy^T h      linearWeightGradient, then lora_blocks
//     h = s h              lora_scale                    dh = dy B         linearInputGradient
//     y = x W^T + h B^T    linearForward, residual       dh = s dh         lora_scale
//                                                        dA += dh^T x      linearWeightGradient
//                                                        dx = dy W + dh A  linearInputGradient twice, accumulate
//     merged weight: W + s B A                           linearInputGradient with B and A, lora_merge
//
// A weight that is several matrices one below the other (queries, keys, values) has their A one below the other and one B whose blocks,
// rows of a matrix by its r columns, lie on a diagonal. B is zero elsewhere and stays so, because lora_blocks zeroes its gradient there.

//// kernel lora_scale
// x = scale x, [length], overwritten. One thread for each vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  if (4u * item >= params.length) { return; }
  x[item] = flush4(mul4(vec4<f32>(params.scale), x[item]));
}

//// kernel lora_blocks
// gradient: [rows][width]; what lies outside columns block * rank .. (block + 1) * rank, block = blocks[row], becomes zero. One thread for
// each vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let quads = params.width / 4u;
  let row = quotient(item, quads);
  if (row >= params.rows) { return; }
  let columns = vec4<u32>(4u * (item - row * quads)) + vec4<u32>(0u, 1u, 2u, 3u);
  let within = columns / vec4<u32>(params.rank) == vec4<u32>(blocks[row]);
  gradient[item] = select(vec4<f32>(0.0), gradient[item], within);
}

//// kernel lora_merge
// merged = base + scale delta, [length], overwritten. One thread for each vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  if (4u * item >= params.length) { return; }
  merged[item] = flush4(add4(base[item], mul4(vec4<f32>(params.scale), delta[item])));
}
