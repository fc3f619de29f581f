// Rotary position embedding, in place, on the first `heads` heads of each row: with half = headSize / 2 and table[p] = (cos, sin),
//   x[i] <- x[i] cos - x[i + half] sin,   x[i + half] <- x[i + half] cos + x[i] sin,   i < half.
// direction 1 rotates (forward), -1 rotates back (backward: the gradient of a rotation is the opposite rotation). Nothing is saved.

//// kernel rope
// x [rows][width], positions [rows], cosines and sines [positions][half]. One thread a vec4 of half a head.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let half = params.headSize / 8u;
  let perRow = params.heads * half;
  if (item >= params.rows * perRow) {
    return;
  }
  let row = quotient(item, perRow);
  let head = quotient(item - row * perRow, half);
  let i = item - (row * params.heads + head) * half;
  let low = row * (params.width / 4u) + head * 2u * half + i;
  let high = low + half;
  let angle = positions[row] * half + i;
  let c = fetch_cosines(angle);
  let s = fetch_sines(angle) * params.direction;
  let a = fetch_given(low);
  let b = fetch_given(high);
  x[low] = sub4(mul4(a, c), mul4(b, s));
  x[high] = add4(mul4(b, c), mul4(a, s));
}
