// The hash of google-deepmind/synthid-text (hashing_function.py, logits_processing.py): a linear congruential step
// over 64 bits for each token, then for each layer's key, then twelve of step and shift.

const MULTIPLIER: i64 = 6364136223846793005;
/** (v + 1) * MULTIPLIER + 1 is v * MULTIPLIER + STEP. */
const STEP: i64 = MULTIPLIER + 1;
const ROUNDS: i32 = 12;
const SHIFT: i64 = 5;
const BIT: i64 = 30;
/** Layers that are computed side by side: their multiplications do not wait for one another. */
const LANES: u32 = 4;

/** Numbers of 32 bits that ROWS and WORDS each hold. */
export const CAPACITY: u32 = 1 << 17;
/** In: a number of 64 bits for each layer, MULTIPLIER * key + 1; room for 64. */
export const KEYS: usize = 1024;
/** In: rows of context and token. */
export const ROWS: usize = KEYS + 512;
/** Out: one word a row for each 32 layers, or two words for a hash, the low one first. */
export const WORDS: usize = ROWS + (<usize>CAPACITY << 2);
/** First byte not used. */
export const END: usize = WORDS + (<usize>CAPACITY << 2);

// @ts-ignore: decorator
@inline
function absorb(hash: i64, at: usize, size: u32): i64 {
  for (let i: u32 = 0; i < size; i++) hash = (hash + <i64>load<i32>(at + (<usize>i << 2))) * MULTIPLIER + 1;
  return hash;
}

// @ts-ignore: decorator
@inline
function writeLayers(hash: i64, depth: u32, to: usize): void {
  const base = hash * MULTIPLIER;
  let word: u32 = 0;
  for (let layer: u32 = 0; layer < depth; layer += LANES) {
    const at = KEYS + (<usize>layer << 3);
    let v0 = base + load<i64>(at);
    let v1 = base + load<i64>(at, 8);
    let v2 = base + load<i64>(at, 16);
    let v3 = base + load<i64>(at, 24);
    for (let round = 0; round < ROUNDS; round++) {
      v0 = (v0 * MULTIPLIER + STEP) >> SHIFT;
      v1 = (v1 * MULTIPLIER + STEP) >> SHIFT;
      v2 = (v2 * MULTIPLIER + STEP) >> SHIFT;
      v3 = (v3 * MULTIPLIER + STEP) >> SHIFT;
    }
    const bits =
      (<u32>(v0 >> BIT) & 1) |
      ((<u32>(v1 >> BIT) & 1) << 1) |
      ((<u32>(v2 >> BIT) & 1) << 2) |
      ((<u32>(v3 >> BIT) & 1) << 3);
    word |= bits << (layer & 31);
    const done = layer + LANES;
    if ((done & 31) == 0 || done >= depth) {
      // Lanes beyond the last layer hold nothing of worth.
      store<u32>(to, done > depth ? word & ((1 << (depth & 31)) - 1) : word);
      to += 4;
      word = 0;
    }
  }
}

/** The hash of `count` rows of `width` numbers at ROWS, from `start`: two words each. */
export function hashRows(count: u32, width: u32, start: i64): void {
  for (let row: u32 = 0; row < count; row++) {
    const hash = absorb(start, ROWS + (<usize>(row * width) << 2), width);
    store<i64>(WORDS + (<usize>row << 3), hash);
  }
}

/** The layers of `count` rows of `width` numbers at ROWS. */
export function readRows(count: u32, width: u32, depth: u32, start: i64): void {
  const bytes = <usize>((depth + 31) >> 5) << 2;
  let at = ROWS;
  let to = WORDS;
  for (let row: u32 = 0; row < count; row++) {
    writeLayers(absorb(start, at, width), depth, to);
    at += <usize>width << 2;
    to += bytes;
  }
}

/** The layers of tokens after one context: the first `size` numbers at ROWS, the tokens the `count` after it. */
export function readTokens(size: u32, count: u32, depth: u32, start: i64): void {
  const bytes = <usize>((depth + 31) >> 5) << 2;
  const context = absorb(start, ROWS, size);
  let at = ROWS + (<usize>size << 2);
  let to = WORDS;
  for (let i: u32 = 0; i < count; i++) {
    writeLayers(absorb(context, at, 1), depth, to);
    at += 4;
    to += bytes;
  }
}
