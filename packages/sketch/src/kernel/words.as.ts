// Pass 2: word boundaries, word hashes, and the words joined by single spaces.

import {
  CLASS_MASK, CONTENT_LENGTH, FOLDED, HAN, HAN_WORD, JOINED, NUMBER, WORDS, WORD_FLAGS, WORD_SEEDS,
} from './layout.as';
import { classOf, decode } from './normaliser.as';

/** End of JOINED after `readWords`. */
export let joinedEnd: usize = 0;

/** Keeps the low `count` (1-8) bytes of a block. */
// @ts-ignore: decorator
@inline
function keepBytes(block: u64, count: usize): u64 {
  return block & (<u64>-1 >> (64 - (<u64>count << 3)));
}

function countCodePoints(at: usize, end: usize): u32 {
  let count: u32 = 0;
  for (; at < end; at++) if ((load<u8>(at) & 0xc0) != 0x80) count++;
  return count;
}

function flagsOf(at: usize, end: usize, ascii: bool): u32 {
  const first: u32 = load<u8>(at);
  if (ascii) {
    if (first <= 0x39) return NUMBER;
    return end - at >= 4 ? CONTENT_LENGTH : 0;
  }
  if (end - at <= 4 && first >= 0xe3 && (classOf(decode(at)) & CLASS_MASK) == HAN) return HAN_WORD;
  if (first <= 0x39) return NUMBER;
  return countCodePoints(at, end) >= 4 ? CONTENT_LENGTH : 0;
}

/**
 * Splits FOLDED up to `end`; fills WORDS, WORD_FLAGS and JOINED; returns the number of words. The keys' word seeds give
 * the hash: (seed ^ length), then for every 8-byte block h = (h ^ block) * m; h ^= h >> 32, then * n and ^ >> 29.
 */
export function readWords(end: usize, keys: usize): i32 {
  const seed = load<u64>(keys + WORD_SEEDS);
  const m = load<u64>(keys + WORD_SEEDS, 8);
  const n = load<u64>(keys + WORD_SEEDS, 16);
  const space = i8x16.splat(0x20);
  let joined = JOINED;
  let hashes = WORDS;
  let flags = WORD_FLAGS;
  let carry: u64 = 0;
  let start: usize = 0;
  for (let base = FOLDED; base < end + 1; base += 64) {
    const separators =
      <u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(base), space))) |
      (<u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(base, 16), space))) << 16) |
      (<u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(base, 32), space))) << 32) |
      (<u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(base, 48), space))) << 48);
    const inside = ~separators;
    let edges = inside ^ ((inside << 1) | carry);
    carry = inside >> 63;
    while (edges) {
      const at = base + <usize>ctz(edges);
      edges &= edges - 1;
      if (at > end) break;
      if (start == 0) {
        start = at;
        continue;
      }
      const length = at - start;
      let h = seed ^ <u64>length;
      let high: u64 = 0;
      let from = start;
      let to = joined;
      while (at - from > 8) {
        const block = load<u64>(from);
        store<u64>(to, block);
        high |= block;
        h = (h ^ block) * m;
        h ^= h >> 32;
        from += 8;
        to += 8;
      }
      const block = keepBytes(load<u64>(from), at - from);
      store<u64>(to, block);
      high |= block;
      h = (h ^ block) * m;
      h ^= h >> 32;
      h *= n;
      h ^= h >> 29;
      joined += length;
      store<u8>(joined++, 0x20);
      store<u64>(hashes, h);
      hashes += 8;
      store<u32>(flags, flagsOf(start, at, (high & 0x8080808080808080) == 0));
      flags += 4;
      start = 0;
    }
  }
  joinedEnd = joined == JOINED ? joined : joined - 1;
  return <i32>((hashes - WORDS) >> 3);
}
