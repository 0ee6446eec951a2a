// TextSeal's keyed function (`textseal/common/watermark/pseudorandom.py`): 13 bits of a sum that is linear in the tokens
// and in the key.

const TOKEN_PRIME: i64 = 100000007;
const KEY_PRIME: i64 = 500001713;
const MIXER: i64 = 15485863 * 40499;
const MODULUS: i64 = 8191;

/** Numbers of 32 bits that ROWS and WORDS each hold. */
export const CAPACITY: u32 = 1 << 18;
/** In: rows of context and token. */
export const ROWS: usize = 1024;
/** Out: words. */
export const WORDS: usize = ROWS + (<usize>CAPACITY << 2);
/** First byte not used. */
export const END: usize = WORDS + (<usize>CAPACITY << 2);

// @ts-ignore: decorator
@inline
function primeOf(place: u32): i64 {
  switch (place) {
    case 0:
      return 10000019;
    case 1:
      return 10000247;
    case 2:
      return 10000439;
    case 3:
      return 10000643;
    case 4:
      return 10000747;
    case 5:
      return 10000867;
    case 6:
      return 10000993;
    case 7:
      return 10001213;
    case 8:
      return 10001357;
    default:
      return 10001501;
  }
}

// @ts-ignore: decorator
@inline
function sumContext(at: usize, size: u32): i64 {
  let sum: i64 = 0;
  for (let i: u32 = 0; i < size; i++) sum += primeOf(i) * <i64>load<i32>(at + (<usize>i << 2));
  return sum;
}

/** The sum under a key to 0 ... 8190: the remainder has the sign of the divisor, as in Python. */
// @ts-ignore: decorator
@inline
function mix(sum: i64): u32 {
  const product = sum * MIXER;
  const rest = (product ^ (product >> 13)) % MODULUS;
  return <u32>(rest < 0 ? rest + MODULUS : rest);
}

/**
 * Three words a row: the hash, and the sum over context and token that the key is added to, low half first. Rows of
 * equal sums have equal hashes under every key.
 */
export function readRows(count: u32, width: u32, keyLow: u32, keyHigh: u32): void {
  const shift = KEY_PRIME * <i64>((<u64>keyHigh << 32) | <u64>keyLow);
  const size = width - 1;
  let at = ROWS;
  let out = WORDS;
  for (let row: u32 = 0; row < count; row++) {
    const sum = sumContext(at, size) + TOKEN_PRIME * <i64>load<i32>(at + (<usize>size << 2));
    store<u32>(out, mix(sum + shift));
    store<i64>(out, sum, 4);
    at += <usize>width << 2;
    out += 12;
  }
}

/** One hash a token: the context is the first `size` numbers at ROWS, the tokens the `count` after it. */
export function readTokens(size: u32, count: u32, keyLow: u32, keyHigh: u32): void {
  const shift = KEY_PRIME * <i64>((<u64>keyHigh << 32) | <u64>keyLow);
  const base = sumContext(ROWS, size) + shift;
  const from = ROWS + (<usize>size << 2);
  for (let i: u32 = 0; i < count; i++)
    store<u32>(WORDS + (<usize>i << 2), mix(base + TOKEN_PRIME * <i64>load<i32>(from + (<usize>i << 2))));
}
