import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { canonicalJson, fromHex, type Json, toHex, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { refuse } from '../weights-error.js';

/** Version of everything that is derived from a mark key (docs/spec/weight-marks.md). */
export const WEIGHT_MARKS = 'phalanx-weight-marks-v1';

/** Most positions of a code word: the arrays of a trace then take 130 MB. */
export const MAX_CODE_LENGTH = 2 ** 22;
const MAX_TENSORS = 1_000_000;

const MarkParameters = z.strictObject({
  /** Positions of a code word, a power of two. */
  codeLength: z
    .int()
    .min(64)
    .max(MAX_CODE_LENGTH)
    .refine((length) => Number.isInteger(Math.log2(length)), 'no power of two'),
  /** Colluders that the biases are cut off for. */
  colluders: z.int().min(1).max(1_000),
  /** Size of a mark in units of the last place of bfloat16. */
  amplitude: z.int().min(1).max(64),
  /** Runs of 16 numbers that carry marks, of 65,536. */
  share: z.int().min(1).max(65_536),
});
/** What all copies of one release have in common. */
export type MarkParameters = Readonly<z.infer<typeof MarkParameters>>;

const MarkKeyFile = z.strictObject({
  schema: z.literal(WEIGHT_MARKS),
  /** 32 bytes, hex. */
  secret: z.string().regex(/^[0-9a-f]{64}$/),
  parameters: MarkParameters,
  tensors: z
    .array(z.strictObject({ name: z.string().min(1).max(10_000), threshold: z.number().positive() }))
    .max(MAX_TENSORS),
});

/** A tensor that carries marks, in its numbers of a magnitude above `threshold`. */
export interface MarkedTensor {
  readonly name: string;
  readonly threshold: number;
}

/** What marks and traces all copies of one release. Whoever has it can make any copy, and find every mark. */
export interface MarkKey {
  /** 32 bytes. */
  readonly secret: Uint8Array;
  readonly parameters: MarkParameters;
  readonly tensors: readonly MarkedTensor[];
}

/** A key under a fresh secret. @throws PhalanxError `WEIGHTS_ARGUMENT` for parameters out of range, or a tensor named twice */
export function createMarkKey(parameters: MarkParameters, tensors: readonly MarkedTensor[]): MarkKey {
  return parseMarkKey(writeMarkKey({ secret: new Uint8Array(randomBytes(32)), parameters, tensors }));
}

/** As one line of canonical JSON (RFC 8785), secret included. */
export function formatMarkKey(key: MarkKey): string {
  return writeMarkKey(key);
}

/** @throws PhalanxError `WEIGHTS_ARGUMENT` for what is no key of this version */
export function parseMarkKey(text: string): MarkKey {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The cause would show a part of the secret.
    return refuse('WEIGHTS_ARGUMENT', 'no mark key: it is no JSON');
  }
  const parsed = MarkKeyFile.safeParse(value);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join('.') || 'its form';
    return refuse('WEIGHTS_ARGUMENT', `no mark key of this version: ${path.slice(0, 100)}`);
  }
  const { secret, parameters, tensors } = parsed.data;
  if (new Set(tensors.map(({ name }) => name)).size !== tensors.length)
    return refuse('WEIGHTS_ARGUMENT', 'a mark key with a tensor twice');
  if (tensors.some(({ threshold }) => Math.fround(threshold) !== threshold))
    return refuse('WEIGHTS_ARGUMENT', 'a threshold that is no 32-bit float');
  return { secret: fromHex(secret), parameters, tensors };
}

/**
 * SHA-256, hex, of the canonical JSON of the key. With 256 random bits inside it gives nothing away; logged before the first copy
 * is made it fixes carriers, biases and the code word of every name there is.
 */
export function digestMarkKey(key: MarkKey): string {
  return toHex(createHash('sha256').update(writeMarkKey(key)).digest());
}

/** What a secret is used for. Each use has a key of its own, so that what a trace reads from the file owes nothing to code words. */
export type MarkUse = 'carriers' | 'biases' | 'words';

/** HKDF-SHA-256 (RFC 5869) of the secret, empty salt, info `phalanx-weight-marks-v1 USE`, 32 bytes. */
export function deriveMarkUse(secret: Uint8Array, use: MarkUse): Uint8Array {
  if (secret.length !== 32) return refuse('WEIGHTS_ARGUMENT', 'a secret of marks has 32 bytes');
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), utf8(`${WEIGHT_MARKS} ${use}`), 32));
}

function writeMarkKey({ secret, parameters, tensors }: MarkKey): string {
  const { codeLength, colluders, amplitude, share } = parameters;
  const value = {
    schema: WEIGHT_MARKS,
    secret: toHex(secret),
    parameters: { codeLength, colluders, amplitude, share },
    tensors: tensors.map(({ name, threshold }) => ({ name, threshold })),
  };
  return canonicalJson(value as Json);
}
