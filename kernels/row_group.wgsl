// What a workgroup of 64 lanes finds out about a row together. Each lane has gone over every 64th column, so it holds one of the row's
// strided partial sums; the tree is that of `tree_sum`. All lanes get the result.

var<workgroup> of_lanes: array<f32, 64>;

fn group_sum(lane: u32, partial: f32) -> f32 {
  workgroupBarrier();
  of_lanes[lane] = partial;
  for (var width = 32u; width > 0u; width = width / 2u) {
    workgroupBarrier();
    if (lane < width) {
      of_lanes[lane] = add(of_lanes[lane], of_lanes[lane + width]);
    }
  }
  workgroupBarrier();
  return of_lanes[0];
}

fn group_largest(lane: u32, own: f32) -> f32 {
  workgroupBarrier();
  of_lanes[lane] = own;
  for (var width = 32u; width > 0u; width = width / 2u) {
    workgroupBarrier();
    if (lane < width) {
      of_lanes[lane] = max(of_lanes[lane], of_lanes[lane + width]);
    }
  }
  workgroupBarrier();
  return of_lanes[0];
}
