import { PhalanxError } from '@phalanx/core';

/**
 * Why this package refuses a call.
 *
 * - `SUSPECT_ARGUMENT`: an option outside what its docstring states.
 * - `SUSPECT_ANSWER`: a model that does not answer, or not in its dialect. The message shows neither prompt, answer nor credential.
 * - `SUSPECT_UNRECORDED`: a question whose answer a record does not hold.
 * - `SUSPECT_BUDGET`: more questions, or more text, than was allowed.
 */
export type SuspectErrorCode =
  | 'SUSPECT_ARGUMENT'
  | 'SUSPECT_ANSWER'
  | 'SUSPECT_UNRECORDED'
  | 'SUSPECT_BUDGET';

/** @throws PhalanxError `code`, always. */
export function refuse(code: SuspectErrorCode, what: string, advice: string): never {
  throw new PhalanxError<SuspectErrorCode>(code, what, { advice });
}

/** @throws PhalanxError `SUSPECT_ARGUMENT` unless `value` is an integer in [low, high]. */
export function requireInteger(value: number, name: string, low: number, high: number): void {
  if (!Number.isSafeInteger(value) || value < low || value > high)
    refuse('SUSPECT_ARGUMENT', `${name} must be an integer in [${low}, ${high}], not ${value}`, 'Fix it.');
}
