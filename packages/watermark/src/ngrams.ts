import { demand, requireInteger } from './watermark-error.js';

/**
 * The n-grams of one or more texts that are scored: rows of `width` tokens, context first, the scored token last.
 * Which are scored depends on the tokens alone and never on a key, so that a test is valid whatever the text repeats.
 */
export interface Ngrams {
  /** Context width + 1. */
  readonly width: number;
  readonly count: number;
  /** `count` rows of `width` tokens. */
  readonly tokens: Int32Array;
  /** Text that a row was first seen in, by the order in which texts were added. */
  readonly text: Uint32Array;
  /** Place of its scored token there. */
  readonly position: Uint32Array;
  /** Tokens left out because their n-gram had been seen. */
  readonly repeated: number;
  /** Tokens left out by a mask, or for want of a whole context. */
  readonly unscored: number;
}

export interface NgramOptions {
  readonly contextWidth: number;
  readonly unit: 'context' | 'ngram';
  readonly padding: number | null;
}

/** Most tokens that a collector takes: its tables then hold about 2.5 GiB at a context of four. */
export const MAX_TOKENS = 50_000_000;

const MAX_CONTEXT = 16;
const START_ROWS = 1024;
const BLOCK = 256;
const GOLDEN = 0x9e3779b1;

/**
 * Gathers the n-grams of a corpus, each once. What repeats within a text, across texts, or in what was excluded (a
 * prompt, say, whose marks a model may have copied) is left out: equal n-grams have equal scores, and counting
 * them twice makes evidence out of repetition.
 */
export class NgramCollector {
  readonly #options: NgramOptions;
  readonly #width: number;
  readonly #unitWidth: number;
  /** Start of every hash, drawn anew, so that nobody can write a text whose n-grams all fall into one slot. */
  readonly #seed = crypto.getRandomValues(new Int32Array(1))[0]!;
  readonly #hashes = new Int32Array(BLOCK + 1);
  #tokens: Int32Array;
  #text: Uint32Array;
  #position: Uint32Array;
  #scored: Uint8Array;
  #rows = 0;
  #kept = 0;
  #texts = 0;
  #repeated = 0;
  #unscored = 0;
  #taken = 0;
  /** A hash and the row that has it, counted from 1; 0 is an empty slot. */
  #slots = new Int32Array(START_ROWS * 4);

  /** @throws PhalanxError `MARK_ARGUMENT` when the context is not of 0 to 16 tokens. */
  constructor(options: NgramOptions) {
    requireInteger(options.contextWidth, 'context width', 0, MAX_CONTEXT);
    this.#options = options;
    this.#width = options.contextWidth + 1;
    this.#unitWidth =
      options.unit === 'context' && options.contextWidth > 0 ? options.contextWidth : this.#width;
    this.#tokens = new Int32Array(START_ROWS * this.#width);
    this.#text = new Uint32Array(START_ROWS);
    this.#position = new Uint32Array(START_ROWS);
    this.#scored = new Uint8Array(START_ROWS);
  }

  /**
   * Adds a text. Tokens with `mask` 0 are not scored but still are context; nothing is scored across two texts.
   *
   * @throws PhalanxError `MARK_LIMIT` beyond `MAX_TOKENS`.
   */
  add(tokens: Int32Array, mask?: Uint8Array): void {
    demand(
      mask === undefined || mask.length === tokens.length,
      'MARK_ARGUMENT',
      'a mask has one entry for each token',
      'Make the mask from the same tokens.',
    );
    this.#walk(tokens, mask, true);
    this.#texts++;
  }

  /** Makes the n-grams of a text count as seen, here and in every text added later. */
  exclude(tokens: Int32Array): void {
    this.#walk(tokens, undefined, false);
  }

  /** N-grams gathered so far that are scored. */
  get size(): number {
    return this.#kept;
  }

  /** What has been gathered so far. */
  collect(): Ngrams {
    const { repeated, unscored } = { repeated: this.#repeated, unscored: this.#unscored };
    const rest = { width: this.#width, count: this.#kept, repeated, unscored };
    // Rows never change once they are written, so views of them are as good as copies.
    if (this.#kept === this.#rows)
      return {
        ...rest,
        tokens: this.#tokens.subarray(0, this.#rows * this.#width),
        text: this.#text.subarray(0, this.#rows),
        position: this.#position.subarray(0, this.#rows),
      };
    const kept = new Uint32Array(this.#kept);
    for (let row = 0, to = 0; row < this.#rows; row++) if (this.#scored[row] === 1) kept[to++] = row;
    return {
      ...rest,
      tokens: pickRows(this.#tokens, this.#width, kept),
      text: kept.map((row) => this.#text[row]!),
      position: kept.map((row) => this.#position[row]!),
    };
  }

  #walk(tokens: Int32Array, mask: Uint8Array | undefined, scored: boolean): void {
    this.#taken += tokens.length;
    demand(
      this.#taken <= MAX_TOKENS,
      'MARK_LIMIT',
      `more than ${MAX_TOKENS} tokens`,
      'Test a sample, or parts of the corpus under one union bound.',
    );
    const { contextWidth, padding } = this.#options;
    const padded = new Int32Array(contextWidth + tokens.length).fill(padding ?? 0, 0, contextWidth);
    padded.set(tokens, contextWidth);
    const first = padding === null ? Math.min(contextWidth, tokens.length) : 0;
    if (scored) this.#unscored += first;
    for (let from = first; from < tokens.length; from += BLOCK) {
      const to = Math.min(from + BLOCK, tokens.length);
      this.#reserve(to - from);
      this.#hashBlock(padded, from, to);
      this.#claimBlock(padded, from, to, mask, scored);
    }
  }

  /**
   * Hashes of the n-grams from one place to another, each of whose slots is touched, all of them before any is looked
   * into: the memory then works on many at a time.
   */
  #hashBlock(padded: Int32Array, from: number, to: number): void {
    const unitWidth = this.#unitWidth;
    const hashes = this.#hashes;
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    const seed = this.#seed;
    let touched = 0;
    for (let at = from; at < to; at++) {
      let hash = seed;
      for (let i = at; i < at + unitWidth; i++) {
        hash = Math.imul(hash ^ padded[i]!, GOLDEN);
        hash ^= hash >>> 15;
      }
      hash = Math.imul(hash, 0x85ebca77);
      hash ^= hash >>> 13;
      hashes[at - from] = hash;
      touched ^= slots[(hash & mask) * 2]!;
    }
    // Stored, or the loads would be optimised away.
    hashes[BLOCK] = touched;
  }

  #claimBlock(
    padded: Int32Array,
    from: number,
    to: number,
    mask: Uint8Array | undefined,
    scored: boolean,
  ): void {
    const width = this.#width;
    const unitWidth = this.#unitWidth;
    const slots = this.#slots;
    const slotMask = slots.length / 2 - 1;
    const rowTokens = this.#tokens;
    const start = this.#rows;
    let rows = start;
    let masked = 0;
    for (let at = from; at < to; at++) {
      if (mask !== undefined && mask[at] === 0) {
        masked++;
        continue;
      }
      const hash = this.#hashes[at - from]!;
      let slot = hash & slotMask;
      let found = slots[slot * 2 + 1]!;
      for (; found !== 0; slot = (slot + 1) & slotMask, found = slots[slot * 2 + 1]!)
        if (slots[slot * 2] === hash && equalTokens(rowTokens, (found - 1) * width, padded, at, unitWidth))
          break;
      if (found !== 0) continue;
      slots[slot * 2] = hash;
      slots[slot * 2 + 1] = rows + 1;
      for (let i = 0, row = rows * width; i < width; i++) rowTokens[row + i] = padded[at + i]!;
      this.#position[rows++] = at;
    }
    this.#text.fill(this.#texts, start, rows);
    this.#scored.fill(scored ? 1 : 0, start, rows);
    this.#rows = rows;
    if (!scored) return;
    this.#kept += rows - start;
    this.#unscored += masked;
    this.#repeated += to - from - masked - (rows - start);
  }

  /** Room for some more rows; slots are at most half full. */
  #reserve(more: number): void {
    let capacity = this.#text.length;
    if (this.#rows + more <= capacity) return;
    while (capacity < this.#rows + more) capacity *= 2;
    this.#tokens = grow(this.#tokens, new Int32Array(capacity * this.#width));
    this.#text = grow(this.#text, new Uint32Array(capacity));
    this.#position = grow(this.#position, new Uint32Array(capacity));
    this.#scored = grow(this.#scored, new Uint8Array(capacity));
    const old = this.#slots;
    const slots = new Int32Array(capacity * 4);
    const mask = capacity * 2 - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = old[from]! & mask;
      while (slots[slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
      slots[slot * 2] = old[from]!;
      slots[slot * 2 + 1] = old[from + 1]!;
    }
    this.#slots = slots;
  }
}

function equalTokens(a: Int32Array, fromA: number, b: Int32Array, fromB: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (a[fromA + i] !== b[fromB + i]) return false;
  return true;
}

function grow<A extends Int32Array | Uint32Array | Uint8Array>(from: A, to: A): A {
  to.set(from);
  return to;
}

/** The n-grams of texts that a mark scores: `NgramCollector` in one call. */
export function collectNgrams(texts: readonly Int32Array[], options: NgramOptions): Ngrams {
  const collector = new NgramCollector(options);
  for (const text of texts) collector.add(text);
  return collector.collect();
}

/** Some of the n-grams, in ascending order of their rows; those left out count as repeated. */
export function selectNgrams(ngrams: Ngrams, rows: Uint32Array): Ngrams {
  return {
    width: ngrams.width,
    count: rows.length,
    tokens: pickRows(ngrams.tokens, ngrams.width, rows),
    text: rows.map((row) => ngrams.text[row]!),
    position: rows.map((row) => ngrams.position[row]!),
    repeated: ngrams.repeated + ngrams.count - rows.length,
    unscored: ngrams.unscored,
  };
}

function pickRows(tokens: Int32Array, width: number, rows: Uint32Array): Int32Array {
  const picked = new Int32Array(rows.length * width);
  for (let to = 0; to < rows.length; to++) {
    const from = rows[to]! * width;
    for (let i = 0; i < width; i++) picked[to * width + i] = tokens[from + i]!;
  }
  return picked;
}
