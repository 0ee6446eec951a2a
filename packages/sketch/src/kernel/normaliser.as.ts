// Pass 1: UTF-8 to folded words between spaces, noting line breaks, programming or option marks and identifiers on the way.

import { holdsIdentifier, startIdentifiers } from './identifiers.as';
import {
  CLASSES, CLASS_MASK, DIGIT, DROPPED, FOLDED, FOLDS, HAN, HIGH_FOLDS, KANA, LETTER, RAW, SEPARATOR, SPACE,
} from './layout.as';

/** Intent bits seen as marks rather than words; same values as in the domain package. */
const REASONING: u32 = 1;
const CODE: u32 = 256;
const OPTIONS: u32 = 1024;
const IDENTIFIER: u32 = 2048;

export let lineBreaks: u32 = 0;
export let marks: u32 = 0;
let optionLetters: u32 = 0;

/** Code point at `at`, which must be the first byte of a well-formed sequence. */
export function decode(at: usize): u32 {
  const b: u32 = load<u8>(at);
  if (b < 0x80) return b;
  if (b < 0xe0) return ((b & 0x1f) << 6) | (load<u8>(at, 1) & 0x3f);
  if (b < 0xf0) return ((b & 0x0f) << 12) | ((<u32>load<u8>(at, 1) & 0x3f) << 6) | (load<u8>(at, 2) & 0x3f);
  return ((b & 7) << 18) | ((<u32>load<u8>(at, 1) & 0x3f) << 12) |
    ((<u32>load<u8>(at, 2) & 0x3f) << 6) | (load<u8>(at, 3) & 0x3f);
}

export function sequenceLength(first: u32): usize {
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** Full-width ASCII is read as ASCII. */
export function narrow(cp: u32): u32 {
  return cp - 0xff01 <= 0x5d ? cp - 0xfee0 : cp;
}

/** Class byte, CAPITAL flag included. */
export function classOf(cp: u32): u32 {
  if (cp < 0x10000) return load<u8>(CLASSES + cp);
  if (cp >= 0x20000 && cp < 0x40000) return HAN;
  if (cp >= 0xe0000 && cp < 0xe1000) return DROPPED;
  if (cp >= 0x1f000 || (cp >= 0x1d000 && cp < 0x1d250)) return SEPARATOR;
  return LETTER;
}

export function fold(cp: u32): u32 {
  if (cp < 0x600) return load<u16>(FOLDS + (cp << 1));
  if (cp - 0x1e00 < 0x200) return load<u16>(HIGH_FOLDS + ((cp - 0x1e00) << 1));
  return cp;
}

function encode(at: usize, cp: u32): usize {
  if (cp < 0x80) {
    store<u8>(at, <u8>cp);
    return at + 1;
  }
  if (cp < 0x800) {
    store<u8>(at, <u8>(0xc0 | (cp >> 6)));
    store<u8>(at, <u8>(0x80 | (cp & 0x3f)), 1);
    return at + 2;
  }
  if (cp < 0x10000) {
    store<u8>(at, <u8>(0xe0 | (cp >> 12)));
    store<u8>(at, <u8>(0x80 | ((cp >> 6) & 0x3f)), 1);
    store<u8>(at, <u8>(0x80 | (cp & 0x3f)), 2);
    return at + 3;
  }
  store<u8>(at, <u8>(0xf0 | (cp >> 18)));
  store<u8>(at, <u8>(0x80 | ((cp >> 12) & 0x3f)), 1);
  store<u8>(at, <u8>(0x80 | ((cp >> 6) & 0x3f)), 2);
  store<u8>(at, <u8>(0x80 | (cp & 0x3f)), 3);
  return at + 4;
}

function isBlank(b: u32): bool {
  return b == 0x20 || b == 9;
}

/** Looks at the first bytes of a line for code or a lettered option. */
function readLineStart(at: usize): void {
  while (isBlank(load<u8>(at))) at++;
  const four = load<u32>(at);
  // 'def ' '#inc' '#!/x' 'impo' 'func' 'cons' 'SELE'
  if (four == 0x20666564) marks |= CODE;
  else if (four == 0x636e6923) marks |= CODE;
  else if ((four & 0xffffff) == 0x2f2123) marks |= CODE;
  else if (four == 0x6f706d69 && load<u32>(at, 3) == 0x2074726f) marks |= CODE;
  else if (four == 0x636e7566 && load<u32>(at, 4) == 0x6e6f6974 && load<u8>(at, 8) == 0x20) marks |= CODE;
  else if (four == 0x736e6f63 && (load<u32>(at, 4) & 0xffff) == 0x2074) marks |= CODE;
  else if (four == 0x454c4553 && (load<u32>(at, 4) & 0xffffff) == 0x205443) marks |= CODE;
  else if ((four | 0x20202020) == 0x6974706f && (load<u32>(at, 4) | 0x20202020) == 0x3a736e6f) marks |= OPTIONS;
  if ((four & 255) == 0x28) at++;
  const letter = (<u32>load<u8>(at) | 0x20) - 0x61;
  const close: u32 = load<u8>(at, 1);
  const after: u32 = load<u8>(at, 2);
  if (letter < 8 && (close == 0x2e || close == 0x29 || close == 0x3a) && isBlank(after)) {
    optionLetters |= 1 << letter;
    if ((optionLetters & 3) == 3) marks |= OPTIONS;
  }
}

function readMark(at: usize): void {
  const b: u32 = load<u8>(at);
  if (b == 10) {
    lineBreaks++;
    readLineStart(at + 1);
  } else if (b == 0x60) {
    if (load<u8>(at, 1) == 0x60 && load<u8>(at, 2) == 0x60) marks |= CODE;
  } else {
    // '<think' or '<thought' or '<scratchpad' or '<reasoning', with or without '/'
    if (load<u8>(at, 1) == 0x2f) at++;
    const four = load<u32>(at, 1) | 0x20202020;
    const next = load<u32>(at, 5) | 0x20202020;
    if (four == 0x6e696874 && (next & 255) == 0x6b) marks |= REASONING;
    else if (four == 0x756f6874 && (next & 0xffffff) == 0x746867) marks |= REASONING;
    else if (four == 0x61726373 && next == 0x70686374) marks |= REASONING;
    else if (four == 0x73616572 && next == 0x6e696e6f) marks |= REASONING;
  }
}

// @ts-ignore: decorator
@inline
function readDigits(at: usize, digits: u32): void {
  if (digits && !(marks & IDENTIFIER) && holdsIdentifier(at, digits)) marks |= IDENTIFIER;
}

/** Folds RAW[0, size) into FOLDED; returns the end of what it wrote, after which 64 spaces follow. */
export function normalise(size: i32): usize {
  const end = RAW + size;
  const space = i8x16.splat(0x20);
  const zero = i8x16.splat(0);
  v128.store(end, zero);
  v128.store(end, zero, 16);
  lineBreaks = 0;
  marks = 0;
  optionLetters = 0;
  startIdentifiers();
  if (size > 0) readLineStart(RAW);
  let at = RAW;
  let to = FOLDED;
  while (at < end) {
    const v = v128.load(at);
    const digit = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(10));
    if (i8x16.bitmask(v) == 0) {
      const low = v128.or(v, space);
      const word = v128.or(
        i8x16.lt_u(i8x16.sub(low, i8x16.splat(0x61)), i8x16.splat(26)),
        digit,
      );
      v128.store(to, v128.bitselect(low, space, word));
      // Most blocks have neither mark nor digit: one test for both.
      let found = i8x16.bitmask(v128.or(
        v128.or(i8x16.eq(v, i8x16.splat(10)), i8x16.eq(v, i8x16.splat(0x60))),
        v128.or(i8x16.eq(v, i8x16.splat(0x3c)), digit),
      ));
      if (found) {
        const digits = i8x16.bitmask(digit);
        readDigits(at, digits);
        for (found ^= digits; found; found &= found - 1) readMark(at + ctz(found));
      }
      at += 16;
      to += 16;
      continue;
    }
    readDigits(at, i8x16.bitmask(digit));
    const stop = min<usize>(at + 16, end);
    do {
      const first: u32 = load<u8>(at);
      if (first == 10 || first == 0x60 || first == 0x3c) readMark(at);
      const cp = narrow(decode(at));
      at += sequenceLength(first);
      const kind = classOf(cp) & CLASS_MASK;
      if (kind == LETTER || kind == DIGIT) {
        to = encode(to, fold(cp));
      } else if (kind == HAN || kind == KANA) {
        store<u8>(to, 0x20);
        to = encode(to + 1, cp);
        store<u8>(to++, 0x20);
      } else if (kind != DROPPED) {
        store<u8>(to++, 0x20);
      }
    } while (at < stop);
  }
  for (let i: usize = 0; i < 64; i += 16) v128.store(to + i, space);
  return to;
}

/** Whether a class byte is white space or dropped, which the shape ignores at both ends. */
export function isInvisible(kind: u32): bool {
  kind &= CLASS_MASK;
  return kind == SPACE || kind == DROPPED;
}
