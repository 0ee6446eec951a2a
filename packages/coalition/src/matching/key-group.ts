import { concatBytes, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { refuse } from '../coalition-error.js';
import { digestOf, framed, integerBytes } from './framed-bytes.js';
import { bytesField, listField } from './message.js';
import { addPoints, decodePoint, multiplyPoint, POINT_BYTES } from './ristretto.js';
import { lagrangeAtZero } from './shamir.js';

/** Most key servers of one key. */
export const MAX_SERVERS = 32;
/** Length of an epoch: a week from 1970-01-01T00:00:00Z on. */
export const EPOCH_MS = 7 * 86_400_000;

/** The epoch that a time lies in. */
export function epochOf(atMs: number): number {
  return Math.floor(atMs / EPOCH_MS);
}

/** The public side of a key that servers hold together, for one epoch. */
export const keyGroupSchema = z.strictObject({
  type: z.literal('phalanx-key-group-v1'),
  epoch: z.int().min(0).max(0xffffffff),
  /** How many servers it takes. */
  threshold: z.int().min(1).max(MAX_SERVERS),
  /** Numbers of the servers that hold shares, ascending. */
  members: z.array(z.int().min(1).max(MAX_SERVERS)).min(1).max(MAX_SERVERS),
  /** k G. */
  publicKey: bytesField(POINT_BYTES),
  /** k_i G for each member, in their order. */
  publicShares: listField(POINT_BYTES, 1, MAX_SERVERS),
  /** SHA-256 of all that was said in public while the key was made. */
  transcript: bytesField(32),
});
export type KeyGroup = z.output<typeof keyGroupSchema>;

/** 32 bytes that stand for a key group: whoever computes the same has the same key, threshold, members and history. */
export function keyIdOf(group: KeyGroup): Uint8Array {
  const { epoch, threshold, members, publicKey, publicShares, transcript } = group;
  const places = concatBytes(members.map((member) => integerBytes(member, 1)));
  return digestOf(
    'sha256',
    framed(utf8('phalanx-key-group-v1'), integerBytes(epoch, 4), integerBytes(threshold, 1)),
    framed(places, publicKey, ...publicShares, transcript),
  );
}

/**
 * Checks a group that somebody else wrote down: points that are points, members ascending, as many shares, and every set of `threshold`
 * neighbours among them leads to the public key.
 *
 * @throws PhalanxError `COALITION_MATCHING` otherwise
 */
export function checkKeyGroup(group: KeyGroup): void {
  const { threshold, members, publicKey, publicShares } = group;
  const ascending = members.every((member, i) => i === 0 || member > members[i - 1]!);
  if (!ascending || publicShares.length !== members.length || threshold > members.length)
    refuse('COALITION_MATCHING', 'members, shares and threshold of a key group do not fit', 'Refuse it.');
  decodePoint(publicKey);
  for (let first = 0; first + threshold <= members.length; first++) {
    const weights = lagrangeAtZero(members.slice(first, first + threshold));
    const sum = weights.map((weight, i) => multiplyPoint(weight, publicShares[first + i]!)).reduce(addPoints);
    if (Buffer.compare(sum, publicKey) !== 0)
      refuse('COALITION_MATCHING', 'the shares of a key group do not make its key', 'Refuse it.');
  }
}

/**
 * Checks who is asked together.
 *
 * @throws PhalanxError `COALITION_MATCHING` unless there are exactly `threshold`, ascending, all of them members
 */
export function checkQuorum({ threshold, members }: KeyGroup, quorum: readonly number[]): void {
  const ascending = quorum.every(
    (server, i) => members.includes(server) && (i === 0 || server > quorum[i - 1]!),
  );
  if (!ascending || quorum.length !== threshold)
    refuse(
      'COALITION_MATCHING',
      'this is no quorum of the key',
      `Ask ${threshold} members, in ascending order.`,
    );
}
