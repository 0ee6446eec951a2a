import { findRepeatedDraws, listFirstDraws } from '../detect/repeated-draws.js';
import { type Ngrams, selectNgrams } from '../ngrams.js';
import { refuse, requireWidth } from '../watermark-error.js';

/** How a dialect of torch's generator makes a seed of 32 bits out of tokens under its key. */
export interface ContextSeed {
  /** Tokens of the window that it sees; the window starts at `from`. */
  readonly window: number;
  /** Whether the last token of the window is the one that is scored ("self-salted"). */
  readonly salted: boolean;
  /** How many lists there are, if they are few: over the key, a token is then green in its share of just these. */
  readonly lists?: number;
  seed(tokens: Int32Array, from: number): number;
  /**
   * False where the seed is the same under every key, so that the value says nothing about this one: whoever knows the
   * function can write text that is green for all. Absent: always true.
   */
  isKeyed?(tokens: Int32Array, from: number): boolean;
}

/** Tokens before the scored one that the seed depends on. */
export function contextWidthOf(seed: ContextSeed): number {
  return seed.salted ? seed.window - 1 : seed.window;
}

/** N-grams by what their seeds are. */
export interface SeededNgrams {
  /** One a row of the n-grams. */
  readonly seeds: Uint32Array;
  /** Rows that count: the key matters, and no earlier row has their seed and token. */
  readonly rows: Uint32Array;
}

/**
 * Seeds of n-grams, and which of them count.
 *
 * @throws PhalanxError `MARK_ARGUMENT` for n-grams of another width or with negative tokens.
 */
export function seedNgrams(seed: ContextSeed, ngrams: Ngrams): SeededNgrams {
  const { width, count, tokens } = ngrams;
  requireWidth(ngrams, contextWidthOf(seed));
  const seeds = new Uint32Array(count);
  const draws = new Uint32Array(count * 2);
  for (let row = 0; row < count; row++) {
    const from = row * width;
    for (let i = from; i < from + width; i++) if (tokens[i]! < 0) refuseToken();
    seeds[row] = seed.seed(tokens, from);
    draws[row * 2] = seeds[row]!;
    draws[row * 2 + 1] = tokens[from + width - 1]!;
  }
  const left = findRepeatedDraws(draws, 2);
  if (seed.isKeyed !== undefined)
    for (let row = 0; row < count; row++) if (!seed.isKeyed(tokens, row * width)) left[row] = 1;
  return { seeds, rows: listFirstDraws(left) };
}

/** The n-grams that count: see `Mark.distinct`. */
export function takeDistinct(seed: ContextSeed, ngrams: Ngrams): Ngrams {
  const { rows } = seedNgrams(seed, ngrams);
  return rows.length === ngrams.count ? ngrams : selectNgrams(ngrams, rows);
}

function refuseToken(): never {
  return refuse(
    'MARK_ARGUMENT',
    'a token is negative',
    'This dialect has no padding: score tokens that have a whole context.',
  );
}
