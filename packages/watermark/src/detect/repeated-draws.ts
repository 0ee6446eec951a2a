/**
 * Where a keyed function sees less than the whole n-gram, or mixes it badly, distinct n-grams share one draw under a
 * key. Counted twice they would make evidence out of one coincidence.
 */

const GOLDEN = 0x9e3779b1;
/** Drawn once a process: under a hash that is known, a text can be written whose draws all meet in one slot. */
const SEED = crypto.getRandomValues(new Int32Array(1))[0]!;

/**
 * Which rows of `width` words are equal to an earlier one: 1 for these. The rows name what a keyed function saw, so
 * that those left are independent draws of it.
 */
export function findRepeatedDraws(words: Uint32Array, width: number): Uint8Array {
  const count = words.length / width;
  const repeated = new Uint8Array(count);
  let size = 16;
  while (size < 2 * count) size *= 2;
  const slots = new Uint32Array(size);
  for (let row = 0; row < count; row++) {
    const from = row * width;
    let hash = SEED ^ width;
    for (let i = from; i < from + width; i++) {
      hash = Math.imul(hash ^ words[i]!, GOLDEN);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0x85ebca77);
    let slot = (hash ^ (hash >>> 13)) & (size - 1);
    while (slots[slot] !== 0 && !equalRows(words, from, (slots[slot]! - 1) * width, width))
      slot = (slot + 1) & (size - 1);
    if (slots[slot] === 0) slots[slot] = row + 1;
    else repeated[row] = 1;
  }
  return repeated;
}

/** Rows that are not marked, ascending. */
export function listFirstDraws(repeated: Uint8Array): Uint32Array {
  let count = 0;
  for (const again of repeated) count += 1 - again;
  const rows = new Uint32Array(count);
  let to = 0;
  for (let row = 0; row < repeated.length; row++) if (repeated[row] === 0) rows[to++] = row;
  return rows;
}

function equalRows(words: Uint32Array, a: number, b: number, width: number): boolean {
  for (let i = 0; i < width; i++) if (words[a + i] !== words[b + i]) return false;
  return true;
}
