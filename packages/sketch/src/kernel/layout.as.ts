// Where things lie in linear memory. Every address is fixed, so the kernel never allocates.

/** Results of the last call: see the offsets used in kernel.as.ts. */
export const OUT: usize = 1024;
/** Key material, 1280 bytes, laid out by key-schedule.ts. */
export const KEYS: usize = 2048;
/** Key material of the public benchmark hash, same layout. */
export const PUBLIC_KEYS: usize = 4096;
/** Folding of code points below 0x600, then of 0x1E00-0x1FFF: u16 each. */
export const FOLDS: usize = 8192;
export const HIGH_FOLDS: usize = FOLDS + 0x600 * 2;
/** One class byte for every code point of the Basic Multilingual Plane. */
export const CLASSES: usize = 16384;
/** Phrase trie: TRIE_SLOTS entries of (u64 key, u32 value, u32 unused). */
export const TRIE: usize = 98304;
export const TRIE_SLOTS: u32 = 8192;
/** The text as UTF-8; zero padding follows. */
export const RAW: usize = 262144;
export const RAW_CAPACITY: i32 = 65536;
/** Folded text with every separator replaced by spaces. At most 5/3 of the input: a 3-byte ideograph takes 5 bytes. */
export const FOLDED: usize = 344064;
/** Words joined by one space. */
export const JOINED: usize = 475136;
/** u64 hash of each word; at most 32,768 words fit in RAW_CAPACITY, ideographs fewer. */
export const WORDS: usize = 606208;
/** u32 flags of each word. */
export const WORD_FLAGS: usize = 1130496;
/** u32 hash of each shingle, or u64 hashes of sampled benchmark shingles. */
export const SHINGLES: usize = 1392640;
/** Benchmark table starts here; its size is set by the index. */
export const BENCHMARK: usize = 1966080;

// Offsets in the key material.
export const TEXT_KEY: usize = 0;
export const IDENTIFIER_KEY: usize = 16;
export const TOPIC_KEY: usize = 32;
export const WORD_SEEDS: usize = 48;
export const SHINGLE_SEEDS: usize = 80;
export const TOPIC_SEEDS: usize = 104;
export const LANE_A: usize = 128;
export const LANE_B: usize = 512;
export const LANE_C: usize = 896;

// Character classes (character-classes.ts) and the flag for capitals.
export const SEPARATOR: u32 = 0;
export const LETTER: u32 = 1;
export const DIGIT: u32 = 2;
export const DROPPED: u32 = 3;
export const HAN: u32 = 4;
export const KANA: u32 = 5;
export const SPACE: u32 = 6;
export const CLASS_MASK: u32 = 7;
export const CAPITAL: u32 = 8;

// Word flags.
export const CONTENT_LENGTH: u32 = 1;
export const NUMBER: u32 = 2;
export const HAN_WORD: u32 = 4;

// Trie values: bits 0-15 intents, then these.
export const PROBLEM_CUE: u32 = 1 << 16;
export const STOP_WORD: u32 = 1 << 17;
export const CONTINUES: u32 = 1 << 18;
export const OPENING_SHIFT: u32 = 20;
