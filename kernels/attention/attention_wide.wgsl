// The softmax kernels of attention.wgsl, one workgroup a row; scores are single columns here.

// Turns `length` scores at `base` into weights; zeros up to column `filled`.
fn softmax_of_group(lane: u32, base: u32, length: u32, filled: u32) {
  var top = -1.0e30;
  for (var c = lane; c < length; c += 64u) {
    top = max(top, mul(scores[base + c], params.scale));
  }
  let m = group_largest(lane, top);
  var partial = 0.0;
  for (var c = lane; c < length; c += 64u) {
    partial = add(partial, exponential(sub(mul(scores[base + c], params.scale), m)));
  }
  let r = reciprocal(group_sum(lane, partial));
  for (var c = lane; c < length; c += 64u) {
    scores[base + c] = mul(exponential(sub(mul(scores[base + c], params.scale), m)), r);
  }
  for (var c = length + lane; c < filled; c += 64u) {
    scores[base + c] = 0.0;
  }
}

//// kernel attention_softmax_wide
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let place = sequences[group.z];
  let row = group.x;
  if (row >= place.y) {
    return;
  }
  let base = place.z + (group.y * place.y + row) * place.w;
  softmax_of_group(lane, base, row + 1u, min(place.w, (row & 0xffffffc0u) + 64u));
}

//// kernel attention_softmax_cached_wide
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * 32768u + group.x;
  if (row >= params.tokens * params.heads) {
    return;
  }
  let length = positions[quotient(row, params.heads)] + 1u;
  softmax_of_group(lane, row * params.stride, length, min(params.stride, (length + params.span + 3u) & 0xfffffffcu));
}
