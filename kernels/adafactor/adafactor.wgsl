// Adafactor (Shazeer, Stern, ICML 2018, algorithms 4 to 6) without relative step sizes: one step of a matrix of `rows` x `columns` that
// lies in `weight` and `gradient` from row `firstRow`. With g = gradient * scale (zero below 2^-70):
//
//     R[i] = beta2 R[i] + (1 - beta2) (mean over j of g[i][j]^2 + epsilon1)            adafactor_row_moments
//     C[j] = beta2 C[j] + (1 - beta2) (mean over i of g[i][j]^2 + epsilon1)            adafactor_column_moments
//     u[i][j] = g[i][j] sqrt(mean R) / sqrt(R[i] C[j])                                 adafactor_mean, adafactor_update_squares
//     a = learningRate max(epsilon2, RMS(weight)), or learningRate                     adafactor_step_size
//     weight = weight (1 - a weightDecay) - a / max(1, RMS(u) / threshold) u           adafactor
//
// A vector is a matrix of one row: C is then its full second moment, and sqrt(mean R) / sqrt(R[0]) is taken as exactly 1.
//
// epsilon1 is 1e-30, and squares of small gradients come near what some adapters flush. u does not change when g, epsilon1's root and the
// roots of the moments are all multiplied by one number; so g is multiplied by 2^20, exactly, and R, C and epsilon1 are kept times 2^40.
// Then squares are from 2^-100, moments from 2^-61, and root mean squares of g up to 2^30 are in the range of the roots.
//
// Sums are strided: over columns for R, over rows for C and for mean R, over chunks of 4096 elements and then over chunks for both RMS.
// rowMoments: [all rows], columnMoments: [matrices][columns], of which `matrix` is this one's; both overwritten, as are partials: [chunks]
// of (sum u^2, sum weight^2) and factors: [matrices] of (sqrt(mean R), step size, decay factor, 0).

//// kernel scaled
// Part of the kernels that read gradients: four of them times 2^20, from vec4 `item` of the matrix.
fn scaled(item: u32) -> vec4<f32> {
  let clipped = mul4(gradient[params.firstRow * (params.columns / 4u) + item], vec4<f32>(scale[0]));
  let g = mul4(clipped, vec4<f32>(1048576.0));
  let large = (bitcast<vec4<u32>>(g) & vec4<u32>(0x7fffffffu)) >= vec4<u32>(0x26800000u);
  return select(vec4<f32>(0.0), g, large);
}

//// kernel update
// Part of the kernels that need u: four values of it.
fn update(item: u32) -> vec4<f32> {
  let quads = params.columns / 4u;
  let row = quotient(item, quads);
  let row_root = mul(factors[params.matrix].x, reciprocal_root(rowMoments[params.firstRow + row]));
  let row_factor = select(row_root, 1.0, params.rows == 1u);
  let column_root = reciprocal_roots(columnMoments[params.matrix * quads + item - row * quads]);
  return flush4(mul4(mul4(scaled(item), column_root), vec4<f32>(row_factor)));
}

//// kernel adafactor_row_moments
// One thread for each row.
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * 32768u + group.x) * 8u + lane;
  if (row >= params.rows) { return; }
  let quads = params.columns / 4u;
  var sums: array<vec4<f32>, 16>;
  for (var j = 0u; j < 16u; j++) {
    var sum = vec4<f32>(0.0);
    for (var i = j; i < quads; i += 16u) {
      let g = scaled(row * quads + i);
      sum = add4(sum, mul4(g, g));
    }
    sums[j] = sum;
  }
  let square = add(mul(tree_sum(&sums), params.inverseColumns), params.epsilon1);
  let at = params.firstRow + row;
  rowMoments[at] = add(mul(params.beta2, rowMoments[at]), mul(params.oneMinusBeta2, square));
}

//// kernel adafactor_column_moments
// Four vec4 of columns a workgroup, 64 threads each, one for each strided partial.
var<workgroup> strided: array<array<vec4<f32>, 4>, 64>;

@compute @workgroup_size(4, 64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let quads = params.columns / 4u;
  let quad = group.x * 4u + local.x;
  var sum = vec4<f32>(0.0);
  if (quad < quads) {
    for (var row = local.y; row < params.rows; row += 64u) {
      let g = scaled(row * quads + quad);
      sum = add4(sum, mul4(g, g));
    }
  }
  strided[local.y][local.x] = sum;
  for (var width = 32u; width > 0u; width = width >> 1u) {
    workgroupBarrier();
    if (local.y < width) {
      strided[local.y][local.x] = add4(strided[local.y][local.x], strided[local.y + width][local.x]);
    }
  }
  if (local.y > 0u || quad >= quads) { return; }
  let mean = mul4(strided[0][local.x], vec4<f32>(params.inverseRows));
  let square = add4(mean, vec4<f32>(params.epsilon1));
  let at = params.matrix * quads + quad;
  columnMoments[at] = add4(
    mul4(vec4<f32>(params.beta2), columnMoments[at]),
    mul4(vec4<f32>(params.oneMinusBeta2), square),
  );
}

//// kernel adafactor_mean
// 64 threads, one for each strided partial.
var<workgroup> strided: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var row = lane; row < params.rows; row += 64u) {
    sum = add(sum, rowMoments[params.firstRow + row]);
  }
  strided[lane] = sum;
  for (var width = 32u; width > 0u; width = width >> 1u) {
    workgroupBarrier();
    if (lane < width) { strided[lane] = add(strided[lane], strided[lane + width]); }
  }
  if (lane > 0u) { return; }
  factors[params.matrix].x = root(mul(strided[0], params.inverseRows));
}

//// kernel adafactor_update_squares
// One thread for each chunk.
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let chunk = (group.y * 32768u + group.x) * 8u + lane;
  let start = chunk * 1024u;
  let quads = params.columns / 4u;
  if (start >= params.rows * quads) { return; }
  let end = min(start + 1024u, params.rows * quads);
  var updates: array<vec4<f32>, 16>;
  var weights: array<vec4<f32>, 16>;
  for (var j = 0u; j < 16u; j++) {
    var update_sum = vec4<f32>(0.0);
    var weight_sum = vec4<f32>(0.0);
    for (var i = start + j; i < end; i += 16u) {
      let u = update(i);
      let w = weight[params.firstRow * quads + i];
      update_sum = add4(update_sum, flush4(mul4(u, u)));
      weight_sum = add4(weight_sum, flush4(mul4(w, w)));
    }
    updates[j] = update_sum;
    weights[j] = weight_sum;
  }
  partials[chunk] = vec2<f32>(tree_sum(&updates), tree_sum(&weights));
}

//// kernel adafactor_step_size
// 64 threads, one for each strided partial. A root mean square below 2^-50 counts as zero.
var<workgroup> strided: array<vec2<f32>, 64>;

fn root_mean(sum: f32) -> f32 {
  let mean = mul(sum, params.inverseLength);
  return root(select(0.0, mean, bitcast<u32>(mean) >= 0x0d800000u));
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  let chunks = (params.rows * params.columns + 4095u) / 4096u;
  var sum = vec2<f32>(0.0);
  for (var chunk = lane; chunk < chunks; chunk += 64u) {
    sum = vec2<f32>(add(sum.x, partials[chunk].x), add(sum.y, partials[chunk].y));
  }
  strided[lane] = sum;
  for (var width = 32u; width > 0u; width = width >> 1u) {
    workgroupBarrier();
    if (lane < width) {
      let other = strided[lane + width];
      strided[lane] = vec2<f32>(add(strided[lane].x, other.x), add(strided[lane].y, other.y));
    }
  }
  if (lane > 0u) { return; }
  var rate = params.learningRate;
  if (params.scaleByWeight > 0u) {
    rate = mul(rate, max(params.epsilon2, root_mean(strided[0].y)));
  }
  let excess = divide(root_mean(strided[0].x), params.threshold);
  var size = rate;
  if (excess > 1.0) { size = divide(rate, excess); }
  let decay = sub(1.0, mul(rate, params.weightDecay));
  factors[params.matrix] = vec4<f32>(factors[params.matrix].x, size, decay, 0.0);
}

//// kernel adafactor
// One thread for each vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let quads = params.columns / 4u;
  if (item >= params.rows * quads) { return; }
  let at = params.firstRow * quads + item;
  let change = flush4(mul4(vec4<f32>(factors[params.matrix].y), update(item)));
  weight[at] = flush4(sub4(mul4(weight[at], vec4<f32>(factors[params.matrix].z)), change));
}
