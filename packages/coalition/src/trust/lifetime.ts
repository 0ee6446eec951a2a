import { DAY_MS } from '@phalanx/core';
import type { StixObject } from '../stix/stix-object.js';
import { parseTimestamp } from '../stix/timestamp.js';
import type { TraceKind } from './trace.js';

/** Days after which a trace that nobody has seen again says nothing, whatever its maker says: addresses change hands, templates stay. */
export const LIFETIME_DAYS: Readonly<Record<TraceKind, number>> = {
  'prompt-fingerprint': 90,
  'matching-token': 30,
  'address-range': 30,
  'client-fingerprint': 60,
};

/** Exponent of the decay. At 0.5 a quarter of the weight is gone after half of the lifetime. */
const DECAY = 0.5;

/** When an indicator may be looked at. */
export interface Validity {
  readonly fromMs: number;
  /** Null: its maker names no end. */
  readonly untilMs: number | null;
}

/** `valid_from` and `valid_until` of an indicator; null where they are no times or the end is not after the beginning. */
export function readValidity(indicator: StixObject): Validity | null {
  const fromMs = readMs(indicator.valid_from);
  const untilMs = indicator.valid_until === undefined ? null : readMs(indicator.valid_until);
  if (fromMs === null || (indicator.valid_until !== undefined && (untilMs === null || untilMs <= fromMs)))
    return null;
  return { fromMs, untilMs };
}

/**
 * What is left of a trace's weight, 1 to 0: `1 - (age / lifetime)^(1/decay)` as MISP's decay models have it (Mokaddem et al. 2018), age being the
 * time since it was last seen by anybody whose word counts.
 */
export function decayScore(kind: TraceKind, seenAtMs: number, atMs: number): number {
  const age = Math.max(0, atMs - seenAtMs) / (LIFETIME_DAYS[kind] * DAY_MS);
  return age >= 1 ? 0 : 1 - age ** (1 / DECAY);
}

/** Whether an indicator's time is over: its own end, or no trace of it left with any weight. */
export function isExpired(
  validity: Validity,
  kinds: readonly TraceKind[],
  seenAtMs: number,
  atMs: number,
): boolean {
  if (validity.untilMs !== null && atMs >= validity.untilMs) return true;
  return kinds.every((kind) => decayScore(kind, seenAtMs, atMs) === 0);
}

function readMs(value: StixObject[string] | undefined): number | null {
  const us = typeof value === 'string' ? parseTimestamp(value) : null;
  return us === null ? null : Number(us / 1000n);
}
