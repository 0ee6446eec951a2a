import type { PromptSource } from '@phalanx/testing';
import type { Traffic } from './traffic.js';

/** What a baseline may learn from: development sources and honest development traffic only. */
export interface TrainingData {
  readonly honest: readonly PromptSource[];
  readonly attack: readonly PromptSource[];
  readonly traffic: readonly Traffic[];
}

/** Suspicion of each account: larger is worse. Accounts of one group are accused together. */
export interface Suspicion {
  readonly score: Float64Array;
  /**
   * Groups of accounts when the accused are those with a score above `threshold`: the method's own clusters, or all of
   * them as one for methods without a notion of group (the reading that favours them).
   */
  readonly group: (threshold: number) => readonly (readonly number[])[];
}

/** A fitted peer. Pure: equal traffic, equal scores. */
export type Scorer = (traffic: Traffic) => Suspicion;

/** A published or customary way to find thieves; one file each. */
export interface Baseline {
  readonly name: string;
  /** Where it comes from. */
  readonly reference: string;
  readonly fit: (training: TrainingData) => Scorer;
}

/** Accounts above the threshold as one group. */
export function accuseTogether(score: Float64Array): Suspicion {
  return {
    score,
    group: (threshold) => {
      const accused = Array.from(score.keys()).filter((a) => score[a]! > threshold);
      return accused.length === 0 ? [] : [accused];
    },
  };
}

/**
 * The least threshold above which no more than `share` of the scores lie. With fewer than 1 / share scores that is their
 * maximum.
 */
export function chooseThreshold(scores: readonly Float64Array[], share: number): number {
  const all = Float64Array.from(scores.flatMap((part) => Array.from(part))).sort();
  if (all.length === 0) return Number.POSITIVE_INFINITY;
  return all[all.length - 1 - Math.floor(share * all.length)]!;
}
