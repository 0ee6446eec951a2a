import { openWasm, WASM_PAGE_BYTES, type WasmConstant } from '@phalanx/core';
import { Intent } from '@phalanx/domain';
import { buildClassTable, buildFoldTable } from './character-classes.js';
import { KERNEL_BASE64 } from './kernel.wasm.js';
import { expandKey, PUBLIC_BENCHMARK_KEY } from './key-schedule.js';
import { LEXICON, PROBLEM_CUES } from './lexicon.js';
import { OPENING_WORDS } from './opening-words.js';
import { STOP_WORDS } from './stop-words.js';

/** What the kernel exports; addresses are WebAssembly globals. Semantics: kernel.as.ts. */
interface KernelExports {
  readonly RAW: WasmConstant;
  readonly RAW_CAPACITY: WasmConstant;
  readonly OUT: WasmConstant;
  readonly KEYS: WasmConstant;
  readonly PUBLIC_KEYS: WasmConstant;
  readonly IDENTIFIER_KEY: WasmConstant;
  readonly CLASSES: WasmConstant;
  readonly FOLDS: WasmConstant;
  readonly SHINGLES: WasmConstant;
  readonly BENCHMARK: WasmConstant;
  readonly TRIE_SLOTS: WasmConstant;
  addPhrase(size: number, value: number): number;
  addBenchmarks(count: number): void;
  openBenchmark(slots: number): void;
  readBenchmark(size: number): number;
  sketchPrompt(size: number, units: number): void;
  sketchResponse(size: number): void;
  startSipHash(key: number, wide: boolean): void;
  absorb(at: number, size: number): void;
  finishSipHash(at: number, size: number, total: number, wide: boolean): bigint;
  finishWide(): bigint;
}

/** One instance with its memory: not re-entrant, cheap to call. */
export interface Kernel {
  readonly exports: KernelExports;
  readonly bytes: Uint8Array;
  readonly raw: number;
  readonly out: number;
  /** Writes a text at RAW, head and tail only when it is longer than 64 KiB of UTF-8; returns its size in bytes. */
  writeText(text: string): number;
}

/** Longest text taken whole, in bytes of UTF-8. */
export const WHOLE_BYTES = 65_536;
/** What is kept of a longer text's start, in bytes of UTF-8. */
export const HEAD_BYTES = 49_152;
/** What is kept of its end: 16 KiB less the space that separates the two. */
export const TAIL_BYTES = 16_383;

// Trie values, as in kernel/layout.as.ts.
const PROBLEM_CUE = 1 << 16;
const STOP_WORD = 1 << 17;
const OPENING_SHIFT = 20;
const OPENINGS = ['question', 'auxiliary', 'imperative', 'i', 'please'] as const;

const encoder = new TextEncoder();
let tables: { classes: Uint8Array; folds: Uint16Array } | undefined;

/** Instantiates the kernel under a 32-byte key, with room for `benchmarkSlots` (a power of two, or 0) hashes. */
export function openKernel(key: Uint8Array, benchmarkSlots = 0): Kernel {
  tables ??= { classes: buildClassTable(), folds: buildFoldTable() };
  const pages = 30 + Math.ceil((benchmarkSlots * 8) / WASM_PAGE_BYTES);
  const { exports, buffer } = openWasm<KernelExports>(KERNEL_BASE64, pages);
  const bytes = new Uint8Array(buffer);
  const raw = exports.RAW.value;
  bytes.set(tables.classes, exports.CLASSES.value);
  bytes.set(new Uint8Array(tables.folds.buffer), exports.FOLDS.value);
  bytes.set(expandKey(key), exports.KEYS.value);
  bytes.set(expandKey(PUBLIC_BENCHMARK_KEY), exports.PUBLIC_KEYS.value);
  if (benchmarkSlots > 0) exports.openBenchmark(benchmarkSlots);

  const whole = bytes.subarray(raw, raw + WHOLE_BYTES);
  const head = bytes.subarray(raw, raw + HEAD_BYTES);
  const writeText = (text: string): number => {
    const { read, written } = encoder.encodeInto(text, whole);
    return read === text.length ? written : writeEnds(text, bytes, raw, head);
  };
  const kernel: Kernel = { exports, bytes, raw, out: exports.OUT.value, writeText };
  loadPhrases(kernel);
  return kernel;
}

/** A space stands between head and tail; both are cut back to whole code points. */
function writeEnds(text: string, bytes: Uint8Array, raw: number, head: Uint8Array): number {
  const { written } = encoder.encodeInto(text, head);
  const end = encoder.encode(text.slice(-TAIL_BYTES));
  let from = Math.max(0, end.length - TAIL_BYTES);
  while (from < end.length && (end[from]! & 0xc0) === 0x80) from++;
  const tail = end.subarray(from);
  bytes[raw + written] = 0x20;
  bytes.set(tail, raw + written + 1);
  return written + 1 + tail.length;
}

function loadPhrases(kernel: Kernel): void {
  const add = (phrase: string, value: number) => {
    const used = kernel.exports.addPhrase(kernel.writeText(phrase), value);
    // Linear probing degrades and finally never ends in a full table.
    if (used * 2 > kernel.exports.TRIE_SLOTS.value) throw new RangeError('phrase table is full');
  };
  for (const word of STOP_WORDS) add(word, STOP_WORD);
  for (const phrase of PROBLEM_CUES) add(phrase, PROBLEM_CUE);
  for (const [intent, phrases] of Object.entries(LEXICON))
    for (const phrase of phrases) add(phrase, Intent[intent as keyof typeof LEXICON]);
  OPENINGS.forEach((opening, index) => {
    for (const word of OPENING_WORDS[opening]) add(word, (index + 1) << OPENING_SHIFT);
  });
}
