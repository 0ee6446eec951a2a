// Selective JSON scanner: validates one row strictly and writes a tape of the members that a shape names. Contract and
// tape layout: row-scanner.ts. It may refuse any row; it must never accept one that JSON.parse would refuse, or give a
// value that JSON.parse would not.

/** Known keys: KEY_SLOTS entries of (u64 hash, u32 name address, u32 name length, i32 member, i32 child, u32 mode, pad). */
export const KEYS: usize = 1024;
export const KEY_SLOTS: u32 = 512;
const KEY_ENTRY: usize = 32;
/** Names of the known keys, end to end. */
export const NAMES: usize = 20480;
/** Tape: entries of TAPE_ENTRY bytes: i32 member, i32 kind, then f64 or (i32 start, i32 end), i32 slot, pad. */
export const TAPE: usize = 32768;
const TAPE_ENTRY: usize = 24;
const TAPE_END: usize = TAPE + TAPE_ENTRY * 4096;
/** Recurring values: CACHE_SLOTS of (u32 length, bytes). */
export const CACHE: usize = 196608;
export const CACHE_SLOTS: u32 = 4096;
const CACHE_ENTRY: usize = 528;
/** Longest value that is remembered, in bytes. */
const CACHED_BYTES: i32 = 512;
/** The chunk. */
export const INPUT: usize = 2424832;

// Kinds. CACHED: value of `slot`; FRESH: the same, but the host must make it from start..end first.
const NULL: i32 = 0;
const FALSE: i32 = 1;
const TRUE: i32 = 2;
const NUMBER: i32 = 3;
const NUMBER_TEXT: i32 = 4;
const ASCII: i32 = 5;
const UTF8: i32 = 6;
const ESCAPED: i32 = 7;
const RAW: i32 = 8;
const BEGIN: i32 = 9;
const END: i32 = 10;
const CACHED: i32 = 16;
const FRESH: i32 = 32;

// Modes of a known key.
const RECURRING: u32 = 1;
const WHOLE: u32 = 2;
const REFUSED: u32 = 4;
const LIST: u32 = 8;
const TEXT: u32 = 16;

const MAX_DEPTH: i32 = 48;

let tape: usize = TAPE;
let end: usize = 0;
/** What the last string held: OR of its bytes' high bits, and whether there is a backslash. */
let high: bool = false;
let escaped: bool = false;
let number: f64 = 0;
let exact: bool = false;

const POWERS: usize = 256;

export function start(): void {
  let power: f64 = 1;
  for (let i: usize = 0; i < 23; i++) {
    store<f64>(POWERS + (i << 3), power);
    power *= 10;
  }
}

// @ts-ignore: decorator
@inline
function keep(block: u64, count: usize): u64 {
  return block & (<u64>-1 >> (64 - (<u64>count << 3)));
}

/** Not keyed: a collision costs a comparison or a miss, never a wrong answer. */
function hashBytes(at: usize, size: usize, seed: u64): u64 {
  let h: u64 = (seed ^ <u64>size) * 0x9e3779b97f4a7c15;
  while (size > 8) {
    h = (h ^ load<u64>(at)) * 0xff51afd7ed558ccd;
    h ^= h >> 32;
    at += 8;
    size -= 8;
  }
  if (size > 0) h = (h ^ keep(load<u64>(at), size)) * 0xff51afd7ed558ccd;
  h = (h ^ (h >> 32)) * 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 29);
}

function areEqual(a: usize, b: usize, size: usize): bool {
  while (size >= 16) {
    if (i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b))) != 0xffff) return false;
    a += 16;
    b += 16;
    size -= 16;
  }
  while (size >= 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
    size -= 8;
  }
  return size == 0 || keep(load<u64>(a) ^ load<u64>(b), size) == 0;
}

/** Enters a key of object node `node`, whose name the host put at `name`; false when the table is too full. */
export function addKey(node: i32, name: usize, size: usize, member: i32, child: i32, mode: u32): void {
  const h = hashBytes(name, size, <u64>node) | 1;
  let slot = <u32>(h >> 40) & (KEY_SLOTS - 1);
  while (load<u64>(KEYS + <usize>slot * KEY_ENTRY) != 0) slot = (slot + 1) & (KEY_SLOTS - 1);
  const entry = KEYS + <usize>slot * KEY_ENTRY;
  store<u64>(entry, h);
  store<u32>(entry, <u32>name, 8);
  store<u32>(entry, <u32>size, 12);
  store<i32>(entry, member, 16);
  store<i32>(entry, child, 20);
  store<u32>(entry, mode, 24);
}

/** Entry of a key, 0 when it is not known. */
function findKey(node: i32, at: usize, size: usize): usize {
  const h = hashBytes(at, size, <u64>node) | 1;
  let slot = <u32>(h >> 40) & (KEY_SLOTS - 1);
  while (true) {
    const entry = KEYS + <usize>slot * KEY_ENTRY;
    const stored = load<u64>(entry);
    if (stored == 0) return 0;
    // The entry of another node with an equal hash and name would be wrong, but the seed makes that 2^-63 a pair of the
    // host's own keys, and the host checks its keys when it enters them.
    if (stored == h && <usize>load<u32>(entry, 12) == size && areEqual(at, <usize>load<u32>(entry, 8), size)) return entry;
    slot = (slot + 1) & (KEY_SLOTS - 1);
  }
}

// @ts-ignore: decorator
@inline
function emit(member: i32, kind: i32, from: usize, to: usize, slot: i32): bool {
  if (tape >= TAPE_END) return false;
  store<i32>(tape, member);
  store<i32>(tape, kind, 4);
  store<i32>(tape, <i32>(from - INPUT), 8);
  store<i32>(tape, <i32>(to - INPUT), 12);
  store<i32>(tape, slot, 16);
  tape += TAPE_ENTRY;
  return true;
}

/** Emits bytes [from, to), by reference to the cache if they are short enough. */
function emitBytes(member: i32, kind: i32, from: usize, to: usize, recurring: bool): bool {
  const size = to - from;
  if (!recurring || <i32>size > CACHED_BYTES) return emit(member, kind, from, to, 0);
  // One text under two kinds or members is two values.
  const slot = <i32>(hashBytes(from, size, <u64>(kind | (member << 8))) >> 44) & (CACHE_SLOTS - 1);
  const entry = CACHE + <usize>slot * CACHE_ENTRY;
  const label = (<u32>size + 1) | (<u32>kind << 12) | (<u32>member << 16);
  if (load<u32>(entry) == label && areEqual(from, entry + 8, size)) return emit(member, kind | CACHED, from, to, slot);
  store<u32>(entry, label);
  memory.copy(entry + 8, from, size);
  return emit(member, kind | FRESH, from, to, slot);
}

// @ts-ignore: decorator
@inline
function isBlank(b: u32): bool {
  return b == 0x20 || b == 9 || b == 13;
}

// @ts-ignore: decorator
@inline
function skipBlanks(at: usize): usize {
  while (isBlank(load<u8>(at))) at++;
  return at;
}

// @ts-ignore: decorator
@inline
function isDigit(b: u32): bool {
  return b - 0x30 < 10;
}

function isHex(b: u32): bool {
  return b - 0x30 < 10 || (b | 0x20) - 0x61 < 6;
}

/** From just after the opening quote to the closing one; 0 when the string is malformed. */
function skipString(at: usize): usize {
  const quote = i8x16.splat(0x22);
  const slash = i8x16.splat(0x5c);
  const ink = i8x16.splat(0x20);
  let seen: i32 = 0;
  escaped = false;
  while (true) {
    const v = v128.load(at);
    const found = i8x16.bitmask(v128.or(v128.or(i8x16.eq(v, quote), i8x16.eq(v, slash)), i8x16.lt_u(v, ink)));
    const top = i8x16.bitmask(v);
    if (found == 0) {
      seen |= top;
      at += 16;
      continue;
    }
    const step = ctz(found);
    seen |= top & ((1 << step) - 1);
    at += <usize>step;
    const b: u32 = load<u8>(at);
    if (b == 0x22) {
      high = seen != 0;
      return at <= end ? at : 0;
    }
    if (b != 0x5c) return 0;
    escaped = true;
    const next: u32 = load<u8>(at, 1);
    if (next == 0x75) {
      if (!isHex(load<u8>(at, 2)) || !isHex(load<u8>(at, 3)) || !isHex(load<u8>(at, 4)) || !isHex(load<u8>(at, 5))) return 0;
      at += 6;
    } else if (
      next == 0x6e || next == 0x22 || next == 0x5c || next == 0x74 || next == 0x72 || next == 0x2f || next == 0x62 ||
      next == 0x66
    ) {
      at += 2;
    } else return 0;
  }
}

/** Reads a number; 0 when malformed. Exact (Clinger 1990) for at most 15 digits and 22 decimal places, no exponent. */
function readNumber(at: usize): usize {
  const negative = load<u8>(at) == 0x2d;
  if (negative) at++;
  let mantissa: u64 = 0;
  let digits: i32 = 0;
  let b: u32 = load<u8>(at);
  if (b == 0x30) {
    at++;
    if (isDigit(load<u8>(at))) return 0;
  } else {
    if (!isDigit(b)) return 0;
    while (isDigit((b = load<u8>(at)))) {
      mantissa = mantissa * 10 + <u64>(b - 0x30);
      digits++;
      at++;
    }
  }
  let places: i32 = 0;
  if (load<u8>(at) == 0x2e) {
    at++;
    if (!isDigit(load<u8>(at))) return 0;
    while (isDigit((b = load<u8>(at)))) {
      mantissa = mantissa * 10 + <u64>(b - 0x30);
      digits++;
      places++;
      at++;
    }
  }
  exact = digits <= 15 && places <= 22;
  if ((<u32>load<u8>(at) | 0x20) == 0x65) {
    at++;
    const sign: u32 = load<u8>(at);
    if (sign == 0x2b || sign == 0x2d) at++;
    if (!isDigit(load<u8>(at))) return 0;
    while (isDigit(load<u8>(at))) at++;
    exact = false;
  }
  const magnitude = <f64>mantissa / load<f64>(POWERS + (<usize>min(places, 22) << 3));
  number = negative ? -magnitude : magnitude;
  return at;
}

/** Passes over `true`, `false` or `null`; 0 when it is none. */
function readLiteral(at: usize): usize {
  const four = load<u32>(at);
  if (four == 0x65757274 || four == 0x6c6c756e) return at + 4;
  return four == 0x736c6166 && load<u8>(at, 4) == 0x65 ? at + 5 : 0;
}

/** Validates any value and passes over it; 0 when malformed or too deep. */
function skipValue(at: usize, depth: i32): usize {
  const b: u32 = load<u8>(at);
  if (b == 0x22) {
    at = skipString(at + 1);
    return at == 0 ? 0 : at + 1;
  }
  if (b != 0x7b && b != 0x5b) return b == 0x2d || isDigit(b) ? readNumber(at) : readLiteral(at);
  if (depth >= MAX_DEPTH) return 0;
  const isObject = b == 0x7b;
  const close: u32 = b + 2;
  at = skipBlanks(at + 1);
  if (load<u8>(at) == close) return at + 1;
  while (true) {
    if (isObject) {
      if (load<u8>(at) != 0x22 || (at = skipString(at + 1)) == 0) return 0;
      at = skipBlanks(at + 1);
      if (load<u8>(at) != 0x3a) return 0;
      at = skipBlanks(at + 1);
    }
    if ((at = skipValue(at, depth + 1)) == 0) return 0;
    at = skipBlanks(at);
    const next: u32 = load<u8>(at);
    if (next == close) return at + 1;
    if (next != 0x2c) return 0;
    at = skipBlanks(at + 1);
  }
}

function readMember(at: usize, entry: usize, depth: i32): usize {
  const member = load<i32>(entry, 16);
  const child = load<i32>(entry, 20);
  const mode = load<u32>(entry, 24);
  if (mode & REFUSED) return 0;
  const b: u32 = load<u8>(at);
  if (b == 0x22) {
    if ((child != 0 && !(mode & TEXT)) || mode & WHOLE) return 0;
    const from = at + 1;
    at = skipString(from);
    if (at == 0) return 0;
    const kind = escaped ? ESCAPED : high ? UTF8 : ASCII;
    return emitBytes(member, kind, from, at, (mode & RECURRING) != 0) ? at + 1 : 0;
  }
  if (b == 0x7b || b == 0x5b) {
    if (child != 0) {
      if ((b == 0x5b) != ((mode & LIST) != 0)) return 0;
      return b == 0x7b ? readObject(at, child, member, depth) : readList(at, child, member, depth);
    }
    if (!(mode & WHOLE)) return 0;
    const from = at;
    at = skipValue(at, depth);
    return at != 0 && emitBytes(member, RAW, from, at, true) ? at : 0;
  }
  const from = at;
  if (b == 0x2d || isDigit(b)) {
    if (child != 0 || mode & WHOLE) return 0;
    at = readNumber(at);
    if (at == 0 || !emit(member, exact ? NUMBER : NUMBER_TEXT, from, at, 0)) return 0;
    if (exact) store<f64>(tape - TAPE_ENTRY, number, 8);
    return at;
  }
  at = readLiteral(at);
  const kind = b == 0x6e ? NULL : b == 0x74 ? TRUE : FALSE;
  if (kind != NULL && (child != 0 || mode & WHOLE)) return 0;
  return at != 0 && emit(member, kind, from, at, 0) ? at : 0;
}

/** An object whose keys `node` names; unknown members are validated and left out, a known key that comes twice refuses. */
function readObject(at: usize, node: i32, member: i32, depth: i32): usize {
  if (depth >= MAX_DEPTH || !emit(member, BEGIN, at, at, 0)) return 0;
  let seen: u64 = 0;
  at = skipBlanks(at + 1);
  if (load<u8>(at) == 0x7d) return emit(member, END, at, at, 0) ? at + 1 : 0;
  while (true) {
    if (load<u8>(at) != 0x22) return 0;
    const name = at + 1;
    at = skipString(name);
    // An escaped name may spell a known key.
    if (at == 0 || escaped) return 0;
    const entry = findKey(node, name, at - name);
    at = skipBlanks(at + 1);
    if (load<u8>(at) != 0x3a) return 0;
    at = skipBlanks(at + 1);
    if (entry != 0) {
      const bit: u64 = <u64>1 << <u64>(load<i32>(entry, 16) & 63);
      if (seen & bit) return 0;
      seen |= bit;
      at = readMember(at, entry, depth + 1);
    } else at = skipValue(at, depth + 1);
    if (at == 0) return 0;
    at = skipBlanks(at);
    const next: u32 = load<u8>(at);
    if (next == 0x7d) return emit(member, END, at, at, 0) ? at + 1 : 0;
    if (next != 0x2c) return 0;
    at = skipBlanks(at + 1);
  }
}

/** A list of objects of one node. */
function readList(at: usize, node: i32, member: i32, depth: i32): usize {
  at = skipBlanks(at + 1);
  // An empty list is refused: nothing on the tape would tell it from an absent one.
  if (depth >= MAX_DEPTH || load<u8>(at) != 0x7b) return 0;
  while (true) {
    if (load<u8>(at) != 0x7b || (at = readObject(at, node, member, depth + 1)) == 0) return 0;
    at = skipBlanks(at);
    const next: u32 = load<u8>(at);
    if (next == 0x5d) return at + 1;
    if (next != 0x2c) return 0;
    at = skipBlanks(at + 1);
  }
}

/** Entries on the tape after `scan`. */
export function entries(): i32 {
  return <i32>((tape - TAPE) / TAPE_ENTRY);
}

/**
 * Scans the row at INPUT + from, which ends at a line feed or at INPUT + size, after which 16 zero bytes must follow.
 * Returns where the row ends, or -1 when it is refused; then nothing on the tape counts.
 */
export function scan(from: i32, size: i32): i32 {
  tape = TAPE;
  end = INPUT + size;
  let at: usize = INPUT + from;
  if (load<u8>(at) == 0x7b && (at = readObject(at, 0, 0, 0)) != 0) {
    at = skipBlanks(at);
    if (at == end || (at < end && load<u8>(at) == 10)) return <i32>(at - INPUT);
  }
  // The host makes no values of a refused row, so the cache must not say that it has.
  for (let entry = TAPE; entry < tape; entry += TAPE_ENTRY)
    if (load<i32>(entry, 4) & FRESH) store<u32>(CACHE + <usize>load<i32>(entry, 16) * CACHE_ENTRY, 0);
  return -1;
}
