import { logMeanE, logMinimumE } from '@phalanx/stats';
import type { ComponentCounter } from './coordination/component-counts.js';
import type { TurnTakingWatch } from './coordination/turn-taking-watch.js';
import { demandLogE, type WatchedComponent } from './demand/pool-demand.js';
import type { Proposal } from './links/proposal.js';

/** Evidence of one coordination signal about one pool, added up over slots. Natural logarithms. */
export type CoordinationLogE = Map<string, number>;

/** A component of a pool under test. */
export interface ComponentUnderTest extends WatchedComponent {
  readonly counter: ComponentCounter;
  /** Log e-value that this component is dealt out evenly. */
  evennessLogE: number;
}

/** A proposed pool and everything learned about it since. Members never change; a better guess is a new pool. */
export interface Pool {
  readonly number: number;
  readonly proposal: Proposal;
  readonly proposedAtMs: number;
  readonly memberHashes: BigUint64Array;
  readonly memberSet: ReadonlySet<bigint>;
  readonly components: readonly ComponentUnderTest[];
  readonly coordination: CoordinationLogE;
  readonly turns: TurnTakingWatch;
  /** Why no finding may come of it, or null. */
  setAside: string | null;
  /** Evidence after each slot since the proposal. */
  readonly trace: (PoolEvidence & { readonly atMs: number; readonly exchanges: number })[];
}

/** Evidence about a pool so far. Natural logarithms. */
export interface PoolEvidence {
  readonly logCoordination: number;
  readonly logDemand: number;
  readonly logBoth: number;
}

/**
 * Coordination: the mean over signals. Demand: see `demandLogE`. Both: the smaller, an e-value for "not coordinated or
 * not training-shaped". `counted` says whose demand counts.
 */
export function poolEvidence(
  pool: Pool,
  counted: (component: ComponentUnderTest) => boolean = () => true,
): PoolEvidence {
  const signals = [...pool.coordination.values()];
  if (pool.components.length > 0) signals.push(logMeanE(pool.components.map((c) => c.evennessLogE)));
  const logCoordination = logMeanE(signals);
  const logDemand = demandLogE(pool.components.filter(counted));
  return { logCoordination, logDemand, logBoth: logMinimumE([logCoordination, logDemand]) };
}
