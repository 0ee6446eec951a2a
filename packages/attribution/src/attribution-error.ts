import { PhalanxError, type PhalanxErrorOptions } from '@phalanx/core';

/** Every code this package raises. */
export type AttributionErrorCode =
  /** An option out of its range. */
  | 'ATTRIBUTION_OPTIONS'
  /** No text is found in the first rows, or the field named is not there. */
  | 'ATTRIBUTION_FIELD'
  /** More rows or candidate texts than one run takes. */
  | 'ATTRIBUTION_LIMIT';

/** A PhalanxError with one of this package's codes. */
export function attributionError(
  code: AttributionErrorCode,
  message: string,
  options?: PhalanxErrorOptions,
): PhalanxError<AttributionErrorCode> {
  return new PhalanxError(code, message, options);
}
