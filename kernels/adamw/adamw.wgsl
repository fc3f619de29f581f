// AdamW as torch.optim.AdamW, all tensors [length], in place:
//
//     g = gradient * scale                      zero below 2^-50
//     first  = beta1 * first  + (1 - beta1) * g
//     second = beta2 * second + (1 - beta2) * g^2
//     weight = weight * decayFactor - stepSize * first / (sqrt(second) * inverseRootCorrection2 + epsilon)
//
// weight, first and second are overwritten; values below 2^-110 become zero. Uniforms: see adamwUniforms.

//// kernel adamw
// One thread for each vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * 32768u + group.x) * 64u + lane;
  if (4u * i >= params.length) { return; }
  let scaled = mul4(gradient[i], vec4<f32>(scale[0]));
  let large = (bitcast<vec4<u32>>(scaled) & vec4<u32>(0x7fffffffu)) >= vec4<u32>(0x26800000u);
  let g = select(vec4<f32>(0.0), scaled, large);
  let m = flush4(add4(mul4(vec4<f32>(params.beta1), first[i]), mul4(vec4<f32>(params.oneMinusBeta1), g)));
  let v = flush4(add4(mul4(vec4<f32>(params.beta2), second[i]), mul4(vec4<f32>(params.oneMinusBeta2), mul4(g, g))));
  let denominator = add4(mul4(roots(v), vec4<f32>(params.inverseRootCorrection2)), vec4<f32>(params.epsilon));
  let change = flush4(mul4(vec4<f32>(params.stepSize), mul4(m, reciprocals(denominator))));
  first[i] = m;
  second[i] = v;
  weight[i] = flush4(sub4(mul4(weight[i], vec4<f32>(params.decayFactor)), change));
}
