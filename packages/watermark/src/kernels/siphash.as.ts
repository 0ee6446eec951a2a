// SipHash-2-4 with 64 bits of output (Aumasson and Bernstein 2012) over the message of docs/spec/mark-profile.md, section 3:
// a header of 8 bytes, the context four bytes a token and zeros to a multiple of 8, then token (4 bytes) and stream (3 bytes).

/** Numbers of 32 bits that ROWS and WORDS each hold. */
export const CAPACITY: u32 = 1 << 18;
/** In: rows of context and token. */
export const ROWS: usize = 1024;
/** Out: two words a value, the low one first. */
export const WORDS: usize = ROWS + (<usize>CAPACITY << 2);
/** First byte not used. */
export const END: usize = WORDS + (<usize>CAPACITY << 2);

/** Token and stream of the value that depends on the context alone. */
const CONTEXT_ALONE: u64 = 0x00ffffffffffffff;

// State after the header, which is the same for every row.
let h0: u64 = 0;
let h1: u64 = 0;
let h2: u64 = 0;
let h3: u64 = 0;
// State after the context.
let c0: u64 = 0;
let c1: u64 = 0;
let c2: u64 = 0;
let c3: u64 = 0;
/** Length of the whole message modulo 256, in the byte where SipHash wants it. */
let length: u64 = 0;

// @ts-ignore: decorator
@inline
function absorb(m: u64): void {
  let v0 = c0;
  let v1 = c1;
  let v2 = c2;
  let v3 = c3 ^ m;
  for (let i = 0; i < 2; i++) {
    v0 += v1; v1 = rotl(v1, 13); v1 ^= v0; v0 = rotl(v0, 32);
    v2 += v3; v3 = rotl(v3, 16); v3 ^= v2;
    v0 += v3; v3 = rotl(v3, 21); v3 ^= v0;
    v2 += v1; v1 = rotl(v1, 17); v1 ^= v2; v2 = rotl(v2, 32);
  }
  c0 = v0 ^ m;
  c1 = v1;
  c2 = v2;
  c3 = v3;
}

/** The last block after the context: its 7 bytes and the length; the context's state is kept. */
// @ts-ignore: decorator
@inline
function finish(last: u64): u64 {
  const m = last | length;
  let v0 = c0;
  let v1 = c1;
  let v2 = c2;
  let v3 = c3 ^ m;
  for (let i = 0; i < 2; i++) {
    v0 += v1; v1 = rotl(v1, 13); v1 ^= v0; v0 = rotl(v0, 32);
    v2 += v3; v3 = rotl(v3, 16); v3 ^= v2;
    v0 += v3; v3 = rotl(v3, 21); v3 ^= v0;
    v2 += v1; v1 = rotl(v1, 17); v1 ^= v2; v2 = rotl(v2, 32);
  }
  v0 ^= m;
  v2 ^= 0xff;
  for (let i = 0; i < 4; i++) {
    v0 += v1; v1 = rotl(v1, 13); v1 ^= v0; v0 = rotl(v0, 32);
    v2 += v3; v3 = rotl(v3, 16); v3 ^= v2;
    v0 += v3; v3 = rotl(v3, 21); v3 ^= v0;
    v2 += v1; v1 = rotl(v1, 17); v1 ^= v2; v2 = rotl(v2, 32);
  }
  return v0 ^ v1 ^ v2 ^ v3;
}

/** Takes the key, 16 bytes at ROWS, and absorbs the header, 8 bytes after it; `size` is the tokens of a context. */
export function start(size: u32): void {
  const k0 = load<u64>(ROWS);
  const k1 = load<u64>(ROWS, 8);
  c0 = k0 ^ 0x736f6d6570736575;
  c1 = k1 ^ 0x646f72616e646f6d;
  c2 = k0 ^ 0x6c7967656e657261;
  c3 = k1 ^ 0x7465646279746573;
  absorb(load<u64>(ROWS, 16));
  h0 = c0;
  h1 = c1;
  h2 = c2;
  h3 = c3;
  length = <u64>((8 + (((size + 1) >> 1) << 3) + 7) & 255) << 56;
}

// @ts-ignore: decorator
@inline
function absorbContext(at: usize, size: u32): void {
  c0 = h0;
  c1 = h1;
  c2 = h2;
  c3 = h3;
  const whole = size & ~1;
  for (let i: u32 = 0; i < whole; i += 2) absorb(load<u64>(at + (<usize>i << 2)));
  if (size & 1) absorb(<u64>load<u32>(at + (<usize>whole << 2)));
}

/** `streams` values a row, streams 0, 1, ...: rows of `size + 1` numbers at ROWS, the last of each the token. */
export function readRows(count: u32, size: u32, streams: u32): void {
  let at = ROWS;
  let to = WORDS;
  for (let row: u32 = 0; row < count; row++) {
    absorbContext(at, size);
    at += <usize>size << 2;
    const token = <u64>load<u32>(at);
    at += 4;
    for (let stream: u64 = 0; stream < <u64>streams; stream++) {
      store<u64>(to, finish(token | (stream << 32)));
      to += 8;
    }
  }
}

/** One value a row that depends on its context alone. */
export function readContexts(count: u32, size: u32): void {
  let at = ROWS;
  for (let row: u32 = 0; row < count; row++) {
    absorbContext(at, size);
    store<u64>(WORDS + (<usize>row << 3), finish(CONTEXT_ALONE));
    at += <usize>(size + 1) << 2;
  }
}

/** One value a token: the context is the first `size` numbers at ROWS, the tokens the `count` after it. */
export function readTokens(count: u32, size: u32, stream: u32): void {
  absorbContext(ROWS, size);
  const from = ROWS + (<usize>size << 2);
  for (let i: u32 = 0; i < count; i++)
    store<u64>(WORDS + (<usize>i << 3), finish(<u64>load<u32>(from + (<usize>i << 2)) | (<u64>stream << 32)));
}
