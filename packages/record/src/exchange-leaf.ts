import { PhalanxError } from '@phalanx/core';
import { COMMITMENT_BYTES, GROUPS, type Group } from './commitment.js';
import type { RecordErrorCode } from './record-error.js';

/**
 * An exchange as the log holds it, 257 bytes, numbers big-endian:
 *
 * | bytes | what |
 * |---|---|
 * | 1 | 1: exchange, version 1 |
 * | 16 | chain: a random name of the account in this log |
 * | 8 | sequence: how many leaves of this chain came before |
 * | 32 | previous: leaf hash of the one before, zeroes at the first |
 * | 8 | when the exchange started, milliseconds since 1970 |
 * | 6 x 32 | commitments, in the order of `GROUPS` |
 *
 * Since each leaf names the one before, a proof of one leaf is a proof of all that went before it in its chain, and a leaf
 * that is left out shows as a gap. Specified in docs/spec/record-leaf.md.
 */
export interface ExchangeLeaf {
  readonly chain: Uint8Array;
  readonly sequence: number;
  readonly previous: Uint8Array;
  readonly atMs: number;
  /** 192 bytes. */
  readonly commitments: Uint8Array;
}

export const EXCHANGE_LEAF_BYTES = 257;
export const CHAIN_BYTES = 16;
/** First byte of an exchange leaf. Statements begin with `{`. */
export const EXCHANGE_LEAF = 1;
export const COMMITMENTS_BYTES = GROUPS.length * COMMITMENT_BYTES;

export function formatExchangeLeaf(leaf: ExchangeLeaf): Uint8Array {
  const bytes = new Uint8Array(EXCHANGE_LEAF_BYTES);
  const { buffer } = bytes;
  writeExchangeLeaf(Buffer.from(buffer), 0, leaf);
  return bytes;
}

/** As `formatExchangeLeaf`, for the hot path: into a buffer that holds many. */
export function writeExchangeLeaf(
  bytes: Buffer,
  at: number,
  { chain, sequence, previous, atMs, commitments }: ExchangeLeaf,
): void {
  bytes[at] = EXCHANGE_LEAF;
  bytes.set(chain, at + 1);
  writeSafeInteger(bytes, at + 17, sequence);
  bytes.set(previous, at + 25);
  writeSafeInteger(bytes, at + 57, atMs);
  bytes.set(commitments, at + 65);
}

/** A 64-bit number without a bigint. */
function writeSafeInteger(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  bytes.writeUInt32BE(value % 2 ** 32, at + 4);
}

/** @throws PhalanxError `RECORD_LEAF` for anything but a leaf of this form with numbers below 2^53 */
export function parseExchangeLeaf(bytes: Uint8Array): ExchangeLeaf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length !== EXCHANGE_LEAF_BYTES || bytes[0] !== EXCHANGE_LEAF)
    throw leafError('it has another length or kind');
  const sequence = Number(view.getBigUint64(17));
  const atMs = Number(view.getBigUint64(57));
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(atMs))
    throw leafError('a number is too large');
  return {
    chain: bytes.slice(1, 17),
    sequence,
    previous: bytes.slice(25, 57),
    atMs,
    commitments: bytes.slice(65),
  };
}

/** The commitment to one group. */
export function commitmentOf(leaf: Pick<ExchangeLeaf, 'commitments'>, group: Group): Uint8Array {
  const at = GROUPS.indexOf(group) * COMMITMENT_BYTES;
  return leaf.commitments.slice(at, at + COMMITMENT_BYTES);
}

function leafError(what: string): PhalanxError<RecordErrorCode> {
  return new PhalanxError('RECORD_LEAF', `not an exchange leaf: ${what}`);
}
