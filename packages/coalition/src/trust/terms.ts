import { DAY_MS } from '@phalanx/core';

/** What must hold before something of others may be enforced. Each lab sets its own; the defaults are those of the specification. */
export interface TrustTerms {
  /** Labs that must have seen a trace, each in its own name. */
  readonly labs: number;
  /** Largest share of honest tenants that a trace may hit. */
  readonly falsePositiveBudget: number;
  /** Chance that, in one replay, anything at all passes whose true share is above the budget; likewise that anything unrelated to own suspects passes for related. */
  readonly alpha: number;
  /** Least share of the accounts it hits that must be under own suspicion, as a lower bound at 95 %. */
  readonly suspectedShare: number;
  /** A trace that hits more than this share of all accounts says nothing. */
  readonly commonShare: number;
  /** 10 % quantile of a lab's precision from which its word counts. */
  readonly credit: number;
  /** Traces that may be enforceable at one time only because of one lab's word. */
  readonly influenceCap: number;
  /** Traces of one lab that are replayed at one time; the rest waits. */
  readonly replayCap: number;
  /** The hub shows a claim so much later: who claims the same within it cannot have read it. */
  readonly embargoMs: number;
  /** Half-life of what is known of a lab's precision. */
  readonly precisionHalfLifeMs: number;
}

export const DEFAULT_TERMS: TrustTerms = {
  labs: 3,
  falsePositiveBudget: 0.005,
  alpha: 0.05,
  suspectedShare: 0.5,
  commonShare: 0.01,
  credit: 0.5,
  influenceCap: 200,
  replayCap: 2_000,
  embargoMs: 0,
  precisionHalfLifeMs: 90 * DAY_MS,
};
