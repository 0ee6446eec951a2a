import type { MarkTest } from './detect/log-p.js';
import type { Ngrams } from './ngrams.js';

/**
 * How the value that a mark's key gives an n-gram is distributed when text and key have nothing to do with one another.
 * Every test of the package rests on this and on nothing else.
 *
 * - `uniform`: u in [0, 1), the lower edge of its cell when the dialect's numbers are discrete. A uniform variable on
 *   [0, 1) is at least as large in distribution, so sums of increasing functions of u have conservative tails.
 *   A mark pushes u towards 1. `streams` values an n-gram, independent of one another (two for dual keys).
 * - `green`: 1 with probability at most `gamma`, else 0. A mark pushes towards 1.
 * - `layers`: `layers` fair bits in words of 32, layer 0 in bit 0 of the first word. A mark pushes each towards 1.
 */
export type Pivot =
  | { readonly kind: 'uniform'; readonly streams: 1 | 2 }
  | { readonly kind: 'green'; readonly gamma: number }
  | { readonly kind: 'layers'; readonly layers: number };

/** Numbers that `Mark.read` returns for each n-gram. */
export function valuesPerNgram(pivot: Pivot): number {
  if (pivot.kind === 'uniform') return pivot.streams;
  return pivot.kind === 'green' ? 1 : Math.ceil(pivot.layers / 32);
}

/** Tokens that may come next, ascending by id, and ln of their probabilities; `reshape` works in place. */
export interface Candidates {
  readonly tokens: Int32Array;
  /** -Infinity: cannot come. Need not be normalised. */
  readonly logProbabilities: Float64Array;
}

/** One scheme in one dialect under one key: reads tokens, and shapes what a sampler draws from. Not re-entrant. */
export interface Mark {
  readonly pivot: Pivot;
  /** Tokens before the scored one that the key's function sees; 0 for a fixed list. */
  readonly contextWidth: number;
  /** Token that stands before the start of a text; null: tokens without a whole context are not marked. */
  readonly padding: number | null;
  /** Which n-grams count once: those with equal context, or with equal context and token. */
  readonly unit: 'context' | 'ngram';
  /**
   * The pivot's value of each n-gram, `valuesPerNgram(pivot)` numbers a row.
   *
   * @throws PhalanxError `MARK_ARGUMENT` when the n-grams are of another width.
   */
  read(ngrams: Ngrams): Float64Array;
  /**
   * Shapes the distribution of the next token after `context` (exactly `contextWidth` tokens, the last one latest).
   * Schemes that choose leave one token. `random` in [0, 1) is for schemes that route between keys.
   */
  reshape(context: Int32Array, candidates: Candidates, random: () => number): void;
  /** Two streams: the share of tokens that the second one chooses when text is generated. */
  readonly secondShare?: number;
  /**
   * The n-grams of which no two share a draw of the keyed function, where a dialect's function sees less than the
   * n-gram. `read` gives the others the least value, which keeps every test valid; leaving them out saves its power.
   */
  distinct?(ngrams: Ngrams): Ngrams;
  /**
   * The exact test of the key on n-grams, where `pivot` holds for one n-gram but not for all together, because n-grams
   * share values: then no test on the values of `read` is valid, and this one stands in for it.
   */
  test?(ngrams: Ngrams): MarkTest;
}
