// A trie of word sequences in one open-addressed table, keyed by the running combination of word hashes.

import { CONTINUES, KEYS, TRIE, TRIE_SLOTS, WORDS, WORD_SEEDS } from './layout.as';

let used: u32 = 0;

// @ts-ignore: decorator
@inline
export function combine(key: u64, word: u64): u64 {
  const h = (rotl(key, 23) ^ word) * load<u64>(KEYS + WORD_SEEDS, 24);
  return h ^ (h >> 32);
}

/** Value of a key, 0 when absent. The key 0 would read as an empty slot; it has probability 2^-64. */
export function findKey(key: u64): u32 {
  let slot = <u32>(key >> 51);
  while (true) {
    const entry = TRIE + (<usize>slot << 4);
    const stored = load<u64>(entry);
    if (stored == key) return load<u32>(entry, 8);
    if (stored == 0) return 0;
    slot = (slot + 1) & (TRIE_SLOTS - 1);
  }
}

function addKey(key: u64, value: u32): void {
  let slot = <u32>(key >> 51);
  while (true) {
    const entry = TRIE + (<usize>slot << 4);
    const stored = load<u64>(entry);
    if (stored == 0) {
      store<u64>(entry, key);
      used++;
    }
    if (stored == 0 || stored == key) {
      store<u32>(entry, load<u32>(entry, 8) | value, 8);
      return;
    }
    slot = (slot + 1) & (TRIE_SLOTS - 1);
  }
}

/** Enters the `count` words in WORDS as one phrase; returns the slots in use. */
export function addWords(count: i32, value: u32): u32 {
  if (count <= 0) return used;
  let key = load<u64>(WORDS);
  for (let i = 1; i < count; i++) {
    addKey(key, CONTINUES);
    key = combine(key, load<u64>(WORDS + (<usize>i << 3)));
  }
  addKey(key, value);
  return used;
}

/** OR of the values of all phrases of two or more words that start at word `i`, whose own value is `value`. */
export function matchPhrases(i: i32, count: i32, value: u32): u32 {
  let found: u32 = 0;
  let key = load<u64>(WORDS + (<usize>i << 3));
  while (value & CONTINUES && ++i < count) {
    key = combine(key, load<u64>(WORDS + (<usize>i << 3)));
    value = findKey(key);
    found |= value;
  }
  return found;
}
