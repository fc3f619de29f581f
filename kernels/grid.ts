/**
 * Grids of kernels that give one thread to each item. Adapters allow 65,535 workgroups along one axis, so longer grids are folded:
 * a kernel's item is `(group.y * 32768 + group.x) * size + lane`.
 * @module
 */

const fold = 32768;

/**
 * Workgroups for `threads` threads in groups of `size`.
 * @returns the grid along x and y; `[0, 1]` where there is nothing to do
 */
export function threadGrid(threads: number, size: number): readonly [number, number] {
  const groups = Math.ceil(threads / size);
  return groups <= fold ? [groups, 1] : [fold, Math.ceil(groups / fold)];
}
