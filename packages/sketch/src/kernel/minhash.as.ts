// MinHash lanes: minimum over shingles of (a*h + b) mod 2^32, then a keyed bijection, then the low 8 bits.

import { KEYS, LANE_A, LANE_B, LANE_C, SHINGLES, SHINGLE_SEEDS, WORDS } from './layout.as';

/** Hashes the word 3-shingles of words [from, to) into SHINGLES; fewer than 3 words make one shingle. Returns the count. */
export function readShingles(from: i32, to: i32): i32 {
  const p = load<u64>(KEYS + SHINGLE_SEEDS);
  const q = load<u64>(KEYS + SHINGLE_SEEDS, 8);
  const r = load<u64>(KEYS + SHINGLE_SEEDS, 16);
  const words = to - from;
  if (words <= 0) return 0;
  const first = WORDS + (<usize>from << 3);
  let a = load<u64>(first);
  let b = words > 1 ? load<u64>(first, 8) : 0;
  const count = words > 2 ? words - 2 : 1;
  for (let i = 0; i < count; i++) {
    const c = words > 2 ? load<u64>(first + (<usize>i << 3), 16) : 0;
    store<u32>(SHINGLES + (<usize>i << 2), <u32>((((a * p ^ b) * q ^ c) * r) >> 32));
    a = b;
    b = c;
  }
  return count;
}

// @ts-ignore: decorator
@inline
function mixLanes(v: v128, c: v128): v128 {
  v = v128.xor(v, c);
  v = v128.xor(v, i32x4.shr_u(v, 16));
  v = i32x4.mul(v, i32x4.splat(<i32>0x85ebca6b));
  v = v128.xor(v, i32x4.shr_u(v, 13));
  v = i32x4.mul(v, i32x4.splat(<i32>0xc2b2ae35));
  v = v128.xor(v, i32x4.shr_u(v, 16));
  return v128.and(v, i32x4.splat(255));
}

/** 32 lanes, numbers `lane` to `lane` + 31, over the first `count` SHINGLES; 0 everywhere when there is none. */
export function fillLanes(count: i32, lane: i32, out: usize): void {
  if (count == 0) {
    v128.store(out, i8x16.splat(0));
    v128.store(out, i8x16.splat(0), 16);
    return;
  }
  const end = SHINGLES + (<usize>count << 2);
  const ones = i32x4.splat(-1);
  for (let i = 0; i < 32; i += 16) {
    const base = KEYS + (<usize>(lane + i) << 2);
    const a0 = v128.load(base, LANE_A);
    const a1 = v128.load(base, LANE_A + 16);
    const a2 = v128.load(base, LANE_A + 32);
    const a3 = v128.load(base, LANE_A + 48);
    const b0 = v128.load(base, LANE_B);
    const b1 = v128.load(base, LANE_B + 16);
    const b2 = v128.load(base, LANE_B + 32);
    const b3 = v128.load(base, LANE_B + 48);
    let m0 = ones;
    let m1 = ones;
    let m2 = ones;
    let m3 = ones;
    for (let at = SHINGLES; at < end; at += 4) {
      const h = v128.load_splat<u32>(at);
      m0 = v128.min<u32>(m0, i32x4.add(i32x4.mul(a0, h), b0));
      m1 = v128.min<u32>(m1, i32x4.add(i32x4.mul(a1, h), b1));
      m2 = v128.min<u32>(m2, i32x4.add(i32x4.mul(a2, h), b2));
      m3 = v128.min<u32>(m3, i32x4.add(i32x4.mul(a3, h), b3));
    }
    m0 = mixLanes(m0, v128.load(base, LANE_C));
    m1 = mixLanes(m1, v128.load(base, LANE_C + 16));
    m2 = mixLanes(m2, v128.load(base, LANE_C + 32));
    m3 = mixLanes(m3, v128.load(base, LANE_C + 48));
    v128.store(
      out + i,
      i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(m0, m1), i16x8.narrow_i32x4_u(m2, m3)),
    );
  }
}
