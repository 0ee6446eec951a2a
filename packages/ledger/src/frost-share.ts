import type { KeyObject } from 'node:crypto';
import { ed25519, ed25519_FROST } from '@noble/curves/ed25519.js';
import { canonicalJson, fromBase64, fromUtf8, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import {
  checkCounts,
  type FrostGroup,
  identifierOf,
  isParticipant,
  MAX_PARTICIPANTS,
  makeFrostGroup,
} from './frost-group.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { signingKeyOf } from './note-signer.js';
import { readSecretFile, writeSecretFile } from './secret-file.js';

const SUITE = 'FROST-ED25519-SHA512-v1';
const MAX_BYTES = 8192;

/** One participant's part of a key that is shared by FROST. */
export interface FrostShare {
  readonly group: FrostGroup;
  /** 1 to `group.participants`. */
  readonly participant: number;
  /** Secret scalar, 32 bytes, little-endian. */
  readonly secret: Uint8Array;
}

/**
 * Splits a key as a trusted dealer does (RFC 9591 appendix C). Whoever runs this has the whole key for a moment; `FrostKeyGeneration`
 * makes one that nobody ever has.
 *
 * @param key Ed25519: the shares sign under its public key. A new one when absent
 * @throws PhalanxError `LEDGER_SHARE` for counts out of range, `LEDGER_KEY` for a key that is not Ed25519
 */
export function dealFrostShares(threshold: number, participants: number, key?: KeyObject): FrostShare[] {
  checkCounts(threshold, participants);
  const dealt = ed25519_FROST.trustedDealer(
    { min: threshold, max: participants },
    undefined,
    key && readScalar(key),
  );
  const group = makeFrostGroup(threshold, participants, dealt.public.commitments);
  return Array.from({ length: participants }, (_, i) => ({
    group,
    participant: i + 1,
    secret: dealt.secretShares[identifierOf(i + 1)]!.signingShare,
  }));
}

/**
 * Writes a share into a new file, encrypted as `writeSecretFile` does.
 *
 * @throws PhalanxError see `writeSecretFile`
 */
export async function writeFrostShareFile(
  path: string,
  share: FrostShare,
  passphrase: string,
  workFactor?: number,
): Promise<void> {
  await writeSecretFile(path, formatShare(share), passphrase, workFactor);
}

/**
 * Reads what `writeFrostShareFile` wrote.
 *
 * @throws PhalanxError `LEDGER_SHARE` when it holds no share, or one that is not of its group; see `readSecretFile`
 */
export async function readFrostShareFile(path: string, passphrase: string): Promise<FrostShare> {
  return parseShare(await readSecretFile(path, passphrase));
}

/**
 * Checks that a share is the one that the group's commitments speak of (RFC 9591 appendix C.2, vss_verify).
 *
 * @throws PhalanxError `LEDGER_SHARE`
 */
export function checkShare({ group, participant, secret }: FrostShare): void {
  if (!isParticipant(group, participant)) throw shareError(`participant ${participant}`);
  if (!isEvaluation(group.commitments, participant, secret))
    throw shareError(`what participant ${participant} holds is not of this key`);
}

/** Whether a scalar is the value for a participant of the polynomial that the commitments speak of. */
export function isEvaluation(
  commitments: readonly Uint8Array[],
  participant: number,
  secret: Uint8Array,
): boolean {
  try {
    ed25519_FROST.validateSecret(
      { identifier: identifierOf(participant), signingShare: secret },
      {
        signers: { min: commitments.length, max: MAX_PARTICIPANTS },
        commitments: commitments.map((commitment) => commitment.slice()),
        verifyingShares: {},
      },
    );
    return true;
  } catch {
    return false;
  }
}

function formatShare({ group, participant, secret }: FrostShare): Uint8Array {
  const { threshold, participants, commitments } = group;
  return utf8(
    canonicalJson({
      kind: 'frost-share',
      suite: SUITE,
      threshold,
      participants,
      participant,
      commitments: commitments.map(toBase64),
      secret: toBase64(secret),
    }),
  );
}

function parseShare(bytes: Uint8Array): FrostShare {
  if (bytes.length > MAX_BYTES) throw shareError(`${bytes.length} bytes`);
  let share: FrostShare;
  try {
    const { kind, suite, threshold, participants, participant, commitments, secret } = JSON.parse(
      fromUtf8(bytes),
    );
    if (kind !== 'frost-share' || suite !== SUITE) throw shareError('it is of another kind');
    const group = makeFrostGroup(threshold, participants, commitments.map(fromBase64));
    share = { group, participant, secret: fromBase64(secret) };
  } catch (error) {
    // Never the cause: a parser may quote what it could not read.
    throw PhalanxError.is(error) ? error : shareError('it cannot be read');
  }
  checkShare(share);
  return share;
}

/** The scalar that an Ed25519 key signs with (RFC 8032 section 5.1.5), reduced, little-endian. */
function readScalar(key: KeyObject): Uint8Array {
  const { publicKey } = signingKeyOf(key);
  // The seed ends the DER of a PKCS#8 key (RFC 8410).
  const seed = key.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(new Uint8Array(seed));
  if (Buffer.compare(pointBytes, publicKey) !== 0) throw shareError('the key does not match itself');
  return ed25519.Point.Fn.toBytes(scalar);
}

function shareError(what: string): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_SHARE', `not a share of a key: ${what}`);
}
