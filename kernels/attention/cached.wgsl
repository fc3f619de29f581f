// The cache that attention's products over cached keys read (cached.ts).

//// kernel cache_append
// Copies keys and values of each row of queriesKeysValues [rows][width] to place slots[row] of the cache, rounded to operands.
// One thread a vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let headQuads = params.headSize / 4u;
  let perToken = 2u * params.keyValueHeads * headQuads;
  let row = quotient(item, perToken);
  if (row >= params.rows) {
    return;
  }
  let i = item - row * perToken;
  let head = quotient(i, headQuads);
  let slot = quotient(slots[row], params.capacity);
  let place = (slot * 2u * params.keyValueHeads + head) * params.capacity + slots[row] - slot * params.capacity;
  let values = operand(queriesKeysValues[row * (params.width / 4u) + params.heads * headQuads + i]);
  put(place * headQuads + i - head * headQuads, values);
}
