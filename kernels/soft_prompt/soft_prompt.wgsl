// Soft prompts: rows of learnt vectors in the place of embeddings. prompts: [rows][width], one prompt below the other.
//
// Forward: x[i] = tokens[i] < 2^31 ? weight[tokens[i]] : prompts[tokens[i] - 2^31], x: [count][width]; x is overwritten. Saved: the tokens.
//
// Gradient: promptGradient[r] += gradient[i] for each sequence that begins with a prompt which holds row r, one by one, sequences
// ascending; it accumulates. A row is added to what is there, so cutting a batch into micro-batches changes nothing.

//// kernel soft_prompt_forward
// One thread for each vec4 of x.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let quads = params.width / 4u;
  if (item >= params.count * quads) { return; }
  let row = quotient(item, quads);
  let token = tokens[row];
  let place = (token & 0x7fffffffu) * quads + item - row * quads;
  if (token < 0x80000000u) {
    x[item] = weight[place];
  } else {
    x[item] = prompts[place];
  }
}

//// kernel soft_prompt_gradient
// One thread for each vec4 of promptGradient. Place: x first row of the sequence, y rows of its prompt (0: none), z where the prompt
// begins in prompts.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = (group.y * 32768u + group.x) * 64u + lane;
  let quads = params.width / 4u;
  let row = quotient(item, quads);
  if (row >= params.rows) { return; }
  var sum = promptGradient[item];
  for (var s = 0u; s < params.count; s++) {
    let place = places[s];
    if (row >= place.z && row - place.z < place.y) {
      sum = add4(sum, gradient[(place.x + row - place.z) * quads + item - row * quads]);
    }
  }
  promptGradient[item] = sum;
}
