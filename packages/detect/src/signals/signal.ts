import type { AccountActivity, ExchangeSample, SignalResult, TimeWindow } from '@phalanx/domain';
import type { Reference } from '../demand/reference.js';
import type { Pool } from '../pool.js';
import type { Population } from '../population/population.js';

/** What a signal may look at when it explains a pool that has been found. */
export interface Evidence {
  readonly pool: Pool;
  readonly population: Population;
  readonly window: TimeWindow;
  /** Exchanges of the members over the whole window, bounded, ascending by time. */
  readonly members: ExchangeSample;
  /** Exchanges of everybody, bounded, ascending by time. */
  readonly everybody: ExchangeSample;
  readonly activity: AccountActivity;
  readonly reference: Reference;
}

/**
 * One way in which a pool can differ from strangers. A file in this folder and a line in `index.ts` is all that a new one
 * needs. `measure` answers null when the log does not carry what it looks at.
 */
export interface Signal {
  readonly name: string;
  measure(evidence: Evidence): SignalResult | null;
}

export function percent(share: number): string {
  return share >= 0.1 || share === 0 ? `${Math.round(100 * share)} %` : `${(100 * share).toPrecision(2)} %`;
}
