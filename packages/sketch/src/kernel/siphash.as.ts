// SipHash-2-4 with 64 and 128 bits of output (Aumasson and Bernstein, 2012, and the authors' reference code).

let s0: u64 = 0;
let s1: u64 = 0;
let s2: u64 = 0;
let s3: u64 = 0;

export function startSipHash(key: usize, wide: bool): void {
  const k0 = load<u64>(key);
  const k1 = load<u64>(key, 8);
  s0 = k0 ^ 0x736f6d6570736575;
  s1 = k1 ^ 0x646f72616e646f6d ^ (wide ? 0xee : 0);
  s2 = k0 ^ 0x6c7967656e657261;
  s3 = k1 ^ 0x7465646279746573;
}

/** Absorbs whole 8-byte blocks: `size` must be a multiple of 8. */
export function absorb(at: usize, size: i32): void {
  let v0 = s0;
  let v1 = s1;
  let v2 = s2;
  let v3 = s3;
  const end = at + size;
  for (; at < end; at += 8) {
    const m = load<u64>(at);
    v3 ^= m;
    for (let i = 0; i < 2; i++) {
      v0 += v1; v1 = rotl(v1, 13); v1 ^= v0; v0 = rotl(v0, 32);
      v2 += v3; v3 = rotl(v3, 16); v3 ^= v2;
      v0 += v3; v3 = rotl(v3, 21); v3 ^= v0;
      v2 += v1; v1 = rotl(v1, 17); v1 ^= v2; v2 = rotl(v2, 32);
    }
    v0 ^= m;
  }
  s0 = v0;
  s1 = v1;
  s2 = v2;
  s3 = v3;
}

function rounds(count: i32): void {
  let v0 = s0;
  let v1 = s1;
  let v2 = s2;
  let v3 = s3;
  for (let i = 0; i < count; i++) {
    v0 += v1; v1 = rotl(v1, 13); v1 ^= v0; v0 = rotl(v0, 32);
    v2 += v3; v3 = rotl(v3, 16); v3 ^= v2;
    v0 += v3; v3 = rotl(v3, 21); v3 ^= v0;
    v2 += v1; v1 = rotl(v1, 17); v1 ^= v2; v2 = rotl(v2, 32);
  }
  s0 = v0;
  s1 = v1;
  s2 = v2;
  s3 = v3;
}

/** Absorbs what is left, fewer than 8 bytes being allowed after any number of blocks; returns the (first) 64 bits. */
export function finishSipHash(at: usize, size: i32, total: u32, wide: bool): u64 {
  const whole = size & ~7;
  absorb(at, whole);
  let last = <u64>(total & 255) << 56;
  for (let i = size - whole - 1; i >= 0; i--) last |= <u64>load<u8>(at + whole + i) << (<u64>i << 3);
  s3 ^= last;
  rounds(2);
  s0 ^= last;
  s2 ^= wide ? 0xee : 0xff;
  rounds(4);
  return s0 ^ s1 ^ s2 ^ s3;
}

/** The other 64 bits of the 128-bit variant, after `finishSipHash`. */
export function finishWide(): u64 {
  s1 ^= 0xdd;
  rounds(4);
  return s0 ^ s1 ^ s2 ^ s3;
}

export function sipHash(key: usize, at: usize, size: i32): u64 {
  startSipHash(key, false);
  return finishSipHash(at, size, size, false);
}
