import { logMeanE } from '@phalanx/stats';
import { LEAST_TENTHS, MOST_TENTHS } from './joint-messages.js';

/** A pool under test at a lab, as `@phalanx/detect` replays it. It stays in the lab. */
export interface WatchedPool {
  readonly number: number;
  readonly proposedAtMs: number;
  /** Account ids. */
  readonly accounts: readonly string[];
  /** Declared, one organisation, one application or one task list: why no evidence is gathered, or null. */
  readonly setAside: string | null;
  /** Whether the lab would call the pool's demand `insufficient`: it then counts for nothing. */
  readonly isDemandDoubted: boolean;
  /** ln of e-processes after each slot since the proposal, ascending in time. Each MUST be a test supermartingale under its null. */
  readonly trace: readonly {
    readonly atMs: number;
    readonly logCoordination: number;
    readonly logDemand: number;
  }[];
}

/** What a lab says of a candidate: e-values as tenths of their log10, rounded down. Null: 0. */
export interface Growth {
  readonly coordination: number | null;
  readonly both: number | null;
}

/**
 * Nats an account that evidence must have, as `isStrong` of `@phalanx/detect` asks: an e-value of a few hundred accounts grows large though
 * most of them are strangers. The labs of a candidate bring it up together: each owes its part, by their number.
 */
export const LEAST_STRENGTH = 0.1;

/**
 * What the evidence about these pools has grown by from `fromMs` to `toMs`: the mean, over pools, of the ratio of each e-process to what it was.
 *
 * Which pools these are may depend on everything that any lab saw up to `fromMs`, the evidence included, and on nothing after. A ratio
 * E(toMs)/E(fromMs) of a test supermartingale has conditional mean at most 1 given all that, so has the mean of several, and whatever is
 * lower: evidence of less than 0.1 nats an account, divided by the number of labs, and demand about which the lab has a doubt are held back to at most 1, and both are
 * rounded down. A pool that was set aside has the ratio 1.
 *
 * @param labs labs of the candidate
 */
export function measureGrowth(
  pools: readonly WatchedPool[],
  fromMs: number,
  toMs: number,
  labs: number,
): Growth {
  if (pools.length === 0) return { coordination: 0, both: 0 };
  const ratios = pools.map((pool) => {
    if (pool.setAside !== null) return { coordination: 0, demand: 0 };
    const [from, to] = [pointAt(pool, fromMs), pointAt(pool, toMs)];
    return {
      coordination: to.logCoordination - from.logCoordination,
      demand: to.logDemand - from.logDemand,
    };
  });
  const coordination = logMeanE(ratios.map((ratio) => ratio.coordination));
  const both = logMeanE(ratios.map((ratio) => Math.min(ratio.coordination, ratio.demand)));
  const members = Math.max(...pools.map(({ accounts }) => accounts.length));
  const isDoubted = pools.some(({ isDemandDoubted }) => isDemandDoubted);
  const isStrong = coordination >= (LEAST_STRENGTH * members) / labs;
  return {
    coordination: roundDown(isStrong ? coordination : Math.min(0, coordination)),
    both: roundDown(isStrong && !isDoubted ? both : Math.min(0, both)),
  };
}

function pointAt({ trace }: WatchedPool, atMs: number): { logCoordination: number; logDemand: number } {
  return trace.findLast((point) => point.atMs <= atMs) ?? { logCoordination: 0, logDemand: 0 };
}

/** Tenths of log10, never above the value. */
function roundDown(logE: number): number | null {
  const tenths = Math.floor((10 * logE) / Math.LN10);
  return tenths < LEAST_TENTHS || Number.isNaN(tenths) ? null : Math.min(MOST_TENTHS, tenths) + 0;
}
