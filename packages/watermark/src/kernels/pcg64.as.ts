// numpy's PCG64 (O'Neill 2014: a 128-bit LCG, output XSL-RR) and the shuffle of a mask that Generator.shuffle makes with it.

const MULTIPLIER_HIGH: u64 = 0x2360ed051fc65da4;
const MULTIPLIER_LOW: u64 = 0x4385df649fccf645;

/** Numbers of 32 bits that ROWS and WORDS each hold; also bytes of the longest mask. */
export const CAPACITY: u32 = 1 << 20;
export const ROWS: usize = 1024;
/** Out: the mask, a byte an entry; or outputs of 64 bits. */
export const WORDS: usize = ROWS + (<usize>CAPACITY << 2);
/** First byte not used. */
export const END: usize = WORDS + (<usize>CAPACITY << 2);

let high: u64 = 0;
let low: u64 = 0;
let stepHigh: u64 = 0;
let stepLow: u64 = 0;
let half: u64 = 0;
let hasHalf = false;

/** Upper 64 bits of a product of 64-bit numbers. */
// @ts-ignore: decorator
@inline
function multiplyHigh(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const middle = a1 * b0 + ((a0 * b0) >> 32);
  const cross = a0 * b1 + (middle & 0xffffffff);
  return a1 * b1 + (middle >> 32) + (cross >> 32);
}

// @ts-ignore: decorator
@inline
function step(): void {
  const product = low * MULTIPLIER_LOW;
  const carried = multiplyHigh(low, MULTIPLIER_LOW) + high * MULTIPLIER_LOW + low * MULTIPLIER_HIGH;
  low = product + stepLow;
  high = carried + stepHigh + (low < product ? 1 : 0);
}

// @ts-ignore: decorator
@inline
function next64(): u64 {
  step();
  return rotr<u64>(high ^ low, high >> 58);
}

/** Halves of 64 bits, the lower one first. */
// @ts-ignore: decorator
@inline
function next32(): u32 {
  hasHalf = !hasHalf;
  if (hasHalf) half = next64();
  else half >>= 32;
  return <u32>half;
}

/** Seeds with 128 bits of state and 128 of stream, as numpy takes them from a SeedSequence. */
export function seed(stateHigh: u64, stateLow: u64, streamHigh: u64, streamLow: u64): void {
  stepHigh = (streamHigh << 1) | (streamLow >> 63);
  stepLow = (streamLow << 1) | 1;
  high = 0;
  low = 0;
  hasHalf = false;
  step();
  low += stateLow;
  high += stateHigh + (low < stateLow ? 1 : 0);
  step();
}

/** `count` outputs of 64 bits at WORDS. */
export function draw(count: u32): void {
  for (let i: u32 = 0; i < count; i++) store<u64>(WORDS + (<usize>i << 3), next64());
}

/** A mask of `n` bytes at WORDS, the first `ones` of them 1, shuffled: Fisher-Yates from the end, masked words until one is in bounds. */
export function shuffleMask(n: u32, ones: u32): void {
  memory.fill(WORDS, 0, <usize>n);
  memory.fill(WORDS, 1, <usize>ones);
  for (let i: u32 = n; i-- > 1; ) {
    const mask = <u32>0xffffffff >> clz(i);
    let j = next32() & mask;
    while (j > i) j = next32() & mask;
    const here = WORDS + <usize>i;
    const there = WORDS + <usize>j;
    const bit = load<u8>(there);
    store<u8>(there, load<u8>(here));
    store<u8>(here, bit);
  }
}
