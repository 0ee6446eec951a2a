import { randomFillSync } from 'node:crypto';
import { PhalanxError } from '@phalanx/core';
import { digestGroup, GROUPS, SALT_BYTES } from './commitment.js';
import type { GroupValues } from './exchange-groups.js';
import { COMMITMENTS_BYTES } from './exchange-leaf.js';
import type { RecordErrorCode } from './record-error.js';

/** An exchange, committed to and not yet logged. */
export interface Observation {
  /** 16 bytes; equal for the same exchange however often it is seen. */
  readonly id: Uint8Array;
  /** Keyed hash of the account. */
  readonly account: bigint;
  readonly atMs: number;
  /** One of 16 bytes for each group. */
  readonly salts: Uint8Array;
  /** One of 32 bytes for each group. */
  readonly commitments: Uint8Array;
  /** In the order of `GROUPS`; null for what is not kept, or never was. */
  readonly values: readonly (Uint8Array | null)[];
}

export const SALTS_BYTES = GROUPS.length * SALT_BYTES;
const EMPTY = new Uint8Array(0);
const TEXT_GROUPS = new Set<string>(['prompt', 'completion']);
const ABSENT = 0xffff_ffff;
/**
 * Rows of log files are shorter, cells of Parquet may be longer. Three of the one kind or two of the other stay below what a box may hold;
 * text as JSON in JSON stays below what a line of a bundle may have.
 */
const MAX_KEPT_BYTES = 20_000_000;
const MAX_KEPT_TEXT_BYTES = 1 << 23;
/** Random bytes are drawn for many salts at once: a draw costs microseconds, whatever its size. */
let pool = new Uint8Array(0);
const HEAD_BYTES = 16 + 8 + 8 + SALTS_BYTES + COMMITMENTS_BYTES + 4 * GROUPS.length;

/**
 * Commits to every group with fresh salts. Text above 8 MiB is not kept, nor another value above 20 MB.
 *
 * @param keepText false: prompt and completion are committed to and forgotten, so that only somebody who has the text can show it
 */
export function observe(
  { id, account, atMs }: Pick<Observation, 'id' | 'account' | 'atMs'>,
  values: GroupValues,
  keepText: boolean,
): Observation {
  const salts = drawSalts();
  let digests = '';
  const kept: (Uint8Array | null)[] = [];
  for (let i = 0; i < GROUPS.length; i++) {
    const group = GROUPS[i]!;
    const value = values[group];
    digests += digestGroup(salts, i * SALT_BYTES, i, value ?? EMPTY);
    const limit = TEXT_GROUPS.has(group) ? (keepText ? MAX_KEPT_TEXT_BYTES : -1) : MAX_KEPT_BYTES;
    kept.push((value?.length ?? 0) <= limit ? value : null);
  }
  const commitments = new Uint8Array(COMMITMENTS_BYTES);
  Buffer.from(commitments.buffer).write(digests, 'latin1');
  return { id, account, atMs, salts, commitments, values: kept };
}

function drawSalts(): Uint8Array {
  if (pool.length < SALTS_BYTES) pool = randomFillSync(new Uint8Array(512 * SALTS_BYTES));
  const salts = pool.subarray(0, SALTS_BYTES);
  pool = pool.subarray(SALTS_BYTES);
  return salts;
}

/** Observations as bytes that one thread hands to another. */
export function packObservations(observations: readonly Observation[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const { values } of observations)
    size += values.reduce((sum, value) => sum + (value?.length ?? 0), HEAD_BYTES);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { id, account, atMs, salts, commitments, values } of observations) {
    bytes.set(id, at);
    view.setBigUint64(at + 16, account);
    view.setFloat64(at + 24, atMs);
    bytes.set(salts, at + 32);
    bytes.set(commitments, at + 32 + SALTS_BYTES);
    at += 32 + SALTS_BYTES + COMMITMENTS_BYTES;
    for (const value of values) {
      view.setUint32(at, value?.length ?? ABSENT);
      at += 4;
    }
    for (const value of values) {
      if (value === null) continue;
      bytes.set(value, at);
      at += value.length;
    }
  }
  return bytes;
}

/** What `packObservations` packed, as views. @throws PhalanxError `RECORD_OPENING` when it ends inside one */
export function unpackObservations(bytes: Uint8Array): Observation[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const observations: Observation[] = [];
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length)
      throw new PhalanxError<RecordErrorCode>('RECORD_OPENING', 'observations end inside one');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const start = at;
    const head = take(HEAD_BYTES);
    const values: (Uint8Array | null)[] = [];
    for (let i = 0; i < GROUPS.length; i++) {
      const length = view.getUint32(start + HEAD_BYTES - 4 * (GROUPS.length - i));
      values.push(length === ABSENT ? null : take(length));
    }
    observations.push({
      id: head.subarray(0, 16),
      account: view.getBigUint64(start + 16),
      atMs: view.getFloat64(start + 24),
      salts: head.subarray(32, 32 + SALTS_BYTES),
      commitments: head.subarray(32 + SALTS_BYTES, 32 + SALTS_BYTES + COMMITMENTS_BYTES),
      values,
    });
  }
  return observations;
}
