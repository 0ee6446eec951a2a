import { PhalanxError } from '@phalanx/core';

/**
 * Why this package refuses.
 *
 * - `WEIGHTS_FORMAT`: bytes that are not what their format demands; nothing of them is used.
 * - `WEIGHTS_LIMIT`: a file that asks for more memory, names or depth than the stated limit.
 * - `WEIGHTS_EXECUTABLE`: a pickle that does more than describe tensors.
 * - `WEIGHTS_SOURCE`: a file or server that cannot be read. Retryable where the server said so.
 * - `WEIGHTS_ARGUMENT`: a call outside what its docstring states.
 * - `WEIGHTS_KEY`: a recipient, an identity or an approver's key that cannot be read.
 * - `WEIGHTS_SEAL`: a sealed file that was altered or cut, or that is for others.
 * - `WEIGHTS_LEASE`: a lease that two did not approve, that is over or withdrawn, or that is for something else.
 * - `WEIGHTS_RELEASE`: a release service that stopped because it could not log.
 * - `WEIGHTS_SIGNATURE`: a signature that is not by whom is trusted, or is made in another way.
 * - `WEIGHTS_MISMATCH`: files that are not those which were signed.
 */
export type WeightsErrorCode =
  | 'WEIGHTS_FORMAT'
  | 'WEIGHTS_LIMIT'
  | 'WEIGHTS_EXECUTABLE'
  | 'WEIGHTS_SOURCE'
  | 'WEIGHTS_ARGUMENT'
  | 'WEIGHTS_SIGNATURE'
  | 'WEIGHTS_MISMATCH'
  | 'WEIGHTS_KEY'
  | 'WEIGHTS_SEAL'
  | 'WEIGHTS_LEASE'
  | 'WEIGHTS_RELEASE';

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
