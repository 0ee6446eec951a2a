import type { Ngrams } from '../ngrams.js';
import { demand, requireInteger } from '../watermark-error.js';

/**
 * N-grams with weights that no key had a part in, context by context: what a linear statistic sums scores over.
 * Rows of context `c` run from `starts[c]` to `starts[c + 1]`.
 */
export interface WeightedNgrams {
  readonly ngrams: Ngrams;
  readonly weights: Float64Array;
  readonly starts: Uint32Array;
}

/** Most n-grams that a table holds. */
export const MAX_WEIGHTED_NGRAMS = 20_000_000;

/** Gathers contexts, each once, with the tokens that may follow and a weight for each of these. */
export class WeightedNgramTable {
  readonly contextWidth: number;
  readonly #seen = new Set<string>();
  readonly #contexts: number[] = [];
  readonly #tokens: number[] = [];
  readonly #weights: number[] = [];
  readonly #starts: number[] = [0];

  /** @throws PhalanxError `MARK_ARGUMENT` when contexts are not of 1 to 16 tokens: a mark without context has one list for all. */
  constructor(contextWidth: number) {
    requireInteger(contextWidth, 'context width', 1, 16);
    this.contextWidth = contextWidth;
  }

  /** Contexts that were added. */
  get size(): number {
    return this.#starts.length - 1;
  }

  /** Lets every context of a text, of a prompt say, count as seen. */
  exclude(text: Int32Array): void {
    for (let end = this.contextWidth; end <= text.length; end++)
      this.#seen.add(text.subarray(end - this.contextWidth, end).join());
  }

  /** Whether a context of exactly `contextWidth` tokens was neither excluded nor claimed; from then on it is. */
  claim(context: Int32Array): boolean {
    demand(
      context.length === this.contextWidth,
      'MARK_ARGUMENT',
      `a context has ${this.contextWidth} tokens`,
      'Cut it.',
    );
    const name = context.join();
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    return true;
  }

  /** Adds a claimed context: tokens, each once, with weights. @throws PhalanxError `MARK_LIMIT` */
  add(context: Int32Array, weights: Iterable<readonly [token: number, weight: number]>): void {
    for (const [token, weight] of weights) {
      this.#tokens.push(token);
      this.#weights.push(weight);
    }
    demand(
      this.#weights.length <= MAX_WEIGHTED_NGRAMS,
      'MARK_LIMIT',
      `more than ${MAX_WEIGHTED_NGRAMS} n-grams`,
      'Ask for fewer contexts, or for fewer candidates of each.',
    );
    this.#contexts.push(...context);
    this.#starts.push(this.#weights.length);
  }

  /** The rows of contexts added from the `from`th on. */
  collect(from = 0): WeightedNgrams {
    const width = this.contextWidth + 1;
    const first = this.#starts[from]!;
    const count = this.#weights.length - first;
    const tokens = new Int32Array(count * width);
    const text = new Uint32Array(count);
    for (let c = from; c < this.size; c++)
      for (let row = this.#starts[c]!; row < this.#starts[c + 1]!; row++) {
        const to = (row - first) * width;
        for (let i = 0; i < this.contextWidth; i++)
          tokens[to + i] = this.#contexts[c * this.contextWidth + i]!;
        tokens[to + this.contextWidth] = this.#tokens[row]!;
        text[row - first] = c - from;
      }
    return {
      ngrams: { width, count, tokens, text, position: new Uint32Array(count), repeated: 0, unscored: 0 },
      weights: Float64Array.from(this.#weights.slice(first)),
      starts: Uint32Array.from(this.#starts.slice(from), (start) => start - first),
    };
  }
}
