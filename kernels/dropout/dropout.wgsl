// Dropout. With words w of Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011), p = threshold / 2^32, scale = 1 / (1 - p):
//
//     y[i] = w[i] >= threshold ? x[i] * scale : 0         x, y: [rows][width]
//
// The gradient is the same function of y's gradient: nothing is saved, the mask is made again. y is overwritten. The residual form
// adds addend[rows][width].
//
// The four words of a vec4 are one block, under the key (key0, key1), of the counter
//     (vec4 within the sequence's rows, number of the sequence in the optimizer batch, layer, step),
// so the mask does not depend on how a batch is cut into micro-batches. positions, numbers: [rows], a row's position within its sequence
// and its sequence's number.

//// kernel dropout
// High 32 bits of a product; no partial sum exceeds 32 bits.
fn multiply_high(a: u32, b: u32) -> u32 {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let middle = a_high * b_low + ((a_low * b_low) >> 16u);
  let cross_sum = a_low * b_high + (middle & 0xffffu);
  return a_high * b_high + (middle >> 16u) + (cross_sum >> 16u);
}

fn philox(counter: vec4<u32>) -> vec4<u32> {
  var c = counter;
  var k = vec2<u32>(params.key0, params.key1);
  for (var round = 0; round < 10; round++) {
    c = vec4<u32>(
      multiply_high(0xcd9e8d57u, c.z) ^ c.y ^ k.x,
      0xcd9e8d57u * c.z,
      multiply_high(0xd2511f53u, c.x) ^ c.w ^ k.y,
      0xd2511f53u * c.x,
    );
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// One thread for each vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let quads = params.width / 4u;
  let row = quotient(item, quads);
  if (row >= params.rows) { return; }
  let words = philox(vec4<u32>(positions[row] * quads + item - row * quads, numbers[row], params.layer, params.step));
  let scaled = flush4(mul4(x[item], vec4<f32>(params.scale)));
  let kept = select(vec4<f32>(0.0), scaled, words >= vec4<u32>(params.threshold));
  y[item] = EPILOGUE;
}
