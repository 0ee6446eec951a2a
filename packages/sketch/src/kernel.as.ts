// Entry of the sketch kernel. The host writes UTF-8 at RAW, calls, and reads OUT. Specification:
// docs/spec/template-fingerprint.md.

import { addBenchmark, benchmarkSlots, countHits, openBenchmark, sampleShingles } from './kernel/benchmark.as';
import {
  CLASSES, CONTENT_LENGTH, CONTINUES, FOLDS, HAN_WORD, IDENTIFIER_KEY, JOINED, KEYS, NUMBER, OPENING_SHIFT, OUT,
  PROBLEM_CUE, PUBLIC_KEYS, RAW, RAW_CAPACITY, SHINGLES, STOP_WORD, TEXT_KEY, TRIE_SLOTS, WORDS, WORD_FLAGS, BENCHMARK,
} from './kernel/layout.as';
import { fillLanes, readShingles } from './kernel/minhash.as';
import { lineBreaks, marks, normalise } from './kernel/normaliser.as';
import { addWords, combine, findKey, matchPhrases } from './kernel/phrases.as';
import { readEnding, readOpening } from './kernel/shape.as';
import { absorb, finishSipHash, finishWide, sipHash, startSipHash } from './kernel/siphash.as';
import { finishTopics, offerTopic, startTopics } from './kernel/topics.as';
import { joinedEnd, readWords } from './kernel/words.as';

export { BENCHMARK, CLASSES, FOLDS, IDENTIFIER_KEY, KEYS, OUT, PUBLIC_KEYS, RAW, RAW_CAPACITY, SHINGLES, TRIE_SLOTS };
export { absorb, finishSipHash, finishWide, openBenchmark, startSipHash };

// Offsets in OUT.
const OUT_HASH: usize = 0;
const OUT_SHAPE: usize = 8;
const OUT_INTENTS: usize = 12;
const OUT_LANES: usize = 16;
const OUT_TOPICS: usize = 80;

const WINDOW: i32 = 40;
const DIRECTIVE: u32 = 64;
const PROBLEM: u32 = 128;
const BENCHMARK_INTENT: u32 = 512;
const IMPERATIVE: u32 = 2;
const QUESTION_MARK: u32 = 2;
/** Opening number in the trie: 0 none, 1-4 the classes 0-3, 5 "please", which is no class of its own. */
const PLEASE: u32 = 5;

function writeHash(words: i32): void {
  let hash: u64 = 0;
  if (words > 0) {
    hash = sipHash(KEYS + TEXT_KEY, JOINED, <i32>(joinedEnd - JOINED));
    if (hash == 0) hash = 1;
  }
  store<u64>(OUT + OUT_HASH, hash);
}

/** Enters the phrase at RAW into the trie; returns the slots in use. */
export function addPhrase(size: i32, value: u32): u32 {
  return addWords(readWords(normalise(size), KEYS), value);
}

export function addBenchmarks(count: i32): void {
  for (let i = 0; i < count; i++) addBenchmark(load<u64>(RAW + (<usize>i << 3)));
}

/** Samples the benchmark shingles of the text at RAW into SHINGLES; returns how many. */
export function readBenchmark(size: i32): i32 {
  return sampleShingles(readWords(normalise(size), PUBLIC_KEYS));
}

/** `units` is the length of the whole text in UTF-16 code units. */
export function sketchPrompt(size: i32, units: i32): void {
  const foldedEnd = normalise(size);
  const words = readWords(foldedEnd, KEYS);
  writeHash(words);

  const head = min(words, WINDOW);
  let shingles = readShingles(0, head);
  fillLanes(shingles, 0, OUT + OUT_LANES);
  if (words > WINDOW) shingles = readShingles(words - WINDOW, words);
  fillLanes(shingles, 32, OUT + OUT_LANES + 32);

  startTopics();
  let found: u32 = 0;
  let numbers: i32 = 0;
  for (let i = 0; i < words; i++) {
    const word = load<u64>(WORDS + (<usize>i << 3));
    const flags = load<u32>(WORD_FLAGS + (<usize>i << 2));
    const value = findKey(word);
    found |= value;
    if (value & CONTINUES) found |= matchPhrases(i, words, value);
    if (flags & CONTENT_LENGTH) {
      if ((value & STOP_WORD) == 0) offerTopic(word);
    } else if (flags & NUMBER) {
      numbers++;
      offerTopic(word);
    } else if (flags & HAN_WORD && i + 1 < words && load<u32>(WORD_FLAGS + (<usize>i << 2), 4) & HAN_WORD) {
      offerTopic(combine(word, load<u64>(WORDS + (<usize>i << 3), 8)));
    }
  }
  finishTopics(OUT + OUT_TOPICS);

  let intents = (found & 0xffff) | marks;
  let opening = readOpening(size);
  if (words > 0) {
    const named = findKey(load<u64>(WORDS)) >> OPENING_SHIFT;
    if (named == PLEASE) {
      if (words > 1 && findKey(load<u64>(WORDS, 8)) >> OPENING_SHIFT == IMPERATIVE + 1) intents |= DIRECTIVE;
    } else if (named > 0) {
      opening = (opening & 8) | (named - 1);
      if (named == IMPERATIVE + 1) intents |= DIRECTIVE;
    }
  }
  const ending = readEnding(size);
  if ((numbers >= 2 && ending == QUESTION_MARK) || (numbers >= 1 && found & PROBLEM_CUE)) intents |= PROBLEM;
  const octave = units > 0 ? min<i32>(31 - clz(units), 20) : 0;
  store<u32>(OUT + OUT_SHAPE, opening | (ending << 4) | (<u32>octave << 8) | (min<u32>(lineBreaks, 3) << 13));

  if (benchmarkSlots > 0 && words >= 8) {
    const hits = countHits(sampleShingles(readWords(foldedEnd, PUBLIC_KEYS)));
    if (hits >= 2 || (hits == 1 && words < 24)) intents |= BENCHMARK_INTENT;
  }
  store<u32>(OUT + OUT_INTENTS, intents);
}

export function sketchResponse(size: i32): void {
  const words = readWords(normalise(size), KEYS);
  writeHash(words);
  fillLanes(readShingles(0, words), 64, OUT + OUT_LANES);
}
