import { PhalanxError } from '@phalanx/core';

/** Why this package throws. `WIRE_BODY`: a field that matters has the wrong type, or the body is not of this dialect. */
export type WireErrorCode = 'WIRE_BODY';

/** A decoded JSON object. Its members are checked where they are read. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a decoded JSON value is an object (not null, not an array). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Makes the error for a field of the wrong type. `wanted` names the right one. */
export function bodyError(path: string, wanted: string, value: unknown): PhalanxError<WireErrorCode> {
  const seen =
    value === undefined
      ? 'absent'
      : value === null
        ? 'null'
        : Array.isArray(value)
          ? 'an array'
          : `a ${typeof value}`;
  return new PhalanxError<WireErrorCode>('WIRE_BODY', `${path} must be ${wanted}, not ${seen}`);
}

/** @throws PhalanxError `WIRE_BODY` unless the value is an object. */
export function expectObject(value: unknown, path: string): JsonObject {
  if (!isJsonObject(value)) throw bodyError(path, 'an object', value);
  return value;
}

/** @throws PhalanxError `WIRE_BODY` unless the value is an array. */
export function expectArray(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw bodyError(path, 'an array', value);
  return value;
}

/** `undefined` for an absent or null value. @throws PhalanxError `WIRE_BODY` unless it is a string. */
export function optionalString(value: unknown, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw bodyError(path, 'a string', value);
  return value;
}

/** `undefined` for an absent or null value. @throws PhalanxError `WIRE_BODY` unless it is an integer >= 0. */
export function optionalCount(value: unknown, path: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw bodyError(path, 'an integer >= 0', value);
  return value;
}

/** `undefined` for an absent or null value. @throws PhalanxError `WIRE_BODY` unless it is a boolean. */
export function optionalFlag(value: unknown, path: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw bodyError(path, 'true or false', value);
  return value;
}

/** Sum of the counts that are present; `undefined` when none is. */
export function sumCounts(...counts: readonly (number | undefined)[]): number | undefined {
  let sum: number | undefined;
  for (const count of counts) if (count !== undefined) sum = (sum ?? 0) + count;
  return sum;
}
