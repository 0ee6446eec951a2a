import { createHash, randomBytes } from 'node:crypto';
import { canonicalJson, toHex, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { refuse } from '../weights-error.js';
import { type CopyHolder, drawCodeWord, openFingerprintCode } from './fingerprint-code.js';
import { digestFiles, type MarkedCopy } from './mark-copy.js';
import { digestMarkKey, type MarkKey } from './mark-key.js';

const Digest = z.string().regex(/^[0-9a-f]{64}$/);

const RegisteredCopy = z.strictObject({
  schema: z.literal('phalanx-issued-copy-v1'),
  holder: z.strictObject({ kind: z.enum(['recipient', 'location']), name: z.string().min(1).max(256) }),
  atMs: z.int().min(0),
  keySha256: Digest,
  artifactSha256: Digest,
  copySha256: Digest,
  files: z
    .array(z.strictObject({ name: z.string().min(1).max(1_024), sha256: Digest }))
    .min(1)
    .max(10_001),
  /** 32 bytes, hex: opens the two digests that follow. */
  salt: Digest,
  recipientSha256: Digest,
  codeSha256: Digest,
});
/** What is kept of an issued copy. For its owner alone: with the salt names can be tried against the log. */
export type RegisteredCopy = Readonly<z.infer<typeof RegisteredCopy>>;

/** What of it is logged, as a `copy-issued` statement has it: nobody learns holder or code word from these. */
export type CopyCommitment = Pick<
  RegisteredCopy,
  'artifactSha256' | 'copySha256' | 'recipientSha256' | 'codeSha256'
>;

/**
 * The entry of a copy that was made, under a fresh salt.
 *
 * - `recipientSha256`: SHA-256 of the salt in hex, a line feed, and the canonical JSON of [kind, name].
 * - `codeSha256`: SHA-256 of the salt in hex, a line feed, the digest of the key in hex, a line feed, and the code word, eight positions
 *   a byte, the first lowest.
 *
 * Vectors: `docs/spec/vectors/weight-marks.json`.
 */
export function registerCopy(key: MarkKey, copy: MarkedCopy, atMs: number): RegisteredCopy {
  const salt = toHex(randomBytes(32));
  return {
    schema: 'phalanx-issued-copy-v1',
    holder: copy.holder,
    atMs,
    keySha256: digestMarkKey(key),
    artifactSha256: copy.artifactSha256,
    copySha256: copy.copySha256,
    files: copy.files.map(({ name, sha256 }) => ({ name, sha256 })),
    salt,
    ...commit(key, copy.holder, salt),
  };
}

/** @throws PhalanxError `WEIGHTS_ARGUMENT` for what is no entry of this version */
export function parseRegisteredCopy(value: unknown): RegisteredCopy {
  const parsed = RegisteredCopy.safeParse(value);
  if (!parsed.success) return refuse('WEIGHTS_ARGUMENT', 'no entry of a register of copies');
  return parsed.data;
}

/**
 * What of an entry does not hold: empty when it fits the key, its own digests, and what was logged.
 *
 * @param logged the commitment as the log has it; null: not compared
 */
export function checkRegisteredCopy(
  key: MarkKey,
  entry: RegisteredCopy,
  logged: CopyCommitment | null = null,
): readonly string[] {
  const faults: string[] = [];
  const { holder, salt } = entry;
  if (entry.keySha256 !== digestMarkKey(key)) faults.push('made under another key');
  const { recipientSha256, codeSha256 } = commit(key, holder, salt);
  if (entry.recipientSha256 !== recipientSha256) faults.push('the digest of the holder is of another name');
  if (entry.codeSha256 !== codeSha256) faults.push('the digest of the code word is of another word');
  if (entry.copySha256 !== digestFiles(entry.files))
    faults.push('the digest of the copy is not that of its files');
  if (logged !== null)
    for (const name of ['artifactSha256', 'copySha256', 'recipientSha256', 'codeSha256'] as const)
      if (logged[name] !== entry[name]) faults.push(`${name} is not what was logged`);
  return faults;
}

function commit(key: MarkKey, holder: CopyHolder, salt: string) {
  const hash = () => createHash('sha256').update(`${salt}\n`);
  const word = packWord(drawCodeWord(openFingerprintCode(key), key.secret, holder));
  return {
    recipientSha256: toHex(
      hash()
        .update(utf8(canonicalJson([holder.kind, holder.name])))
        .digest(),
    ),
    codeSha256: toHex(
      hash()
        .update(`${digestMarkKey(key)}\n`)
        .update(word)
        .digest(),
    ),
  };
}

/** Eight positions a byte, the first lowest. */
export function packWord(word: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(word.length / 8));
  for (let i = 0; i < word.length; i++) out[i >> 3]! |= word[i]! << (i & 7);
  return out;
}
