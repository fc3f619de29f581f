// total += source, [length], element by element; total accumulates. Adds the embedding's gradient to that of a tied head.

//// kernel accumulate
// One thread for each vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  if (4u * item >= params.length) { return; }
  total[item] = add4(total[item], source[item]);
}
