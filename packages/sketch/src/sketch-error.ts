import { PhalanxError, type PhalanxErrorOptions } from '@phalanx/core';

/** Every code this package raises. */
export type SketchErrorCode =
  /** The sketch key is not 32 bytes. */
  | 'SKETCH_KEY'
  /** A hash domain is empty, too long, or contains U+0000. */
  | 'SKETCH_DOMAIN'
  /** An exchange without `sourceId` came without an id from the caller, or the given id is not 16 bytes. */
  | 'SKETCH_ID_MISSING'
  /** Bytes or hashes are not a benchmark index. */
  | 'SKETCH_BENCHMARK_INDEX';

/** A PhalanxError with one of this package's codes. */
export function sketchError(
  code: SketchErrorCode,
  message: string,
  options?: PhalanxErrorOptions,
): PhalanxError<SketchErrorCode> {
  return new PhalanxError(code, message, options);
}
