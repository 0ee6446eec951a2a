import type { Candidates, Mark } from '../mark.js';
import { type ContextSeed, contextWidthOf, seedNgrams, takeDistinct } from '../prf/context-seed.js';
import { openGreenLists } from '../prf/green-lists.js';
import { requireInteger } from '../watermark-error.js';

/** Kirchenbauer et al. 2023 ("KGW"): of each context, a share of the vocabulary is green, and green logits are raised. */
export interface KgwOptions {
  readonly vocabulary: number;
  /** Share of green tokens; the list has floor(gamma * vocabulary). */
  readonly gamma: number;
  /** What is added to green logits, in nats. */
  readonly delta: number;
  readonly seed: ContextSeed;
  /** Self-salted only: how many of the likeliest candidates are tested at generation (default 40); the others stay as they are. */
  readonly tries?: number;
  /** Token t stands where t + shift does, cyclically. */
  readonly shift?: number;
  /** Green are the last of the permutation instead of the first. */
  readonly last?: boolean;
}

const TRIES = 40;

/** Tokens on a green list: `int(vocabulary * gamma)` of Python. */
export function greenListSize(vocabulary: number, gamma: number): number {
  return Math.floor(vocabulary * gamma);
}

/**
 * The most that the share of a token can be of `lists` lists that each take floor(gamma * vocabulary) tokens at random:
 * beyond it lies one of a thousand such sets of lists, by Hoeffding's inequality for every token.
 */
export function boundShare(gamma: number, lists: number, vocabulary: number): number {
  const slack = Math.sqrt(Math.log(vocabulary * 1000) / (2 * lists));
  return Math.min(1, gamma + slack);
}

/** Adds `delta` nats to the candidates with `green` 1. */
export function raiseGreens(candidates: Candidates, green: Uint8Array, delta: number): void {
  const { logProbabilities } = candidates;
  for (let i = 0; i < logProbabilities.length; i++) if (green[i] === 1) logProbabilities[i]! += delta;
}

/**
 * A mark of the KGW family whose lists come from torch's generator. N-grams that do not count by `Mark.distinct` read
 * as 0, so that a test on them all is valid and a test on the distinct ones is stronger.
 *
 * @throws PhalanxError `MARK_ARGUMENT` when the list would be empty or everything.
 */
export function openKgwMark(options: KgwOptions): Mark {
  const { vocabulary, gamma, delta, seed, tries = TRIES, shift = 0, last = false } = options;
  const size = greenListSize(vocabulary, gamma);
  requireInteger(size, 'size of a green list', 1, vocabulary - 1);
  const share =
    seed.lists === undefined ? size / vocabulary : boundShare(size / vocabulary, seed.lists, vocabulary);
  const lists = openGreenLists(vocabulary, last ? vocabulary - size : size);
  const isGreen = (seeds: Uint32Array, tokens: Int32Array): Uint8Array => {
    const inside = (token: number) => token >= 0 && token < vocabulary;
    const shifted =
      shift === 0 ? tokens : tokens.map((token) => (inside(token) ? (token + shift) % vocabulary : token));
    const first = lists.read(seeds, shifted);
    return last ? first.map((bit, i) => (inside(tokens[i]!) ? 1 - bit : 0)) : first;
  };
  return {
    pivot: { kind: 'green', gamma: share },
    contextWidth: contextWidthOf(seed),
    padding: null,
    unit: 'ngram',
    distinct: (ngrams) => takeDistinct(seed, ngrams),
    read: (ngrams) => {
      const { seeds, rows } = seedNgrams(seed, ngrams);
      const { width, tokens } = ngrams;
      const green = isGreen(
        Uint32Array.from(rows, (row) => seeds[row]!),
        Int32Array.from(rows, (row) => tokens[row * width + width - 1]!),
      );
      const values = new Float64Array(ngrams.count);
      for (let i = 0; i < rows.length; i++) values[rows[i]!] = green[i]!;
      return values;
    },
    reshape: (context, candidates) => {
      const { tokens } = candidates;
      const tested = seed.salted ? findLikeliest(candidates, tries) : null;
      const asked = tested === null ? tokens : tested.map((i) => tokens[i]!);
      const window = new Int32Array(context.length + 1);
      window.set(context);
      const shared = seed.salted ? 0 : seed.seed(window, 0);
      const seeds = Uint32Array.from(asked, (token) => {
        if (!seed.salted) return shared;
        window[context.length] = token;
        return seed.seed(window, 0);
      });
      const found = isGreen(seeds, asked);
      if (tested === null) return raiseGreens(candidates, found, delta);
      const green = new Uint8Array(tokens.length);
      for (const [i, at] of tested.entries()) green[at] = found[i]!;
      raiseGreens(candidates, green, delta);
    },
  };
}

/** Places of the likeliest candidates, likeliest first, lower ids first among equals. */
function findLikeliest({ logProbabilities }: Candidates, count: number): Int32Array {
  const best: number[] = [];
  for (let i = 0; i < logProbabilities.length; i++) {
    const score = logProbabilities[i]!;
    if (best.length === count && score <= logProbabilities[best.at(-1)!]!) continue;
    if (best.length === count) best.pop();
    let at = best.length;
    while (at > 0 && logProbabilities[best[at - 1]!]! < score) at--;
    best.splice(at, 0, i);
  }
  return Int32Array.from(best);
}
