// Looks at both ends of the text as it was sent.

import { CAPITAL, CLASS_MASK, DIGIT, HAN, KANA, LETTER, RAW } from './layout.as';
import { classOf, decode, isInvisible, narrow, sequenceLength } from './normaliser.as';

const CAPITAL_OPENING: u32 = 4;
const LOWER_OPENING: u32 = 5;
const OTHER_OPENING: u32 = 6;

/** Whether the first visible character is a capital: bit 3. Opening class by the first word's first character: bits 0-2. */
export function readOpening(size: i32): u32 {
  const end = RAW + size;
  let starts: u32 = 0;
  let visible = false;
  for (let at = RAW; at < end; at += sequenceLength(load<u8>(at))) {
    const kind = classOf(narrow(decode(at)));
    if (isInvisible(kind)) continue;
    if (!visible) {
      visible = true;
      if (kind & CAPITAL) starts = 8;
    }
    const base = kind & CLASS_MASK;
    if (base == LETTER) return starts | (kind & CAPITAL ? CAPITAL_OPENING : LOWER_OPENING);
    if (base == DIGIT || base == HAN || base == KANA) return starts | OTHER_OPENING;
  }
  return starts | OTHER_OPENING;
}

/** Class of the last visible character, 0 when there is none. */
export function readEnding(size: i32): u32 {
  let at = RAW + size;
  while (at > RAW) {
    at--;
    while ((load<u8>(at) & 0xc0) == 0x80) at--;
    const cp = narrow(decode(at));
    const kind = classOf(cp);
    if (isInvisible(kind)) continue;
    if (cp == 0x2e || cp == 0x3002 || cp == 0x964 || cp == 0x6d4) return 1;
    if (cp == 0x3f || cp == 0x61f) return 2;
    if (cp == 0x21) return 3;
    if (cp == 0x3a) return 4;
    if (cp == 0x3b) return 5;
    if (cp == 0x2c || cp == 0x60c || cp == 0x3001) return 6;
    if (cp == 0x29) return 7;
    if (cp == 0x22 || cp == 0x27 || cp == 0x2019 || cp == 0x201d || cp == 0xbb || cp == 0x300d || cp == 0x300f) return 8;
    const base = kind & CLASS_MASK;
    if (base == DIGIT) return 9;
    if (base == LETTER || base == HAN || base == KANA) return 10;
    return 11;
  }
  return 0;
}
