import type { Trace } from './trace.js';

/** Days of own telemetry that an indicator is replayed over. */
export const REPLAY_DAYS = 30;

/**
 * What a lab knows by itself, which alone decides. An account is `suspected` when an own finding names it, `good` when the lab's own people
 * vouch for it and no own finding names it, and neither for most.
 */
export interface OwnTelemetry {
  /**
   * Looks for traces in what happened from `fromMs` to `toMs`.
   *
   * @returns a result of each trace in the order given; null for one that this telemetry cannot be searched for
   */
  replay(traces: readonly Trace[], fromMs: number, toMs: number): Promise<OwnReplay>;
}

/** What a replay found. */
export interface OwnReplay {
  /** Accounts with traffic in the time. */
  readonly accounts: number;
  readonly good: number;
  readonly suspected: number;
  readonly hits: readonly (TraceHits | null)[];
}

/** Distinct accounts that a trace hits. `good` and `suspected` do not overlap. */
export interface TraceHits {
  readonly accounts: number;
  readonly good: number;
  readonly suspected: number;
  /** Ids of own findings that name those who are suspected: the own evidence that a decision rests on. */
  readonly findings: readonly string[];
}
