import { PhalanxError } from '@phalanx/core';

/** `TESTING_PLAN`: a world plan that cannot be built. `TESTING_SOURCE`: a prompt, timing or weight file that cannot be used. */
export type TestingErrorCode = 'TESTING_PLAN' | 'TESTING_SOURCE';

export function planError(message: string, advice?: string): PhalanxError<TestingErrorCode> {
  return new PhalanxError('TESTING_PLAN', message, advice === undefined ? {} : { advice });
}

export function sourceError(message: string, cause?: unknown): PhalanxError<TestingErrorCode> {
  return new PhalanxError('TESTING_SOURCE', message, cause === undefined ? {} : { cause });
}

/** @throws PhalanxError `TESTING_PLAN` unless `low <= value <= high`. */
export function checkRange(name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high))
    throw planError(`${name} = ${value} is outside ${low}..${high}`, `choose ${name} within ${low}..${high}`);
}

/** @throws PhalanxError `TESTING_PLAN` unless `value` is an integer with `low <= value <= high`. */
export function checkInteger(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value)) throw planError(`${name} = ${value} is not an integer`);
  checkRange(name, value, low, high);
}
