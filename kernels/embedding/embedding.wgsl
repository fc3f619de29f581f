// Embedding. Forward: x[i] = weight[tokens[i]], x: [count][width], weight: [vocabulary][width]; x is overwritten. Saved: the tokens.
//
// Gradient: weightGradient[token] += gradient[i] for each position i of the token, one by one, i ascending; it accumulates. A bucket
// holds one token's positions, so no two threads write one place, and because a row is added to what is there, cutting a batch into
// micro-batches changes nothing.

//// kernel embedding_forward
// One thread for each vec4 of x.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let quads = params.width / 4u;
  if (item >= params.count * quads) { return; }
  let row = quotient(item, quads);
  x[item] = weight[tokens[row] * quads + item - row * quads];
}

//// kernel embedding_gradient
// One thread for each vec4 of each bucket's row. Bucket: x the token, y its first place in positions, z how many.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let quads = params.width / 4u;
  if (item >= params.buckets * quads) { return; }
  let number = quotient(item, quads);
  let bucket = buckets[number];
  let column = item - number * quads;
  let place = bucket.x * quads + column;
  var sum = weightGradient[place];
  for (var i = 0u; i < bucket.z; i++) {
    sum = add4(sum, gradient[positions[bucket.y + i] * quads + column]);
  }
  weightGradient[place] = sum;
}
