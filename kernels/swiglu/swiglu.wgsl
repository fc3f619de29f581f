// SwiGLU on rows that hold gate then up, `width` columns each:  y = gate * sigmoid(gate) * up.  Nothing is saved but the inputs.

fn sigmoid4(x: vec4<f32>) -> vec4<f32> {
  let e = exponentials(-abs(x));
  let r = reciprocals(add4(vec4<f32>(1.0), e));
  return select(mul4(e, r), r, x >= vec4<f32>(0.0));
}

fn gated4(gate: vec4<f32>, up: vec4<f32>) -> vec4<f32> {
  return flush4(mul4(mul4(gate, sigmoid4(gate)), up));
}

//// kernel swiglu_forward
// gateUp [rows][2 * width], y [rows][width], overwritten. One thread a vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let quads = params.width / 4u;
  let row = quotient(item, quads);
  if (row >= params.rows) {
    return;
  }
  let i = row * quads + item;
  y[item] = gated4(fetch_gateUp(i), fetch_gateUp(i + quads));
}

//// kernel swiglu_backward
// gateUpGradient [rows][2 * width], overwritten: gate: gradient * up * s * (1 + gate * (1 - s)), up: gradient * gate * s.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let quads = params.width / 4u;
  let row = quotient(item, quads);
  if (row >= params.rows) {
    return;
  }
  let i = row * quads + item;
  let gate = fetch_gateUp(i);
  let up = fetch_gateUp(i + quads);
  let g = fetch_gradient(item);
  let s = sigmoid4(gate);
  let one = vec4<f32>(1.0);
  let slope = mul4(s, add4(one, mul4(gate, sub4(one, s))));
  gateUpGradient[i] = flush4(mul4(mul4(g, up), slope));
  gateUpGradient[i + quads] = flush4(mul4(g, mul4(gate, s)));
}
