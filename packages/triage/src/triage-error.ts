import { PhalanxError } from '@phalanx/core';

/**
 * Why this package refuses a call.
 *
 * - `TRIAGE_OPTIONS`: an option outside the range its docstring states.
 * - `TRIAGE_CORPUS`: too few texts to learn from, or more than the limits allow.
 * - `TRIAGE_MODEL`: bytes that are no model, or a model that this version cannot read.
 */
export type TriageErrorCode = 'TRIAGE_OPTIONS' | 'TRIAGE_CORPUS' | 'TRIAGE_MODEL';

/** @throws PhalanxError `TRIAGE_OPTIONS` unless `holds`. */
export function requireOption(holds: boolean, what: string): asserts holds {
  if (!holds) throw new PhalanxError<TriageErrorCode>('TRIAGE_OPTIONS', what, { advice: 'Fix the option.' });
}

/** @throws PhalanxError `TRIAGE_CORPUS` unless `holds`. */
export function requireCorpus(holds: boolean, what: string, advice: string): asserts holds {
  if (!holds) throw new PhalanxError<TriageErrorCode>('TRIAGE_CORPUS', what, { advice });
}

/** @throws PhalanxError `TRIAGE_MODEL` unless `holds`. */
export function requireModel(holds: boolean, what: string): asserts holds {
  if (!holds)
    throw new PhalanxError<TriageErrorCode>('TRIAGE_MODEL', `not a triage model: ${what}`, {
      advice: 'Name a file that `phalanx mark triage train` has written, or train again.',
    });
}
