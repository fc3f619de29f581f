// Moves rows of `width` columns.

//// kernel gather_rows
// y[row] = x[index[row]], overwritten. One thread a vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let quads = params.width / 4u;
  let row = quotient(item, quads);
  if (row >= params.rows) {
    return;
  }
  y[item] = x[index[row] * quads + item - row * quads];
}

//// kernel scatter_rows
// x[row] = y[source[row] - 1], or zeros where source[row] is 0, overwritten: the gradient of gather_rows. One thread a vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let quads = params.width / 4u;
  let row = quotient(item, quads);
  if (row >= params.rows) {
    return;
  }
  let place = source[row];
  x[item] = select(vec4<f32>(0.0), y[(max(place, 1u) - 1u) * quads + item - row * quads], place > 0u);
}
