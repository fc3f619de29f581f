// The cache that attention's products over cached keys read (cached.ts).

//// kernel cache_append
// Copies keys and values of each row of queriesKeysValues [rows][width] to place slots[row] of the cache, rounded to operands.
// One thread a vec4.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let headQuads = params.headSize / 4u;
  let perToken = 2u * params.keyValueHeads * headQuads;
  let row = item / perToken;
  if (row >= params.rows) {
    return;
  }
  let i = item % perToken;
  let head = slots[row] / params.capacity * 2u * params.keyValueHeads + i / headQuads;
  let place = head * params.capacity + slots[row] % params.capacity;
  cache[place * headQuads + i % headQuads] =
    operand(queriesKeysValues[row * (params.width / 4u) + params.heads * headQuads + i]);
}
