/**
 * Row numbers in ascending order of `keys`, equal keys in row order: a least-significant-digit radix sort with two
 * 16-bit passes. Keys are integers 0..2^32-1.
 */
export function orderByTime(keys: Uint32Array): Uint32Array {
  const n = keys.length;
  let order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  let next = new Uint32Array(n);
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(65_537);
    for (let i = 0; i < n; i++) starts[((keys[i]! >>> shift) & 0xffff) + 1]!++;
    for (let d = 1; d <= 65_536; d++) starts[d]! += starts[d - 1]!;
    for (let i = 0; i < n; i++) {
      const row = order[i]!;
      next[starts[(keys[row]! >>> shift) & 0xffff]!++] = row;
    }
    [order, next] = [next, order];
  }
  return order;
}
