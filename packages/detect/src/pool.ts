import { type LateStartEProcess, logMeanE, logMinimumE } from '@phalanx/stats';
import type { ComponentCounter } from './coordination/component-counts.js';
import { demandLogE, type WatchedComponent } from './demand/pool-demand.js';
import type { Reference } from './demand/reference.js';
import type { Proposal } from './links/proposal.js';

/**
 * Nats of coordination an account that a finding must rest on: an e-value says that somebody in the group is coordinated, and
 * with a few hundred of them it grows large though most members are strangers (docs/benchmark.md, 25,000 accounts).
 */
const LEAST_STRENGTH = 0.1;

/** A component of a pool under test. */
export interface ComponentUnderTest extends WatchedComponent {
  readonly counter: ComponentCounter;
  /** Whether this component is dealt out evenly. */
  readonly evenness: LateStartEProcess;
}

/** A proposed pool and everything learned about it since. Members never change; a better guess is a new pool. */
export interface Pool {
  readonly number: number;
  readonly proposal: Proposal;
  readonly proposedAtMs: number;
  readonly memberHashes: BigUint64Array;
  readonly memberSet: ReadonlySet<bigint>;
  /** Ordinary traffic up to the proposal. */
  readonly reference: Reference;
  readonly components: readonly ComponentUnderTest[];
  /** Coordination signals about the accounts as a whole; those of components are with the components. */
  readonly coordination: {
    readonly evenMixture: LateStartEProcess | null;
    readonly turnTaking: LateStartEProcess | null;
  };
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

/** Whether there is enough coordination an account for a finding to rest on. */
export function isStrong({ logCoordination }: PoolEvidence, { members }: Proposal): boolean {
  return logCoordination >= LEAST_STRENGTH * members.length;
}

/** Log e-value that single components are dealt out evenly: the mean over components. Null without components. */
export function evennessLogE(pool: Pool): number | null {
  return pool.components.length === 0 ? null : logMeanE(pool.components.map((c) => c.evenness.logE));
}

/**
 * Coordination: the mean over signals. Demand: see `demandLogE`. Both: the smaller, an e-value for "not coordinated or
 * not training-shaped". `counted` says whose demand counts.
 */
export function poolEvidence(
  pool: Pool,
  counted: (component: ComponentUnderTest) => boolean = () => true,
): PoolEvidence {
  const { evenMixture, turnTaking } = pool.coordination;
  const signals = [evenMixture?.logE, turnTaking?.logE, evennessLogE(pool)].filter((logE) => logE != null);
  const logCoordination = signals.length === 0 ? 0 : logMeanE(signals);
  const logDemand = demandLogE(pool.components.filter(counted));
  return { logCoordination, logDemand, logBoth: logMinimumE([logCoordination, logDemand]) };
}
