// SwiGLU:  y = gate * sigmoid(gate) * up.  With s = sigmoid(gate), its gradients are
//   gate: gradient * up * s * (1 + gate * (1 - s)),   up: gradient * gate * s.
// No kernel of its own: both ways are the end of a product, which makes gate and up, or y's gradient (matmul/matmul.ts). Saved for
// backward: gate and up.

fn sigmoid4(x: vec4<f32>) -> vec4<f32> {
  let e = exponentials(-abs(x));
  let r = reciprocals(add4(vec4<f32>(1.0), e));
  return select(mul4(e, r), r, x >= vec4<f32>(0.0));
}

fn gate_gradient4(gradient: vec4<f32>, gate: vec4<f32>, up: vec4<f32>, s: vec4<f32>) -> vec4<f32> {
  let one = vec4<f32>(1.0);
  return flush4(mul4(mul4(gradient, up), mul4(s, add4(one, mul4(gate, sub4(one, s))))));
}

fn up_gradient4(gradient: vec4<f32>, gate: vec4<f32>, s: vec4<f32>) -> vec4<f32> {
  return flush4(mul4(gradient, mul4(gate, s)));
}

fn gated4(gate: vec4<f32>, up: vec4<f32>) -> vec4<f32> {
  return flush4(mul4(mul4(gate, sigmoid4(gate)), up));
}
