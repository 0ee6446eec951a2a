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
  const place = (tokens: Int32Array) => (shift === 0 ? tokens : shiftTokens(tokens, shift, vocabulary));
  const finish = (tokens: Int32Array, onList: Uint8Array) =>
    last ? onList.map((bit, i) => (tokens[i]! < vocabulary ? 1 - bit : 0)) : onList;
  return {
    pivot: { kind: 'green', gamma: share },
    contextWidth: contextWidthOf(seed),
    padding: null,
    unit: 'ngram',
    distinct: (ngrams) => takeDistinct(seed, ngrams),
    read: (ngrams) => {
      const { seeds, rows } = seedNgrams(seed, ngrams);
      const scored = new Int32Array(rows.length);
      const scoredSeeds = new Uint32Array(rows.length);
      for (let i = 0; i < rows.length; i++) {
        scored[i] = ngrams.tokens[(rows[i]! + 1) * ngrams.width - 1]!;
        scoredSeeds[i] = seeds[rows[i]!]!;
      }
      const green = finish(scored, lists.read(scoredSeeds, place(scored)));
      const values = new Float64Array(ngrams.count);
      for (let i = 0; i < rows.length; i++) values[rows[i]!] = green[i]!;
      return values;
    },
    reshape: (context, candidates) => {
      const { tokens } = candidates;
      if (!seed.salted) {
        const onList = lists.readList(seed.seed(context, 0), place(tokens));
        return raiseGreens(candidates, finish(tokens, onList), delta);
      }
      const tested = rankLikeliest(candidates, tries);
      const asked = tested.map((i) => tokens[i]!);
      const window = new Int32Array(context.length + 1);
      window.set(context);
      const seeds = new Uint32Array(asked.length);
      for (let i = 0; i < asked.length; i++) {
        window[context.length] = asked[i]!;
        seeds[i] = seed.seed(window, 0);
      }
      const found = finish(asked, lists.read(seeds, place(asked)));
      const green = new Uint8Array(tokens.length);
      for (let i = 0; i < tested.length; i++) green[tested[i]!] = found[i]!;
      raiseGreens(candidates, green, delta);
    },
  };
}

/** Tokens of the vocabulary moved on by `shift`, cyclically; others as they are. */
function shiftTokens(tokens: Int32Array, shift: number, vocabulary: number): Int32Array {
  return tokens.map((token) => (token >= 0 && token < vocabulary ? (token + shift) % vocabulary : token));
}

/** Places of the likeliest candidates, lower ids before higher ones among equals; all of them in their own order. */
function rankLikeliest({ logProbabilities }: Candidates, count: number): Int32Array {
  if (count >= logProbabilities.length) return Int32Array.from(logProbabilities.keys());
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
