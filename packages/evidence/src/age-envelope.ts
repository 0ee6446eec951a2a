import { PhalanxError } from '@phalanx/core';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import type { EvidenceErrorCode } from './evidence-error.js';

/** bech32 of 32 bytes: only the plain X25519 kind, which every age since 1.0 decrypts. */
const RECIPIENT = /^age1[02-9ac-hj-np-z]{58}$/;
const IDENTITY = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/;
const MAX_RECIPIENTS = 100;

/**
 * Encrypts for some people's age keys (C2SP age, X25519). There are no passphrases here: they are told on the telephone and guessed.
 *
 * The file says how many recipients there are, not who they are.
 *
 * @param recipients `age1...`, 1 to 100
 * @throws PhalanxError `EVIDENCE_RECIPIENT`
 */
export async function encryptForRecipients(
  plaintext: Uint8Array,
  recipients: readonly string[],
): Promise<Uint8Array> {
  if (recipients.length === 0 || recipients.length > MAX_RECIPIENTS)
    throw recipientError(`${recipients.length} recipients, not 1 to ${MAX_RECIPIENTS}`);
  const encrypter = new Encrypter();
  for (const [i, recipient] of recipients.entries()) {
    if (!RECIPIENT.test(recipient)) throw recipientError(`recipient ${i + 1} is not age1 and 58 letters`);
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      throw recipientError(`recipient ${i + 1} has a wrong letter`, cause);
    }
  }
  return encrypter.encrypt(plaintext);
}

/**
 * Decrypts with one age key.
 *
 * @param identity `AGE-SECRET-KEY-1...`
 * @throws PhalanxError `EVIDENCE_RECIPIENT` for a malformed identity; `EVIDENCE_AGE` when the file is malformed, altered or for others
 */
export async function decryptWithIdentity(file: Uint8Array, identity: string): Promise<Uint8Array> {
  await recipientOf(identity);
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(file);
  } catch (cause) {
    throw new PhalanxError<EvidenceErrorCode>(
      'EVIDENCE_AGE',
      'not an age file for this identity, or it was altered',
      { cause, advice: 'Ask for which recipient it was made, and for the file again.' },
    );
  }
}

/**
 * The recipient that belongs to an identity.
 *
 * @throws PhalanxError `EVIDENCE_RECIPIENT`
 */
export async function recipientOf(identity: string): Promise<string> {
  if (!IDENTITY.test(identity)) throw recipientError('an identity is AGE-SECRET-KEY-1 and 58 letters');
  try {
    return await identityToRecipient(identity);
  } catch {
    // Without the cause: it may quote the secret.
    throw recipientError('the identity has a wrong letter');
  }
}

function recipientError(what: string, cause?: unknown): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_RECIPIENT', `not an age key: ${what}`, {
    cause,
    advice: 'Make one with `age-keygen`; keys of hardware, SSH and passphrases are not used here.',
  });
}
