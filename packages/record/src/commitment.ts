import * as crypto from 'node:crypto';
import { PhalanxError } from '@phalanx/core';
import type { RecordErrorCode } from './record-error.js';

/**
 * The six parts of an exchange that can be shown apart from one another, in the order of their commitments in a leaf.
 * What each holds: `exchange-groups.ts`.
 */
export const GROUPS = ['who', 'request', 'response', 'prompt', 'completion', 'detector'] as const;
export type Group = (typeof GROUPS)[number];

export const SALT_BYTES = 16;
export const COMMITMENT_BYTES = 32;

const PREFIXES = GROUPS.map((group) => Buffer.from(`${group}\0`));

/**
 * SHA-256 of salt, name of the group, a zero byte and the value. The salt is random, so that a value of which there are few
 * cannot be found by trying them; the name keeps a value from being shown as another group's.
 *
 * @param salt 16 bytes
 * @param value absent values are committed to as no bytes
 */
export function commit(salt: Uint8Array, group: Group, value: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.from(digestGroup(salt, 0, GROUPS.indexOf(group), value), 'latin1'));
}

let scratch = Buffer.alloc(4096);

/**
 * As `commit`, for the hot path: the digest as 32 characters of one byte each, which a caller writes where it belongs.
 *
 * @param salts holds the salt at `saltAt`
 * @param group its place in `GROUPS`
 */
export function digestGroup(salts: Uint8Array, saltAt: number, group: number, value: Uint8Array): string {
  const prefix = PREFIXES[group]!;
  const length = SALT_BYTES + prefix.length + value.length;
  if (scratch.length < length) scratch = Buffer.alloc(2 * length);
  for (let i = 0; i < SALT_BYTES; i++) scratch[i] = salts[saltAt + i]!;
  scratch.set(prefix, SALT_BYTES);
  scratch.set(value, SALT_BYTES + prefix.length);
  const hashed = scratch.subarray(0, length);
  // One call that answers with a string is several times faster than `createHash`; Node has it since 20.12.
  return crypto.hash === undefined
    ? crypto.createHash('sha256').update(hashed).digest('binary')
    : crypto.hash('sha256', hashed, 'binary');
}

/** What shows that a group of a leaf holds a value. */
export interface Opening {
  readonly group: Group;
  readonly salt: Uint8Array;
  readonly value: Uint8Array;
}

/** @throws PhalanxError `RECORD_OPENING` unless the opening leads to the commitment */
export function verifyOpening(commitment: Uint8Array, { group, salt, value }: Opening): void {
  if (salt.length !== SALT_BYTES || !Buffer.from(commit(salt, group, value)).equals(commitment))
    throw new PhalanxError<RecordErrorCode>(
      'RECORD_OPENING',
      `what is shown as ${group} is not what was logged`,
    );
}
