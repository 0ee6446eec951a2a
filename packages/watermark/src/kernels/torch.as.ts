// torch's CPU generator: mt19937 (Matsumoto and Nishimura 1998) seeded with 32 bits, and what randperm makes of it.

const SIZE: u32 = 624;
const MIDDLE: u32 = 397;
const STATE: usize = 1024;
/** Numbers of the block that is being used: outputs, or places that they swap with. */
const BLOCK: usize = STATE + 2560;

/** Numbers of 32 bits that ROWS and WORDS each hold; also the longest permutation. */
export const CAPACITY: u32 = 1 << 20;
/** In: tokens to follow, or places to read. */
export const ROWS: usize = 8192;
/** Out: flags, outputs, a permutation, or bits of a list. */
export const WORDS: usize = ROWS + (<usize>CAPACITY << 2);
/** First byte not used: a last vector may be written past CAPACITY. */
export const END: usize = WORDS + (<usize>CAPACITY << 2) + 16;

/** Stands for the place of a number that was found. */
const FOUND: u32 = 0xffffffff;

// @ts-ignore: decorator
@inline
function seedState(seed: u32): void {
  let word = seed;
  store<u32>(STATE, word);
  for (let j: u32 = 1; j < SIZE; j++) {
    word = 1812433253 * (word ^ (word >> 30)) + j;
    store<u32>(STATE + (<usize>j << 2), word);
  }
}

// @ts-ignore: decorator
@inline
function mixed(here: v128, next: v128, far: v128): v128 {
  const y = v128.or(
    v128.and(here, i32x4.splat(0x80000000)),
    v128.and(next, i32x4.splat(0x7fffffff)),
  );
  const odd = v128.and(i32x4.neg(v128.and(next, i32x4.splat(1))), i32x4.splat(0x9908b0df));
  return v128.xor(v128.xor(far, i32x4.shr_u(y, 1)), odd);
}

// @ts-ignore: decorator
@inline
function mixOne(at: u32, next: u32, far: u32): void {
  const low = load<u32>(STATE + (<usize>next << 2));
  const y = (load<u32>(STATE + (<usize>at << 2)) & 0x80000000) | (low & 0x7fffffff);
  const odd = (0 - (low & 1)) & 0x9908b0df;
  store<u32>(STATE + (<usize>at << 2), load<u32>(STATE + (<usize>far << 2)) ^ (y >> 1) ^ odd);
}

/** The next 624 words of state. */
function twist(): void {
  let at: usize = STATE;
  for (const end = STATE + 224 * 4; at < end; at += 16)
    v128.store(at, mixed(v128.load(at), v128.load(at, 4), v128.load(at, <usize>MIDDLE * 4)));
  for (let k: u32 = 224; k < 227; k++) mixOne(k, k + 1, k + MIDDLE);
  at = STATE + 227 * 4;
  for (const end = STATE + 623 * 4; at < end; at += 16)
    v128.store(at, mixed(v128.load(at), v128.load(at, 4), v128.load(at - 227 * 4)));
  mixOne(623, 0, 396);
}

// @ts-ignore: decorator
@inline
function tempered(word: v128): v128 {
  let y = v128.xor(word, i32x4.shr_u(word, 11));
  y = v128.xor(y, v128.and(i32x4.shl(y, 7), i32x4.splat(0x9d2c5680)));
  y = v128.xor(y, v128.and(i32x4.shl(y, 15), i32x4.splat(0xefc60000)));
  return v128.xor(y, i32x4.shr_u(y, 18));
}

/** The double 2^52 + y mod divisor, from the double 2^52 + y: its low word is the remainder. */
// @ts-ignore: decorator
@inline
function remainder(biased: v128, divisor: v128): v128 {
  const bias = f64x2.splat(4503599627370496.0);
  const y = f64x2.sub(biased, bias);
  // y < 2^32 and divisor <= 2^20: the quotient is 1 / divisor or more below the next integer, and is not rounded up to it.
  const whole = f64x2.floor(f64x2.div(y, divisor));
  return f64x2.sub(biased, f64x2.mul(whole, divisor));
}

/** Twists, and writes to BLOCK where places `from` to `from + steps - 1` of a permutation of `n` swap to, and up to 3 more. */
function nextSwaps(n: u32, from: u32, steps: u32): void {
  twist();
  const exponent = i32x4.splat(0x43300000);
  const four = f64x2.splat(4.0);
  const first = <f64>(n - from);
  let low = f64x2.replace_lane(f64x2.splat(first), 1, first - 1.0);
  let high = f64x2.replace_lane(f64x2.splat(first - 2.0), 1, first - 3.0);
  let place = i32x4.add(i32x4.splat(from), i32x4(0, 1, 2, 3));
  for (let j: u32 = 0; j < steps; j += 4) {
    const y = tempered(v128.load(STATE + (<usize>j << 2)));
    const a = remainder(v128.shuffle<i32>(y, exponent, 0, 4, 1, 5), low);
    const b = remainder(v128.shuffle<i32>(y, exponent, 2, 6, 3, 7), high);
    v128.store(BLOCK + (<usize>j << 2), i32x4.add(place, v128.shuffle<i32>(a, b, 0, 2, 4, 6)));
    low = f64x2.sub(low, four);
    high = f64x2.sub(high, four);
    place = i32x4.add(place, i32x4.splat(4));
  }
}

/** First of the numbers `from` to `to - 1` of BLOCK that is `value`; `to` when none is. */
// @ts-ignore: decorator
@inline
function findValue(from: u32, to: u32, value: u32): u32 {
  const wanted = i32x4.splat(value);
  let j = from;
  for (; j + 16 <= to; j += 16) {
    const at = BLOCK + (<usize>j << 2);
    const equal = v128.or(
      v128.or(i32x4.eq(v128.load(at), wanted), i32x4.eq(v128.load(at, 16), wanted)),
      v128.or(i32x4.eq(v128.load(at, 32), wanted), i32x4.eq(v128.load(at, 48), wanted)),
    );
    if (v128.any_true(equal)) break;
  }
  for (; j < to; j++) if (load<u32>(BLOCK + (<usize>j << 2)) == value) break;
  return j;
}

/**
 * Whether each of `count` numbers at ROWS is among the first `size` of randperm(n): 1 or 0 at WORDS. Only where a
 * number stands is followed through the swaps; the permutation is never made.
 */
export function follow(seed: u32, n: u32, size: u32, count: u32): void {
  seedState(seed);
  // WORDS holds the place of each number until it is found.
  memory.copy(WORDS, ROWS, <usize>count << 2);
  let left = count;
  for (let from: u32 = 0; from < size && left > 0; from += SIZE) {
    const steps = min(SIZE, size - from);
    nextSwaps(n, from, steps);
    for (let i: u32 = 0; i < count; i++) {
      const slot = WORDS + (<usize>i << 2);
      let place = load<u32>(slot);
      if (place == FOUND) continue;
      let j: u32 = 0;
      while (j < steps) {
        // The place itself swaps at its turn; until then it can be swapped with.
        const turn = place - from;
        const end = turn < steps && turn >= j ? turn + 1 : steps;
        j = findValue(j, end, place);
        if (j < end) {
          place = FOUND;
          left--;
          break;
        }
        if (turn + 1 == end) place = load<u32>(BLOCK + (<usize>turn << 2));
      }
      store<u32>(slot, place);
    }
  }
  for (let i: u32 = 0; i < count; i++) {
    const slot = WORDS + (<usize>i << 2);
    store<u32>(slot, load<u32>(slot) == FOUND ? 1 : 0);
  }
}

// @ts-ignore: decorator
@inline
function shuffleRows(seed: u32, n: u32, size: u32): void {
  seedState(seed);
  let next = i32x4(0, 1, 2, 3);
  for (let i: u32 = 0; i < n; i += 4) {
    v128.store(ROWS + (<usize>i << 2), next);
    next = i32x4.add(next, i32x4.splat(4));
  }
  for (let from: u32 = 0; from < size; from += SIZE) {
    const steps = min(SIZE, size - from);
    nextSwaps(n, from, steps);
    for (let j: u32 = 0; j < steps; j++) {
      const here = ROWS + (<usize>(from + j) << 2);
      const there = ROWS + (<usize>load<u32>(BLOCK + (<usize>j << 2)) << 2);
      const token = load<u32>(there);
      store<u32>(there, load<u32>(here));
      store<u32>(here, token);
    }
  }
}

/** The first `size` of randperm(n) as n bits at WORDS, bit t of word t / 32 for number t. */
export function markList(seed: u32, n: u32, size: u32): void {
  shuffleRows(seed, n, size);
  memory.fill(WORDS, 0, <usize>((n + 31) >> 5) << 2);
  for (let i: u32 = 0; i < size; i++) {
    const token = load<u32>(ROWS + (<usize>i << 2));
    const slot = WORDS + (<usize>(token >> 5) << 2);
    store<u32>(slot, load<u32>(slot) | (1 << (token & 31)));
  }
}

/** The first `size` of randperm(n) at WORDS: no later step moves them. */
export function permute(seed: u32, n: u32, size: u32): void {
  shuffleRows(seed, n, size);
  memory.copy(WORDS, ROWS, <usize>size << 2);
}

/** Outputs 0 to `count` - 1 at WORDS, and up to 3 more. */
export function draw(seed: u32, count: u32): void {
  seedState(seed);
  for (let from: u32 = 0; from < count; from += SIZE) {
    twist();
    const steps = min(SIZE, count - from);
    for (let j: u32 = 0; j < steps; j += 4)
      v128.store(WORDS + (<usize>(from + j) << 2), tempered(v128.load(STATE + (<usize>j << 2))));
  }
}

/** The outputs whose `count` places stand at ROWS, ascending, at WORDS. */
export function pick(seed: u32, count: u32): void {
  seedState(seed);
  let from: u32 = 0;
  twist();
  for (let i: u32 = 0; i < count; i++) {
    const place = load<u32>(ROWS + (<usize>i << 2));
    for (; place - from >= SIZE; from += SIZE) twist();
    let y = load<u32>(STATE + (<usize>(place - from) << 2));
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    store<u32>(WORDS + (<usize>i << 2), y ^ (y >> 18));
  }
}
