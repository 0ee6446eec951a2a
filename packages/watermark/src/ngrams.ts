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

/** Most tokens that a collector takes: its table then holds about 1.5 GiB at a context of four. */
export const MAX_TOKENS = 50_000_000;

const MAX_CONTEXT = 16;
const START_ROWS = 1024;
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
  #slots = new Uint32Array(START_ROWS * 2);

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

  /** What has been gathered so far. */
  collect(): Ngrams {
    const width = this.#width;
    const tokens = new Int32Array(this.#kept * width);
    const text = new Uint32Array(this.#kept);
    const position = new Uint32Array(this.#kept);
    let to = 0;
    for (let row = 0; row < this.#rows; row++) {
      if (this.#scored[row] === 0) continue;
      tokens.set(this.#tokens.subarray(row * width, (row + 1) * width), to * width);
      text[to] = this.#text[row]!;
      position[to++] = this.#position[row]!;
    }
    const { repeated, unscored } = { repeated: this.#repeated, unscored: this.#unscored };
    return { width, count: this.#kept, tokens, text, position, repeated, unscored };
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
    for (let at = 0; at < tokens.length; at++) {
      if ((at < contextWidth && padding === null) || (mask !== undefined && mask[at] === 0)) {
        if (scored) this.#unscored++;
        continue;
      }
      this.#reserve();
      const row = this.#rows * this.#width;
      for (let back = contextWidth; back >= 0; back--)
        this.#tokens[row + contextWidth - back] = at >= back ? tokens[at - back]! : padding!;
      if (!this.#claim(row)) {
        if (scored) this.#repeated++;
        continue;
      }
      this.#text[this.#rows] = this.#texts;
      this.#position[this.#rows] = at;
      this.#scored[this.#rows] = scored ? 1 : 0;
      this.#rows++;
      if (scored) this.#kept++;
    }
  }

  /** Takes a slot for the row that is being added; false when its unit is there already. */
  #claim(row: number): boolean {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(row) & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask)
      if (this.#equal(row, (this.#slots[slot]! - 1) * this.#width)) return false;
    this.#slots[slot] = this.#rows + 1;
    return true;
  }

  #hash(row: number): number {
    let hash = 0;
    for (let i = 0; i < this.#unitWidth; i++) {
      hash = Math.imul(hash ^ this.#tokens[row + i]!, GOLDEN);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0x85ebca77);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  #equal(a: number, b: number): boolean {
    for (let i = 0; i < this.#unitWidth; i++) if (this.#tokens[a + i] !== this.#tokens[b + i]) return false;
    return true;
  }

  /** Room for one more row; slots are at most half full. */
  #reserve(): void {
    if (this.#rows < this.#text.length) return;
    const rows = this.#text.length * 2;
    this.#tokens = grow(this.#tokens, new Int32Array(rows * this.#width));
    this.#text = grow(this.#text, new Uint32Array(rows));
    this.#position = grow(this.#position, new Uint32Array(rows));
    this.#scored = grow(this.#scored, new Uint8Array(rows));
    this.#slots = new Uint32Array(rows * 2);
    const mask = this.#slots.length - 1;
    for (let row = 0; row < this.#rows; row++) {
      let slot = this.#hash(row * this.#width) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = row + 1;
    }
  }
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
