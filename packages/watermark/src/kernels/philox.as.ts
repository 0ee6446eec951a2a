// Philox4x32-10 (Salmon et al. 2011) in the counter layouts of vLLM: the watermark PRF `philox4x32-10-v1`, and SBW's.
// Four rows at a time, one a lane.

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
/** Out: words. */
export const WORDS: usize = ROWS + (<usize>CAPACITY << 2);
/** First byte not used; a group of four may be read and written past the last row. */
export const END: usize = WORDS + (<usize>CAPACITY << 2) + 1024;

let c0: v128 = i32x4.splat(0);
let c1: v128 = i32x4.splat(0);
let c2: v128 = i32x4.splat(0);
let c3: v128 = i32x4.splat(0);

// @ts-ignore: decorator
@inline
function highWords(low: v128, high: v128): v128 {
  return v128.shuffle<u32>(low, high, 1, 3, 5, 7);
}

// @ts-ignore: decorator
@inline
function lowWords(low: v128, high: v128): v128 {
  return v128.shuffle<u32>(low, high, 0, 2, 4, 6);
}

// @ts-ignore: decorator
@inline
function rounds(key0: v128, key1: v128): void {
  const m0 = i32x4.splat(MULTIPLIER_0);
  const m1 = i32x4.splat(MULTIPLIER_1);
  const w0 = i32x4.splat(WEYL_0);
  const w1 = i32x4.splat(WEYL_1);
  let k0 = key0;
  let k1 = key1;
  let a0 = c0;
  let a1 = c1;
  let a2 = c2;
  let a3 = c3;
  for (let round = 0; round < 10; round++) {
    const p0 = i64x2.extmul_low_i32x4_u(a0, m0);
    const q0 = i64x2.extmul_high_i32x4_u(a0, m0);
    const p1 = i64x2.extmul_low_i32x4_u(a2, m1);
    const q1 = i64x2.extmul_high_i32x4_u(a2, m1);
    a0 = v128.xor(v128.xor(highWords(p1, q1), a1), k0);
    a1 = lowWords(p1, q1);
    a2 = v128.xor(v128.xor(highWords(p0, q0), a3), k1);
    a3 = lowWords(p0, q0);
    k0 = i32x4.add(k0, w0);
    k1 = i32x4.add(k1, w1);
  }
  c0 = a0;
  c1 = a1;
  c2 = a2;
  c3 = a3;
}

/** Ten rounds over the counter at ROWS (4 words) under a key; the result at WORDS. */
export function permute(k0: u32, k1: u32): void {
  c0 = i32x4.splat(load<u32>(ROWS));
  c1 = i32x4.splat(load<u32>(ROWS, 4));
  c2 = i32x4.splat(load<u32>(ROWS, 8));
  c3 = i32x4.splat(load<u32>(ROWS, 12));
  rounds(i32x4.splat(k0), i32x4.splat(k1));
  store<u32>(WORDS, i32x4.extract_lane(c0, 0));
  store<u32>(WORDS, i32x4.extract_lane(c1, 0), 4);
  store<u32>(WORDS, i32x4.extract_lane(c2, 0), 8);
  store<u32>(WORDS, i32x4.extract_lane(c3, 0), 12);
}

/** The same column of four rows that are `stride` bytes long. */
// @ts-ignore: decorator
@inline
function loadColumn(at: usize, stride: usize): v128 {
  const first = v128.load32_zero(at);
  const second = v128.load_lane<u32>(at + stride, first, 1);
  const third = v128.load_lane<u32>(at + (stride << 1), second, 2);
  return v128.load_lane<u32>(at + (stride << 1) + stride, third, 3);
}

/** Contexts of four rows, `stride` bytes apart; 0 for the same context in every lane. */
// @ts-ignore: decorator
@inline
function absorbContexts(at: usize, stride: usize, size: u32, k0: u32, k1: u32): void {
  c0 = i32x4.splat(CONTEXT_DOMAIN);
  c1 = i32x4.splat(size);
  c2 = i32x4.splat(0);
  c3 = i32x4.splat(0);
  for (let from: u32 = 0; from < size; from += 4) {
    const block = at + (<usize>from << 2);
    const left = size - from;
    c0 = v128.xor(c0, loadColumn(block, stride));
    c1 = v128.xor(c1, left > 1 ? loadColumn(block + 4, stride) : i32x4.splat(0xfffffffe));
    c2 = v128.xor(c2, left > 2 ? loadColumn(block + 8, stride) : i32x4.splat(0xfffffffd));
    c3 = v128.xor(c3, left > 3 ? loadColumn(block + 12, stride) : i32x4.splat(0xfffffffc));
    rounds(i32x4.splat(k0 ^ from), i32x4.splat(k1));
  }
}

/** Word number `token & 3` of each lane's block. */
// @ts-ignore: decorator
@inline
function pickWords(tokens: v128): v128 {
  const lane = v128.and(tokens, i32x4.splat(3));
  const low = v128.bitselect(c1, c0, i32x4.eq(lane, i32x4.splat(1)));
  const high = v128.bitselect(c3, c2, i32x4.eq(lane, i32x4.splat(3)));
  return v128.bitselect(high, low, i32x4.gt_s(lane, i32x4.splat(1)));
}

// @ts-ignore: decorator
@inline
function squeezeTokens(tokens: v128, k0: u32, k1: u32): v128 {
  const key0 = v128.xor(c3, i32x4.splat(k0));
  c3 = c2;
  c2 = c1;
  c1 = c0;
  c0 = i32x4.shr_u(tokens, 2);
  rounds(key0, i32x4.splat(k1 ^ TOKEN_DOMAIN));
  return pickWords(tokens);
}

// @ts-ignore: decorator
@inline
function readGroup(at: usize, stride: usize, size: u32, k0: u32, k1: u32): v128 {
  absorbContexts(at, stride, size, k0, k1);
  return squeezeTokens(loadColumn(at + (<usize>size << 2), stride), k0, k1);
}

/** One word a row: rows of `width` numbers at ROWS, the last of each the token, the others its context. */
export function readRows(count: u32, width: u32, k0: u32, k1: u32): void {
  const stride = <usize>width << 2;
  let at = ROWS;
  for (let row: u32 = 0; row < count; row += 4) {
    v128.store(WORDS + (<usize>row << 2), readGroup(at, stride, width - 1, k0, k1));
    at += stride << 2;
  }
}

/** One word a token: the context is the first `size` numbers at ROWS, the tokens the `count` after it. */
export function readTokens(size: u32, count: u32, k0: u32, k1: u32): void {
  absorbContexts(ROWS, 0, size, k0, k1);
  const s0 = c0;
  const s1 = c1;
  const s2 = c2;
  const s3 = c3;
  const from = ROWS + (<usize>size << 2);
  for (let i: u32 = 0; i < count; i += 4) {
    c0 = s0;
    c1 = s1;
    c2 = s2;
    c3 = s3;
    v128.store(WORDS + (<usize>i << 2), squeezeTokens(v128.load(from + (<usize>i << 2)), k0, k1));
  }
}

/** ln of a product is mantissa and exponent apart; the mantissas of two lanes and their exponents. */
let factors: v128 = f64x2.splat(1);
let exponent: i64 = 0;

// @ts-ignore: decorator
@inline
function splitFactors(): void {
  const mask = i64x2.splat(0x000fffffffffffff);
  const bits = i64x2.shr_u(factors, 52);
  exponent += i64x2.extract_lane(bits, 0) + i64x2.extract_lane(bits, 1) - 2046;
  factors = v128.or(v128.and(factors, mask), i64x2.splat(0x3ff0000000000000));
}

/**
 * The product of 2^24 - (word >>> 8) over all rows, as a number at WORDS times 2 to the power at WORDS + 8 (doubles):
 * what a sum of -ln(1 - u) needs, without a logarithm a row.
 */
export function multiplyRows(count: u32, width: u32, k0: u32, k1: u32): void {
  const stride = <usize>width << 2;
  const cells = i32x4.splat(1 << 24);
  factors = f64x2.splat(1);
  exponent = 0;
  let at = ROWS;
  for (let row: u32 = 0; row < count; row += 4) {
    let left = i32x4.sub(cells, i32x4.shr_u(readGroup(at, stride, width - 1, k0, k1), 8));
    if (count - row < 4) {
      const index = i32x4(0, 1, 2, 3);
      left = v128.bitselect(left, i32x4.splat(1), i32x4.lt_u(index, i32x4.splat(count - row)));
    }
    factors = f64x2.mul(factors, f64x2.convert_low_i32x4_u(left));
    factors = f64x2.mul(factors, f64x2.convert_low_i32x4_u(v128.shuffle<u32>(left, left, 2, 3, 2, 3)));
    // 2^24 at most a factor, two a group and lane: sixteen groups stay below 2^1023.
    if ((row & 63) == 60) splitFactors();
    at += stride << 2;
  }
  splitFactors();
  store<f64>(WORDS, f64x2.extract_lane(factors, 0) * f64x2.extract_lane(factors, 1));
  store<f64>(WORDS, <f64>exponent, 8);
}

/** Jenkins' hash of a token as SBW has it, in 32 bits with signed shifts. */
// @ts-ignore: decorator
@inline
function hashToken(token: i32): i64 {
  let i = token + 1;
  i -= i << 6;
  i ^= i >> 17;
  i -= i << 9;
  i ^= i << 4;
  i -= i << 3;
  i ^= i << 10;
  return <i64>(i ^ (i >> 15));
}

// @ts-ignore: decorator
@inline
function seedSelfhash(at: usize, last: usize, key: i64): i64 {
  const anchor = hashToken(load<i32>(last));
  let seed = key * anchor * anchor;
  for (let x = at + 4; x < last; x += 4) {
    const other = key * (hashToken(load<i32>(x)) * anchor);
    if (other < seed) seed = other;
  }
  return seed;
}

// @ts-ignore: decorator
@inline
function seedLefthash(at: usize, last: usize, key: i64): i64 {
  let sum: i64 = 0;
  for (let x = at; x < last; x += 4) sum += <i64>load<i32>(x);
  return sum * key;
}

/**
 * SBW: three words a row, the word of Philox under the row's seed, and the seed, low half first. The seed is the key
 * times the sum of the context (`selfhash` 0) or the least, as signed numbers, of key * h(token) * h(x) over all
 * tokens x of the row but the first (`selfhash` 1).
 */
export function readSeeded(count: u32, width: u32, k0: u32, k1: u32, selfhash: u32): void {
  const key = <i64>((<u64>k1 << 32) | <u64>k0);
  const stride = <usize>width << 2;
  let at = ROWS;
  let out = WORDS;
  for (let row: u32 = 0; row < count; row += 4) {
    for (let lane: usize = 0; lane < 4; lane++) {
      const from = at + lane * stride;
      const last = from + stride - 4;
      const seed = selfhash ? seedSelfhash(from, last, key) : seedLefthash(from, last, key);
      store<i64>(out + lane * 12, seed, 4);
    }
    const tokens = loadColumn(at + stride - 4, stride);
    c0 = i32x4.shr_u(tokens, 2);
    c1 = i32x4.splat(0);
    c2 = i32x4.splat(0);
    c3 = i32x4.splat(0);
    rounds(loadColumn(out + 4, 12), loadColumn(out + 8, 12));
    const words = pickWords(tokens);
    store<u32>(out, i32x4.extract_lane(words, 0));
    store<u32>(out, i32x4.extract_lane(words, 1), 12);
    store<u32>(out, i32x4.extract_lane(words, 2), 24);
    store<u32>(out, i32x4.extract_lane(words, 3), 36);
    at += stride << 2;
    out += 48;
  }
}
