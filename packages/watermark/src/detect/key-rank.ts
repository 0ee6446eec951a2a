import type { Mark } from '../mark.js';
import type { Ngrams } from '../ngrams.js';
import { demand } from '../watermark-error.js';
import { testKey } from './log-p.js';

/** Most fresh keys that one call looks at. */
export const MAX_FRESH_KEYS = 1_000_000;

/** What the rank of a key among fresh ones says. */
export interface MarkRank {
  /** Null: the key was drawn as the fresh ones were, without regard to these tokens or they to it. */
  readonly logP: number;
  /** Fresh keys looked at. */
  readonly tried: number;
  /** Those whose score was at least the key's. */
  readonly atLeast: number;
  /** Score of the key, and mean and deviation of the fresh ones: effect size = (score - mean) / deviation. */
  readonly score: number;
  readonly mean: number;
  readonly deviation: number;
}

/** Settings of `rankMark`. */
export interface MarkRankOptions {
  /** Large under the mark; any function of a mark and these n-grams. Default: -logP of the mark's own test. */
  readonly score?: (mark: Mark) => number;
  /** Ends early when so many fresh keys have scored at least the key's score: then the p-value is large and stays so. Default: never. */
  readonly stopAfter?: number;
}

/**
 * Exact rank of a key among fresh keys on the same n-grams: p = (1 + #{fresh >= key}) / (K + 1).
 *
 * Under the null the key and the fresh ones are exchangeable given the tokens, so the p-value holds whatever the text repeats,
 * however it was collected and whether or not the dialect's pivot holds. It asks that the true key was drawn at random from
 * the same set as the fresh ones, and cannot fall below 1/(K + 1). With `stopAfter` = h keys are looked at until h have scored at least the
 * key's score, at most K: p = h / tried then, still exact (Besag and Clifford 1991).
 *
 * @throws PhalanxError `MARK_ARGUMENT` without a fresh key or on a score that is NaN; `MARK_LIMIT` beyond `MAX_FRESH_KEYS`.
 */
export function rankMark(
  ngrams: Ngrams,
  mark: Mark,
  fresh: Iterable<Mark>,
  options: MarkRankOptions = {},
): MarkRank {
  const scoreOf = options.score ?? ((one: Mark) => -testKey(one, ngrams).logP);
  const stopAfter = options.stopAfter ?? Number.POSITIVE_INFINITY;
  demand(stopAfter >= 1, 'MARK_ARGUMENT', 'stopAfter is at least 1', 'Give 10 or more, or none.');
  const score = scoreOf(mark);
  requireScore(score);
  let [tried, atLeast, mean, squares] = [0, 0, 0, 0];
  for (const one of fresh) {
    demand(
      tried < MAX_FRESH_KEYS,
      'MARK_LIMIT',
      `more than ${MAX_FRESH_KEYS} fresh keys`,
      'End the list earlier.',
    );
    const other = scoreOf(one);
    requireScore(other);
    tried++;
    if (other >= score) atLeast++;
    const away = other - mean;
    mean += away / tried;
    squares += away * (other - mean);
    if (atLeast >= stopAfter) break;
  }
  demand(tried > 0, 'MARK_ARGUMENT', 'no fresh key to compare with', 'Draw at least 99.');
  const p = atLeast >= stopAfter ? atLeast / tried : (atLeast + 1) / (tried + 1);
  return {
    logP: Math.log(p),
    tried,
    atLeast,
    score,
    mean,
    deviation: Math.sqrt(squares / Math.max(1, tried - 1)),
  };
}

function requireScore(score: number): void {
  demand(
    !Number.isNaN(score),
    'MARK_ARGUMENT',
    'a score is NaN',
    'Give a score that is a number for every key.',
  );
}
