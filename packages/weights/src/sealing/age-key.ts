import { PhalanxError } from '@phalanx/core';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { WeightsErrorCode } from '../weights-error.js';

/** Whether a key withstands a quantum computer that reads today's files in twenty years. */
export type AgeKeyKind = 'X25519' | 'ML-KEM-768 with X25519';

/** bech32 of 32 bytes, and of 1,184 + 32: no passphrases, which are guessed, no hardware and no SSH keys. */
const RECIPIENTS: readonly (readonly [AgeKeyKind, RegExp])[] = [
  ['X25519', /^age1[02-9ac-hj-np-z]{58}$/],
  ['ML-KEM-768 with X25519', /^age1pq1[02-9ac-hj-np-z]{1952}$/],
];
const IDENTITY = /^AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{58}$/;
const MAX_RECIPIENTS = 100;
const MAX_IDENTITIES = 100;

/**
 * What kind of key a recipient is.
 *
 * @param recipient `age1...` or `age1pq1...`
 * @throws PhalanxError `WEIGHTS_KEY`. A wrong letter inside is found when it is encrypted to
 */
export function kindOfRecipient(recipient: string): AgeKeyKind {
  const kind = RECIPIENTS.find(([, pattern]) => pattern.test(recipient))?.[0];
  if (kind === undefined) throw keyError('a recipient is age1 and 58 letters, or age1pq1 and 1,952');
  return kind;
}

/**
 * Recipients of one file: 1 to 100, all of one kind. age refuses a mixture as well: a file is as strong as its weakest recipient.
 *
 * @throws PhalanxError `WEIGHTS_KEY`
 */
export function requireRecipients(recipients: readonly string[]): void {
  if (recipients.length === 0 || recipients.length > MAX_RECIPIENTS)
    throw keyError(`${recipients.length} recipients; 1 to ${MAX_RECIPIENTS} can be`);
  if (new Set(recipients.map(kindOfRecipient)).size > 1)
    throw keyError('recipients with and without post-quantum keys: a file would be as strong as the weakest');
}

/**
 * Identities out of a file as `age-keygen` writes it: one a line, empty lines and `#` comments between.
 *
 * @throws PhalanxError `WEIGHTS_KEY` for any other line, for none and for more than 100; no message quotes a line
 */
export function parseIdentities(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0 || lines.length > MAX_IDENTITIES)
    throw keyError(`a file of ${lines.length} identities; 1 to ${MAX_IDENTITIES} can be`);
  lines.forEach(requireIdentity);
  return lines;
}

/** @throws PhalanxError `WEIGHTS_KEY` */
export function requireIdentity(identity: string): void {
  if (!IDENTITY.test(identity))
    throw keyError('an identity is AGE-SECRET-KEY-1 or AGE-SECRET-KEY-PQ-1 and 58 letters');
}

/**
 * The recipient that belongs to an identity.
 *
 * @throws PhalanxError `WEIGHTS_KEY`
 */
export async function recipientOf(identity: string): Promise<string> {
  requireIdentity(identity);
  try {
    return await identityToRecipient(identity);
  } catch {
    // Without the cause: it may quote the secret.
    throw keyError('the identity has a wrong letter');
  }
}

/** A new identity: `AGE-SECRET-KEY-1...`, or `AGE-SECRET-KEY-PQ-1...`. */
export function generateIdentity(kind: AgeKeyKind): Promise<string> {
  return kind === 'X25519' ? generateX25519Identity() : generateHybridIdentity();
}

export function keyError(what: string, cause?: unknown): PhalanxError<WeightsErrorCode> {
  return new PhalanxError('WEIGHTS_KEY', `not an age key: ${what}`, {
    cause,
    advice: 'Make one with `age-keygen` or `phalanx weights identity`.',
  });
}
