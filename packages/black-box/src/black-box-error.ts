import { PhalanxError } from '@phalanx/core';

/**
 * Why this package refuses a call.
 *
 * - `BLACK_BOX_ARGUMENT`: a number, text or list outside what its docstring states.
 * - `BLACK_BOX_PLAN`: a plan that contradicts itself, or parts that are not those of the plan.
 * - `BLACK_BOX_COMMITMENT`: an opening that does not open what was committed to. The message shows no secret.
 * - `BLACK_BOX_SUSPECT`: a model that cannot be asked what a test needs.
 * - `BLACK_BOX_UNREGISTERED`: a test that was not registered before.
 */
export type BlackBoxErrorCode =
  | 'BLACK_BOX_ARGUMENT'
  | 'BLACK_BOX_PLAN'
  | 'BLACK_BOX_COMMITMENT'
  | 'BLACK_BOX_SUSPECT'
  | 'BLACK_BOX_UNREGISTERED';

/** @throws PhalanxError `code`, always. */
export function refuse(code: BlackBoxErrorCode, what: string, advice: string): never {
  throw new PhalanxError<BlackBoxErrorCode>(code, what, { advice });
}

/** @throws PhalanxError `code` unless `holds`. */
export function demand(holds: boolean, code: BlackBoxErrorCode, what: string, advice: string): asserts holds {
  if (!holds) refuse(code, what, advice);
}

/** @throws PhalanxError `BLACK_BOX_ARGUMENT` unless `value` is an integer in [low, high]. */
export function requireInteger(value: number, name: string, low: number, high: number): void {
  if (!Number.isSafeInteger(value) || value < low || value > high)
    refuse('BLACK_BOX_ARGUMENT', `${name} must be an integer in [${low}, ${high}], not ${value}`, 'Fix it.');
}
