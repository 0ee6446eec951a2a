// Bottom-8 sample of content words and numbers, ordered by one keyed hash and named by another.

import { KEYS, TOPIC_KEY, TOPIC_SEEDS } from './layout.as';
import { sipHash } from './siphash.as';

const SLOTS: usize = 512;
const MESSAGE: usize = 640;
let kept: i32 = 0;
let limit: u64 = <u64>-1;

export function startTopics(): void {
  kept = 0;
  limit = <u64>-1;
}

/** Offers a word hash; keeps the 8 smallest distinct orders in SLOTS, ascending. */
export function offerTopic(word: u64): void {
  const order = (word ^ load<u64>(KEYS + TOPIC_SEEDS)) * load<u64>(KEYS + TOPIC_SEEDS, 8);
  if (order >= limit) return;
  let i = kept;
  while (i > 0 && load<u64>(SLOTS + (<usize>(i - 1) << 3)) > order) i--;
  if (i > 0 && load<u64>(SLOTS + (<usize>(i - 1) << 3)) == order) return;
  if (kept < 8) kept++;
  for (let j = kept - 1; j > i; j--)
    store<u64>(SLOTS + (<usize>j << 3), load<u64>(SLOTS + (<usize>(j - 1) << 3)));
  store<u64>(SLOTS + (<usize>i << 3), order);
  if (kept == 8) limit = load<u64>(SLOTS, 56);
}

/** Writes 8 little-endian u16: the values ascending, then zeros. */
export function finishTopics(out: usize): void {
  v128.store(out, i8x16.splat(0));
  for (let i = 0; i < kept; i++) {
    store<u64>(MESSAGE, load<u64>(SLOTS + (<usize>i << 3)));
    let value = <u32>sipHash(KEYS + TOPIC_KEY, MESSAGE, 8) & 0xffff;
    if (value == 0) value = 1;
    let j: i32 = i;
    while (j > 0 && <u32>load<u16>(out + (<usize>(j - 1) << 1)) > value) {
      store<u16>(out + (<usize>j << 1), load<u16>(out + (<usize>(j - 1) << 1)));
      j--;
    }
    store<u16>(out + (<usize>j << 1), <u16>value);
  }
}
