import { ed25519, ed25519_FROST } from '@noble/curves/ed25519.js';
import { PhalanxError } from '@phalanx/core';
import type { LedgerErrorCode } from './ledger-error.js';

/** More holders than this sign too slowly and are too many to look after. */
export const MAX_PARTICIPANTS = 16;

/** Of the curve. */
export type Point = ReturnType<typeof ed25519.Point.fromBytes>;

/** What is public about a key that is shared by FROST(Ed25519, SHA-512), RFC 9591. Participants are numbered from 1. */
export interface FrostGroup {
  /** So many participants sign, 2 to `participants`. */
  readonly threshold: number;
  /** 2 to 16. */
  readonly participants: number;
  /** Commitment to the polynomial, `threshold` points of 32 bytes (RFC 9591 appendix C.2). */
  readonly commitments: readonly Uint8Array[];
  /** The Ed25519 key that signatures verify under: the first commitment. */
  readonly publicKey: Uint8Array;
  /** What each participant's signature shares verify under, in order of their numbers. */
  readonly verifyingShares: readonly Uint8Array[];
}

/**
 * @throws PhalanxError `LEDGER_SHARE` for a threshold or a number of participants out of range, or a commitment that is no point of the
 * prime-order group
 */
export function makeFrostGroup(
  threshold: number,
  participants: number,
  commitments: readonly Uint8Array[],
): FrostGroup {
  checkCounts(threshold, participants);
  if (commitments.length !== threshold)
    throw groupError(`${commitments.length} commitments for ${threshold}`);
  const points = commitments.map((commitment) => {
    const point = readElement(commitment);
    if (point === null) throw groupError('a commitment is no point of the group');
    return point;
  });
  const verifyingShares = Array.from({ length: participants }, (_, i) => evaluate(points, i + 1).toBytes());
  const copies = commitments.map((commitment) => commitment.slice());
  return { threshold, participants, commitments: copies, publicKey: copies[0]!.slice(), verifyingShares };
}

/** @throws PhalanxError `LEDGER_SHARE` unless 2 <= threshold <= participants <= 16 */
export function checkCounts(threshold: number, participants: number): void {
  const isWhole = Number.isInteger(threshold) && Number.isInteger(participants);
  if (!isWhole || threshold < 2 || threshold > participants || participants > MAX_PARTICIPANTS)
    throw groupError(`${threshold} of ${participants} participants, of 2 to ${MAX_PARTICIPANTS}`);
}

/** Whether the group has a participant of this number. */
export function isParticipant(group: Pick<FrostGroup, 'participants'>, participant: number): boolean {
  return Number.isInteger(participant) && participant >= 1 && participant <= group.participants;
}

/** A participant's number as the library names it. */
export function identifierOf(participant: number): string {
  return ed25519_FROST.Identifier.fromNumber(participant);
}

/** The group as the library takes it. */
export function toPublicPackage(group: FrostGroup): Parameters<typeof ed25519_FROST.aggregate>[0] {
  return {
    signers: { min: group.threshold, max: group.participants },
    commitments: group.commitments.map((commitment) => commitment.slice()),
    verifyingShares: Object.fromEntries(
      group.verifyingShares.map((share, i) => [identifierOf(i + 1), share.slice()]),
    ),
  };
}

/** The sum of commitment j times x^j, by Horner's rule (RFC 9591 appendix C.2). */
function evaluate(points: readonly Point[], x: number): Point {
  // Everything is public, so the time may depend on it.
  const value = points.reduceRight(
    (sum, point) => sum.multiplyUnsafe(BigInt(x)).add(point),
    ed25519.Point.ZERO,
  );
  if (value.is0()) throw groupError('a share of nothing');
  return value;
}

/** The element that RFC 9591 section 3.1 would read; null for none, in a second encoding, the identity, or outside of the prime-order group. */
export function readElement(bytes: Uint8Array): Point | null {
  try {
    const point = ed25519.Point.fromBytes(bytes, false);
    return point.is0() || !point.isTorsionFree() ? null : point;
  } catch {
    return null;
  }
}

function groupError(what: string): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_SHARE', `not a shared key: ${what}`);
}
