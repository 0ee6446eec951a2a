import {
  adjustByHolm,
  boundProportionAbove,
  boundProportionBelow,
  logBinomialLowerTail,
  logBinomialUpperTail,
  logHypergeometricUpperTail,
} from '@phalanx/stats';
import { refuse } from '../coalition-error.js';
import type { OwnReplay, TraceHits } from './own-telemetry.js';
import type { TrustTerms } from './terms.js';

/** Accounts with traffic, those known to be good, those under own suspicion. */
export type Population = Pick<OwnReplay, 'accounts' | 'good' | 'suspected'>;

/** What the figures of a replay say of one trace. */
export interface ReplayJudgement {
  /** It hits fewer honest tenants than the budget allows: Holm over the family. */
  readonly isWithinBudget: boolean;
  /** Those whom it hits are the own suspects: more often than chance (Holm over the family), and for the greater part (at 95 %). */
  readonly isCorroborated: boolean;
}

/** Level of `suspectedShare`, one-sided. */
const SHARE_LEVEL = 0.05;

/**
 * Judges the traces of one family together: what one lab was the first to tell.
 *
 * False positives: tenants who are known to be good stand for honest tenants; under "the share hit is at least the budget" the number of them that is
 * hit is at most as small as binomial, so the lower tail at the budget is a p-value, and passing is the same as an upper bound of Clopper and
 * Pearson (1934) below the budget. Own evidence: under "suspects are hit as anybody is" the number of suspects among the accounts hit is hypergeometric.
 * Holm (1979) holds each at `alpha / families` over everything of the lab at once, however traces depend on one another.
 *
 * Void where tenants who are known to be good are not like the honest tenants who are not known: a trace aimed at one of these passes the first test,
 * which is why it is never the only one. Another replay is another look: what it finds takes back what the last one let pass.
 *
 * @param families labs whose flow is judged in this replay
 * @throws PhalanxError `COALITION_TRUST` for counts that contradict one another
 */
export function judgeReplay(
  hits: readonly TraceHits[],
  population: Population,
  families: number,
  terms: TrustTerms,
): readonly ReplayJudgement[] {
  for (const hit of hits) checkCounts(hit, population);
  const { accounts, good, suspected } = population;
  const logLevel = Math.log(terms.alpha / families);
  const above = adjustByHolm(
    hits.map((hit) => logBinomialLowerTail(hit.good, good, terms.falsePositiveBudget)),
  );
  const unrelated = adjustByHolm(
    hits.map((hit) =>
      Math.min(0, logHypergeometricUpperTail(hit.suspected, accounts, suspected, hit.accounts)),
    ),
  );
  return hits.map((hit, i) => ({
    isWithinBudget: above[i]! <= logLevel,
    isCorroborated:
      unrelated[i]! <= logLevel &&
      logBinomialUpperTail(hit.suspected, hit.accounts, terms.suspectedShare) <= Math.log(SHARE_LEVEL),
  }));
}

/** The bounds behind a judgement, for one trace alone, as a person reads them. */
export interface ReplayBounds {
  /** Upper bound at 95 % of the share of honest tenants that are hit. */
  readonly falsePositives: number;
  /** Lower bound at 95 % of the share of accounts hit that are suspected. */
  readonly suspected: number;
}

/** @throws PhalanxError `COALITION_TRUST` as `judgeReplay` */
export function boundReplay(hit: TraceHits, population: Population): ReplayBounds {
  checkCounts(hit, population);
  return {
    falsePositives: population.good === 0 ? 1 : boundProportionAbove(hit.good, population.good, SHARE_LEVEL),
    suspected: hit.accounts === 0 ? 0 : boundProportionBelow(hit.suspected, hit.accounts, SHARE_LEVEL),
  };
}

/** Tenants known to be good without which nothing can pass: with none hit, `(1 - budget)^good` must be at most the level. */
export function leastGood(traces: number, families: number, terms: TrustTerms): number {
  return Math.ceil(
    Math.log(terms.alpha / families / Math.max(1, traces)) / Math.log1p(-terms.falsePositiveBudget),
  );
}

function checkCounts(hit: TraceHits, { accounts, good, suspected }: Population): void {
  const counts = [hit.accounts, hit.good, hit.suspected, accounts, good, suspected];
  const sound =
    counts.every((count) => Number.isSafeInteger(count) && count >= 0) &&
    hit.good + hit.suspected <= hit.accounts &&
    good + suspected <= accounts &&
    hit.accounts <= accounts &&
    hit.good <= good &&
    hit.suspected <= suspected;
  if (!sound) refuse('COALITION_TRUST', 'the counts of a replay contradict one another', 'count again');
}
