// Packs a weight for products with bf16 operands: two values a word, the first in the low half. Each is rounded as `operand` rounds
// (8 significant bits, ties to even, zero below 2^-50), so a product with packed weights has the bits of one that rounds on load.

//// kernel pack
// source [length] f32, packed [length / 4] pairs of words, overwritten. One thread a vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  if (4u * item >= params.length) {
    return;
  }
  let bits = bitcast<vec4<u32>>(round8(source[item]));
  packed[item] = (bits.xz >> vec2<u32>(16u)) | (bits.yw & vec2<u32>(0xffff0000u));
}
