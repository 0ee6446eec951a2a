import { NgramTable } from './ngram-table.js';
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

/** Most tokens that a collector takes: at a context of four its tables then hold about 1.5 GiB, and what it collects 1.4. */
export const MAX_TOKENS = 50_000_000;

const MAX_CONTEXT = 16;
const START_TOKENS = 1024;
/** Claims that wait for one another. */
const MAX_PENDING = 1 << 23;

/** What the n-gram that begins at a place of the stream is. */
const NOTHING = 0;
const CLAIMED = 1;
const EXCLUDED = 2;
const KEPT = 3;

/**
 * Gathers the n-grams of a corpus, each once. What repeats within a text, across texts, or in what was excluded (a
 * prompt, say, whose marks a model may have copied) is left out: equal n-grams have equal scores, and counting
 * them twice makes evidence out of repetition.
 */
export class NgramCollector {
  readonly #options: NgramOptions;
  readonly #table: NgramTable;
  /** Every text after its padding. */
  #stream = new Int32Array(START_TOKENS);
  #kinds = new Uint8Array(START_TOKENS);
  #end = 0;
  /** First place whose n-gram has not been looked up. */
  #looked = 0;
  /** Where scored texts begin in the stream. */
  readonly #starts: number[] = [];
  #kept = 0;
  #repeated = 0;
  #unscored = 0;
  #taken = 0;

  /** @throws PhalanxError `MARK_ARGUMENT` when the context is not of 0 to 16 tokens. */
  constructor(options: NgramOptions) {
    requireInteger(options.contextWidth, 'context width', 0, MAX_CONTEXT);
    this.#options = options;
    const byContext = options.unit === 'context' && options.contextWidth > 0;
    this.#table = new NgramTable(options.contextWidth + (byContext ? 0 : 1));
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
    const start = this.#append(tokens);
    this.#starts.push(start);
    const first = this.#firstWhole(tokens.length);
    this.#kinds.fill(CLAIMED, start + first, start + tokens.length);
    this.#unscored += first;
    if (mask === undefined) return;
    for (let at = first; at < tokens.length; at++) {
      if (mask[at] !== 0) continue;
      this.#kinds[start + at] = NOTHING;
      this.#unscored++;
    }
  }

  /** Makes the n-grams of a text count as seen, here and in every text added later. */
  exclude(tokens: Int32Array): void {
    const start = this.#append(tokens);
    this.#kinds.fill(EXCLUDED, start + this.#firstWhole(tokens.length), start + tokens.length);
  }

  /** N-grams gathered so far that are scored. */
  get size(): number {
    this.#lookUp();
    return this.#kept;
  }

  /** What has been gathered so far. */
  collect(): Ngrams {
    this.#lookUp();
    const width = this.#options.contextWidth + 1;
    const stream = this.#stream;
    const tokens = new Int32Array(this.#kept * width);
    const text = new Uint32Array(this.#kept);
    const position = new Uint32Array(this.#kept);
    const kinds = this.#kinds;
    let row = 0;
    let to = 0;
    for (let index = 0; index < this.#starts.length; index++) {
      const start = this.#starts[index]!;
      // What was excluded between two texts holds nothing that is kept.
      const end = this.#starts[index + 1] ?? this.#end;
      const first = row;
      for (let place = start; place < end; place++) {
        if (kinds[place] !== KEPT) continue;
        const last = place + width;
        let at = place;
        for (; at + 4 <= last; at += 4, to += 4) {
          tokens[to] = stream[at]!;
          tokens[to + 1] = stream[at + 1]!;
          tokens[to + 2] = stream[at + 2]!;
          tokens[to + 3] = stream[at + 3]!;
        }
        for (; at < last; at++) tokens[to++] = stream[at]!;
        position[row++] = place - start;
      }
      text.fill(index, first, row);
    }
    const { repeated, unscored } = { repeated: this.#repeated, unscored: this.#unscored };
    return { width, count: this.#kept, tokens, text, position, repeated, unscored };
  }

  /** First token of a text that has a whole context. */
  #firstWhole(length: number): number {
    return this.#options.padding === null ? Math.min(this.#options.contextWidth, length) : 0;
  }

  /** Puts a text into the stream, behind its padding; where its first n-gram begins. */
  #append(tokens: Int32Array): number {
    this.#taken += tokens.length;
    demand(
      this.#taken <= MAX_TOKENS,
      'MARK_LIMIT',
      `more than ${MAX_TOKENS} tokens`,
      'Test a sample, or parts of the corpus under one union bound.',
    );
    if (this.#end - this.#looked > MAX_PENDING) this.#lookUp();
    const { contextWidth, padding } = this.#options;
    const start = this.#end;
    const end = start + contextWidth + tokens.length;
    if (end > this.#stream.length) {
      const size = Math.max(end, 2 * this.#stream.length);
      this.#stream = grow(this.#stream, new Int32Array(size));
      this.#kinds = grow(this.#kinds, new Uint8Array(size));
    }
    this.#stream.fill(padding ?? 0, start, start + contextWidth);
    this.#stream.set(tokens, start + contextWidth);
    this.#end = end;
    return start;
  }

  /** Looks up what has been claimed or excluded since it was called last. */
  #lookUp(): void {
    const kinds = this.#kinds;
    let count = 0;
    for (let place = this.#looked; place < this.#end; place++) if (kinds[place] !== NOTHING) count++;
    const places = new Uint32Array(count);
    for (let place = this.#looked, to = 0; place < this.#end; place++) {
      if (kinds[place] === NOTHING) continue;
      places[to++] = place;
      if (kinds[place] !== CLAIMED) continue;
      kinds[place] = KEPT;
      this.#kept++;
    }
    this.#table.claim(this.#stream, places, (place) => {
      if (kinds[place] === KEPT) {
        this.#kept--;
        this.#repeated++;
      }
      kinds[place] = NOTHING;
    });
    this.#looked = this.#end;
  }
}

function grow<A extends Int32Array | Uint8Array>(from: A, to: A): A {
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
