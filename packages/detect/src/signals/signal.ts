import type {
  AccountActivity,
  ExchangeSample,
  InterventionRecord,
  SignalResult,
  TimeWindow,
} from '@phalanx/domain';
import type { Component } from '../demand/component.js';
import type { Reference } from '../demand/reference.js';
import type { Pool } from '../pool.js';
import type { Population } from '../population/population.js';
import type { Peers } from './peers.js';

/** What a signal may look at when it explains a pool that has been found. */
export interface Evidence {
  readonly pool: Pool;
  readonly population: Population;
  readonly window: TimeWindow;
  /** Exchanges of the members over the whole window, bounded, ascending by time. */
  readonly members: ExchangeSample;
  /** Exchanges of everybody, bounded, ascending by time. */
  readonly everybody: ExchangeSample;
  /** Members and others of like volume; null where these are too few to compare with. */
  readonly peers: Peers | null;
  /** Exchanges of all peers at one rate, bounded, with MinHash lanes, ascending by time. */
  readonly peerSample: ExchangeSample;
  /** The parts of the demand that decided; none for a hidden pool. */
  readonly decisive: readonly Component[];
  readonly interventions: readonly InterventionRecord[];
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
