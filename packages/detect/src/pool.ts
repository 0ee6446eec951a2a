import type { ComponentCounter } from './coordination/component-counts.js';
import type { TurnTakingWatch } from './coordination/turn-taking-watch.js';
import type { ChosenComponent } from './demand/component-choice.js';
import type { DemandProcess } from './demand/demand-process.js';
import type { Proposal } from './links/proposal.js';

/** Evidence of one coordination signal about one pool, added up over slots. Natural logarithms. */
export type CoordinationLogE = Map<string, number>;

/** A component of a pool under test. */
export interface ComponentUnderTest {
  readonly chosen: ChosenComponent;
  readonly demand: DemandProcess;
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
  readonly trace: {
    atMs: number;
    exchanges: number;
    logCoordination: number;
    logDemand: number;
    logBoth: number;
  }[];
}

/** Mean of e-values, in logs: an e-value under any dependence. */
export function logMean(logs: readonly number[]): number {
  if (logs.length === 0) return 0;
  const max = Math.max(...logs);
  if (max === Number.NEGATIVE_INFINITY) return max;
  return max + Math.log(logs.reduce((sum, l) => sum + Math.exp(l - max), 0) / logs.length);
}

/**
 * Coordination: the mean over signals. Demand: the mean over components. Both: over components, the mean of the smaller
 * of coordination and that component's demand; the minimum is an e-value for "not coordinated or not training-shaped".
 */
export function poolEvidence(pool: Pool): { logCoordination: number; logDemand: number; logBoth: number } {
  const evenness = logMean(pool.components.map((c) => c.evennessLogE));
  const signals = [...pool.coordination.values()];
  const logCoordination = logMean(pool.components.length ? [...signals, evenness] : signals);
  const logDemand = logMean(pool.components.map((c) => c.demand.logE));
  const logBoth = pool.components.length
    ? logMean(pool.components.map((c) => Math.min(logCoordination, c.demand.logE)))
    : Number.NEGATIVE_INFINITY;
  return { logCoordination, logDemand, logBoth };
}
