import { PhalanxError } from '@phalanx/core';

/**
 * Why this package refuses.
 *
 * - `WEIGHTS_FORMAT`: bytes that are not what their format demands; nothing of them is used.
 * - `WEIGHTS_LIMIT`: a file that asks for more memory, names or depth than the stated limit.
 * - `WEIGHTS_EXECUTABLE`: a pickle that does more than describe tensors.
 * - `WEIGHTS_SOURCE`: a file or server that cannot be read. Retryable where the server said so.
 * - `WEIGHTS_ARGUMENT`: a call outside what its docstring states.
 */
export type WeightsErrorCode =
  | 'WEIGHTS_FORMAT'
  | 'WEIGHTS_LIMIT'
  | 'WEIGHTS_EXECUTABLE'
  | 'WEIGHTS_SOURCE'
  | 'WEIGHTS_ARGUMENT';

/** @throws PhalanxError `code`, always. */
export function refuse(code: WeightsErrorCode, what: string, cause?: unknown): never {
  throw new PhalanxError<WeightsErrorCode>(code, what, { cause });
}

/** @throws PhalanxError `WEIGHTS_FORMAT` unless `holds`. */
export function requireFormat(holds: boolean, what: string): asserts holds {
  if (!holds) refuse('WEIGHTS_FORMAT', what);
}

/** @throws PhalanxError `WEIGHTS_LIMIT` unless `holds`. */
export function requireWithin(holds: boolean, what: string): asserts holds {
  if (!holds) refuse('WEIGHTS_LIMIT', what);
}
