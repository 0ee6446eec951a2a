// Philox4x32-10 (Salmon et al. 2011) in the counter layout of vLLM's watermark PRF `philox4x32-10-v1`.

const MULTIPLIER_0: u32 = 0xd2511f53;
const MULTIPLIER_1: u32 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;
const CONTEXT_DOMAIN: u32 = 0x574d4358;
const TOKEN_DOMAIN: u32 = 0x574d544b;

/** Numbers of 32 bits that ROWS and WORDS each hold. */
export const CAPACITY: u32 = 1 << 18;
/** In: rows of context and token. */
export const ROWS: usize = 1024;
/** Out: one word a row. */
export const WORDS: usize = ROWS + (<usize>CAPACITY << 2);
/** First byte not used. */
export const END: usize = WORDS + (<usize>CAPACITY << 2);

let c0: u32 = 0;
let c1: u32 = 0;
let c2: u32 = 0;
let c3: u32 = 0;

// @ts-ignore: decorator
@inline
function rounds(k0: u32, k1: u32): void {
  for (let round = 0; round < 10; round++) {
    const p0 = <u64>MULTIPLIER_0 * <u64>c0;
    const p1 = <u64>MULTIPLIER_1 * <u64>c2;
    c0 = <u32>(p1 >> 32) ^ c1 ^ k0;
    c1 = <u32>p1;
    c2 = <u32>(p0 >> 32) ^ c3 ^ k1;
    c3 = <u32>p0;
    k0 += WEYL_0;
    k1 += WEYL_1;
  }
}

/** Ten rounds over the counter at ROWS (4 words) under a key; the result at WORDS. */
export function permute(k0: u32, k1: u32): void {
  c0 = load<u32>(ROWS);
  c1 = load<u32>(ROWS, 4);
  c2 = load<u32>(ROWS, 8);
  c3 = load<u32>(ROWS, 12);
  rounds(k0, k1);
  store<u32>(WORDS, c0);
  store<u32>(WORDS, c1, 4);
  store<u32>(WORDS, c2, 8);
  store<u32>(WORDS, c3, 12);
}

// @ts-ignore: decorator
@inline
function absorbContext(at: usize, size: u32, k0: u32, k1: u32): void {
  c0 = CONTEXT_DOMAIN;
  c1 = size;
  c2 = 0;
  c3 = 0;
  for (let from: u32 = 0; from < size; from += 4) {
    const block = at + (<usize>from << 2);
    const left = size - from;
    c0 ^= load<u32>(block);
    c1 ^= left > 1 ? load<u32>(block, 4) : 0xfffffffe;
    c2 ^= left > 2 ? load<u32>(block, 8) : 0xfffffffd;
    c3 ^= left > 3 ? load<u32>(block, 12) : 0xfffffffc;
    rounds(k0 ^ from, k1);
  }
}

// @ts-ignore: decorator
@inline
function squeezeToken(token: u32, s0: u32, s1: u32, s2: u32, s3: u32, k0: u32, k1: u32): u32 {
  c0 = token >> 2;
  c1 = s0;
  c2 = s1;
  c3 = s2;
  rounds(k0 ^ s3, k1 ^ TOKEN_DOMAIN);
  const lane = token & 3;
  return lane == 0 ? c0 : lane == 1 ? c1 : lane == 2 ? c2 : c3;
}

/** One word a row: rows of `width` numbers at ROWS, the last of each the token, the others its context. */
export function readRows(count: u32, width: u32, k0: u32, k1: u32): void {
  const size = width - 1;
  let at = ROWS;
  for (let row: u32 = 0; row < count; row++) {
    absorbContext(at, size, k0, k1);
    const token = load<u32>(at + (<usize>size << 2));
    store<u32>(WORDS + (<usize>row << 2), squeezeToken(token, c0, c1, c2, c3, k0, k1));
    at += <usize>width << 2;
  }
}

/** One word a token: the context is the first `size` numbers at ROWS, the tokens the `count` after it. */
export function readTokens(size: u32, count: u32, k0: u32, k1: u32): void {
  absorbContext(ROWS, size, k0, k1);
  const s0 = c0;
  const s1 = c1;
  const s2 = c2;
  const s3 = c3;
  const from = ROWS + (<usize>size << 2);
  for (let i: u32 = 0; i < count; i++)
    store<u32>(WORDS + (<usize>i << 2), squeezeToken(load<u32>(from + (<usize>i << 2)), s0, s1, s2, s3, k0, k1));
}
