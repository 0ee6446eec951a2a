import { PhalanxError } from '@phalanx/core';

/**
 * Why this package refuses a call.
 *
 * - `MARK_ARGUMENT`: a number or array outside what its docstring states.
 * - `MARK_KEY`: a key of the wrong form. The message never shows it.
 * - `MARK_PROFILE`: a profile that does not parse, whose signature fails, or that does not fit what it is used with.
 * - `MARK_LIMIT`: more tokens, keys or text than the stated limit.
 * - `MARK_SUSPECT`: a suspect model that does not answer, or not as its interface says.
 * - `MARK_UNREGISTERED`: a test of a suspect that was not registered before.
 */
export type WatermarkErrorCode =
  | 'MARK_ARGUMENT'
  | 'MARK_KEY'
  | 'MARK_PROFILE'
  | 'MARK_LIMIT'
  | 'MARK_SUSPECT'
  | 'MARK_UNREGISTERED';

/** @throws PhalanxError `code`, always. */
export function refuse(code: WatermarkErrorCode, what: string, advice: string, cause?: unknown): never {
  throw new PhalanxError<WatermarkErrorCode>(code, what, { advice, cause });
}

/** @throws PhalanxError `code` unless `holds`. */
export function demand(
  holds: boolean,
  code: WatermarkErrorCode,
  what: string,
  advice: string,
): asserts holds {
  if (!holds) refuse(code, what, advice);
}

/** @throws PhalanxError `MARK_ARGUMENT` unless `value` is an integer in [low, high]. */
export function requireInteger(value: number, name: string, low: number, high: number): void {
  if (!Number.isSafeInteger(value) || value < low || value > high)
    demand(
      false,
      'MARK_ARGUMENT',
      `${name} must be an integer in [${low}, ${high}], not ${value}`,
      'Fix it.',
    );
}

/** @throws PhalanxError `MARK_ARGUMENT` unless n-grams are of a context of this width and a token. */
export function requireWidth(ngrams: { readonly width: number }, contextWidth: number): void {
  demand(
    ngrams.width === contextWidth + 1,
    'MARK_ARGUMENT',
    `n-grams of ${ngrams.width} tokens, for a mark that reads ${contextWidth + 1}`,
    'Collect them with the mark’s own context width.',
  );
}
