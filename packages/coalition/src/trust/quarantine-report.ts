import type { TraceHits } from './own-telemetry.js';
import type { Population } from './replay-statistics.js';
import type { TraceKind } from './trace.js';
import type { TrustReason } from './trust-reason.js';

/** What a replay showed of one trace of an indicator. */
export interface TraceReport {
  readonly traceKey: string;
  readonly kind: TraceKind;
  readonly hits: TraceHits | null;
  /** At 95 %, for this trace alone; null without hits. */
  readonly falsePositiveBound: number | null;
  readonly suspectedBound: number | null;
  /** Conditions that do not hold; none: the trace may be enforced. */
  readonly failed: readonly TrustReason[];
  /** Members whose word counted, without one's own. */
  readonly labs: readonly string[];
}

/** The last replay of an indicator: what a decision rests on. */
export interface IndicatorReport {
  readonly atMs: number;
  readonly fromMs: number;
  readonly population: Population;
  readonly traces: readonly TraceReport[];
  /** Who disputes it and counts. */
  readonly disputedBy: readonly string[];
}
