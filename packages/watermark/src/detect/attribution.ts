import { logMixtureE, rejectByEbh } from '@phalanx/stats';
import type { Mark } from '../mark.js';
import { type Ngrams, selectNgrams } from '../ngrams.js';
import { demand } from '../watermark-error.js';
import { type MarkTest, type MarkTestOptions, testKey } from './log-p.js';

/** Most keys that one attribution tries. */
export const MAX_RING_KEYS = 5_000_000;

/** A key that may have marked a text: somebody's id, and the mark, opened when its turn comes. */
export interface RingKey {
  readonly id: string;
  open(): Mark;
}

/** Settings of `attributeKeys`, fixed before the text is seen. */
export interface AttributionOptions extends MarkTestOptions {
  /** Level at which keys are named. Default 1e-3. */
  readonly alpha?: number;
  /** `holm`: chance at most alpha of naming any wrong key. `e-bh`: at most a share alpha of the named wrong, on average. Default `holm`. */
  readonly method?: 'holm' | 'e-bh';
  /** Keys listed beside those named, the lowest p-values first. Default 10. */
  readonly listed?: number;
  /**
   * Two stages: each key is first tested on this share of the n-grams, evenly taken, and on all only if that p-value is at most
   * `level`; else its p-value is 1. Valid, since no p-value falls; it loses keys whose mark is thin. Default: none.
   */
  readonly screen?: { readonly share: number; readonly level: number };
}

/** One key of the ring on the text. */
export interface KeyVerdict {
  readonly id: string;
  /** Null: this key has nothing to do with how the tokens were chosen. */
  readonly logP: number;
  /** The same corrected for all keys tried (Holm 1979). */
  readonly logAdjustedP: number;
  /** Effect, as in `MarkTest`. */
  readonly excess: number;
  readonly named: boolean;
}

/** Whose key it was. */
export interface Attribution {
  /** Named keys and the next lowest, by p-value. Empty only for an empty ring. */
  readonly verdicts: readonly KeyVerdict[];
  /** ln of the runner-up's p-value over the winner's; 0 with fewer than two keys. */
  readonly logGap: number;
  readonly tried: number;
  readonly scored: number;
  readonly alpha: number;
  readonly method: 'holm' | 'e-bh';
}

/** The test of one key of a ring on the text in question. */
export interface KeyTest {
  readonly id: string;
  readonly test: MarkTest;
}

interface Candidate {
  readonly id: string;
  readonly logP: number;
  readonly excess: number;
}

/**
 * Tries every key of a ring on n-grams that were collected once, with the mark's own exact test, and names keys as
 * `judgeKeys` does. A key is opened when its turn comes and then let go.
 *
 * @throws PhalanxError `MARK_ARGUMENT` on options out of range; `MARK_LIMIT` beyond `MAX_RING_KEYS`.
 */
export function attributeKeys(
  ngrams: Ngrams,
  ring: Iterable<RingKey>,
  options: AttributionOptions = {},
): Attribution {
  return judgeKeys(testRing(ngrams, ring, options), ngrams.count, options);
}

function* testRing(ngrams: Ngrams, ring: Iterable<RingKey>, options: AttributionOptions): Generator<KeyTest> {
  const { screen } = options;
  const part = screen === undefined ? null : takePart(ngrams, screen);
  for (const key of ring) {
    const { id } = key;
    const mark = key.open();
    if (part !== null) {
      const first = testKey(mark, part, options);
      if (first.logP > Math.log(screen!.level)) {
        yield { id, test: { ...first, logP: 0 } };
        continue;
      }
    }
    yield { id, test: testKey(mark, ngrams, options) };
  }
}

/**
 * Names keys by their tests on one text, at a family-wise level (Holm) or a false discovery rate (e-BH on calibrated p-values),
 * both valid under any dependence. Memory does not grow with the ring under `holm`: a key whose p-value is above alpha /
 * (1 + the number of larger ones seen) can no longer be named and is forgotten; `e-bh` keeps 8 bytes a key.
 *
 * That a key is named says that the text depends on it, not who typed it: keys leak, and marks can be copied.
 *
 * `tests` may be made as they are asked for; all keys that were tried must be among them. `scored`: n-grams of the text.
 *
 * @throws PhalanxError `MARK_ARGUMENT` on options out of range; `MARK_LIMIT` beyond `MAX_RING_KEYS`.
 */
export function judgeKeys(
  tests: Iterable<KeyTest>,
  scored: number,
  options: AttributionOptions = {},
): Attribution {
  const { alpha = 1e-3, method = 'holm', listed = 10 } = options;
  demand(alpha > 0 && alpha < 1, 'MARK_ARGUMENT', 'alpha is in (0, 1)', 'Give 0.001.');
  demand(listed >= 2 && listed <= 1000, 'MARK_ARGUMENT', 'listed is in [2, 1000]', 'Give 10.');
  const kept = new Shortlist(alpha, method, listed);
  for (const { id, test } of tests) {
    demand(kept.tried < MAX_RING_KEYS, 'MARK_LIMIT', `more than ${MAX_RING_KEYS} keys`, 'Split the ring.');
    kept.add({ id, logP: test.logP, excess: test.excess });
  }
  const verdicts = kept.judge();
  const [winner, runnerUp] = verdicts;
  return {
    verdicts,
    logGap: runnerUp === undefined ? 0 : runnerUp.logP - winner!.logP,
    tried: kept.tried,
    scored,
    alpha,
    method,
  };
}

function takePart(ngrams: Ngrams, screen: { readonly share: number; readonly level: number }): Ngrams {
  demand(
    screen.share > 0 && screen.share < 1 && screen.level > 0 && screen.level <= 1,
    'MARK_ARGUMENT',
    'a screen has a share in (0, 1) and a level in (0, 1]',
    'Give a share of 0.1 and a level of 0.2.',
  );
  const rows = Math.max(1, Math.round(ngrams.count * screen.share));
  // Evenly taken, so that a mark in one place is seen at its share of the whole.
  return selectNgrams(
    ngrams,
    Uint32Array.from({ length: Math.min(rows, ngrams.count) }, (_, i) =>
      Math.floor((i * ngrams.count) / rows),
    ),
  );
}

/** The keys that may still be named, and the lowest ones. */
class Shortlist {
  readonly #alpha: number;
  readonly #method: 'holm' | 'e-bh';
  readonly #listed: number;
  #candidates: Candidate[] = [];
  #logEs = new Float64Array(1024);
  #room: number;
  tried = 0;

  constructor(alpha: number, method: 'holm' | 'e-bh', listed: number) {
    this.#alpha = alpha;
    this.#method = method;
    this.#listed = listed;
    this.#room = Math.max(1024, 4 * listed);
  }

  add(candidate: Candidate): void {
    if (this.#method === 'e-bh') {
      if (this.tried === this.#logEs.length) {
        const grown = new Float64Array(this.tried * 2);
        grown.set(this.#logEs);
        this.#logEs = grown;
      }
      this.#logEs[this.tried] = logMixtureE(candidate.logP);
    }
    this.tried++;
    this.#candidates.push(candidate);
    if (this.#candidates.length < this.#room) return;
    this.#prune();
    this.#room = Math.max(1024, 4 * this.#listed, 2 * this.#candidates.length);
  }

  /** Sorts, and forgets whom nothing can name any more. */
  #prune(): void {
    this.#candidates.sort((a, b) => a.logP - b.logP);
    let end = this.#candidates.length;
    while (end > this.#listed && !this.#mayBeNamed(this.#candidates[end - 1]!.logP, this.tried - end)) end--;
    this.#candidates.length = end;
  }

  /** `larger`: keys seen so far with a larger p-value, which can only grow. */
  #mayBeNamed(logP: number, larger: number): boolean {
    if (this.#method === 'holm') return logP <= Math.log(this.#alpha) - Math.log(larger + 1);
    // e-BH names nobody below 1/alpha, the threshold when all are named.
    return logMixtureE(logP) >= -Math.log(this.#alpha);
  }

  judge(): KeyVerdict[] {
    this.#prune();
    const adjusted: number[] = [];
    for (const [i, { logP }] of this.#candidates.entries())
      adjusted.push(
        Math.min(0, Math.max(adjusted[i - 1] ?? Number.NEGATIVE_INFINITY, logP + Math.log(this.tried - i))),
      );
    const threshold =
      this.#method === 'holm' || this.tried === 0
        ? null
        : rejectByEbh(this.#logEs.subarray(0, this.tried), this.#alpha).logThreshold;
    const verdicts = this.#candidates.map(({ id, logP, excess }, i) => {
      const logAdjustedP = adjusted[i]!;
      const named =
        threshold === null ? logAdjustedP <= Math.log(this.#alpha) : logMixtureE(logP) >= threshold;
      return { id, logP, logAdjustedP, excess, named };
    });
    return verdicts.filter(({ named }, i) => named || i < this.#listed);
  }
}
