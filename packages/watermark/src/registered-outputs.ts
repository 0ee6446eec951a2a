import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { fromHex, toHex, utf8 } from '@phalanx/core';
import { demand } from './watermark-error.js';

/**
 * What is logged of an output so that its text can be shown to be ours later, and by nobody guessed before. It proves that who
 * logged it knew this text no later than the log says, and nothing about who else wrote the same; for short or common texts
 * that is little. It needs no mark and survives no edit: beside it, sketches find near copies (`@phalanx/attribution`).
 */
export interface OutputRegistration {
  readonly type: 'phalanx-registered-output-v1';
  /** SHA-256(salt || "phalanx-registered-output-v1" || 0 || text in UTF-8), hex. Public. */
  readonly commitment: string;
  /** UTF-16 code units, so that a reader sees how much is claimed. */
  readonly characters: number;
}

/** 16 random bytes, hex, kept private beside the text. */
export type OutputSalt = string;

const SALT_BYTES = 16;

/** Commits to a text under a fresh salt. */
export function registerOutput(text: string): { registration: OutputRegistration; salt: OutputSalt } {
  const salt = randomBytes(SALT_BYTES);
  return {
    registration: {
      type: 'phalanx-registered-output-v1',
      commitment: toHex(commit(text, salt)),
      characters: text.length,
    },
    salt: toHex(salt),
  };
}

/**
 * Whether this text, character by character, is the one that was registered.
 *
 * @throws PhalanxError `MARK_ARGUMENT` for a salt that is not 32 hexadecimal digits
 */
export function checkOutput(registration: OutputRegistration, text: string, salt: OutputSalt): boolean {
  demand(
    /^[0-9a-f]{32}$/.test(salt),
    'MARK_ARGUMENT',
    'a salt has 32 hexadecimal digits',
    'Find the right one.',
  );
  if (!/^[0-9a-f]{64}$/.test(registration.commitment) || registration.characters !== text.length)
    return false;
  return timingSafeEqual(commit(text, fromHex(salt)), fromHex(registration.commitment));
}

function commit(text: string, salt: Uint8Array): Uint8Array {
  return createHash('sha256')
    .update(salt)
    .update(utf8('phalanx-registered-output-v1\0'))
    .update(utf8(text))
    .digest();
}
