import { canonicalJson, fromUtf8, type Json, PhalanxError, utf8 } from '@phalanx/core';
import { z } from 'zod';
import type { AttestationErrorCode } from './attestation-error.js';
import { MAX_PAYLOAD_BYTES } from './dsse.js';

/** Media type of a statement in an envelope. */
export const STATEMENT_TYPE = 'application/vnd.in-toto+json';
const FORMAT = 'https://in-toto.io/Statement/v1';
const MAX_SUBJECTS = 100_000;
const MAX_NAME_CHARS = 1_000;
const MAX_DEPTH = 64;

/** One file that a statement is about. */
export interface Subject {
  /** Path in the bag. */
  readonly name: string;
  /** SHA-256 of the file, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** An in-toto Statement v1 about files. */
export interface Statement {
  /** At least one, no name twice. */
  readonly subjects: readonly Subject[];
  /** URI that says what the predicate means. */
  readonly predicateType: string;
  readonly predicate: { readonly [member: string]: Json };
}

const Wire = z.strictObject({
  _type: z.literal(FORMAT),
  subject: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(MAX_NAME_CHARS),
        digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      }),
    )
    .min(1)
    .max(MAX_SUBJECTS),
  predicateType: z
    .string()
    .max(MAX_NAME_CHARS)
    .regex(/^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/),
  predicate: z.record(z.string(), z.unknown()),
});

/**
 * The statement as canonical JSON, ready to be signed.
 *
 * @throws PhalanxError `ATTESTATION_STATEMENT`
 */
export function formatStatement(statement: Statement): Uint8Array {
  const { subjects, predicateType, predicate } = statement;
  const bytes = utf8(
    canonicalJson({
      _type: FORMAT,
      subject: subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
      predicateType,
      predicate,
    }),
  );
  parseStatement(bytes);
  return bytes;
}

/**
 * Reads a statement. What the predicate means is for the caller to check.
 *
 * @throws PhalanxError `ATTESTATION_STATEMENT`, also for what is not canonical JSON
 */
export function parseStatement(json: Uint8Array): Statement {
  if (json.length > MAX_PAYLOAD_BYTES)
    throw statementError(`${json.length} bytes, more than ${MAX_PAYLOAD_BYTES}`);
  let value: Json;
  try {
    const text = fromUtf8(json);
    checkDepth(text);
    value = JSON.parse(text);
    if (Buffer.compare(utf8(canonicalJson(value)), json) !== 0)
      throw statementError('it is not canonical JSON');
  } catch (cause) {
    if (PhalanxError.is(cause, 'ATTESTATION_STATEMENT')) throw cause;
    throw statementError('it is not JSON', cause);
  }
  const read = Wire.safeParse(value);
  if (!read.success) {
    const { path, message } = read.error.issues[0]!;
    throw statementError(`${path.join('.') || 'the whole'}: ${message}`);
  }
  const { subject, predicateType } = read.data;
  const subjects = subject.map(({ name, digest }) => ({ name, sha256: digest.sha256 }));
  if (new Set(subjects.map(({ name }) => name)).size !== subjects.length)
    throw statementError('a file is named twice');
  // Not what zod copied: it leaves a member named __proto__ out.
  return { subjects, predicateType, predicate: (value as unknown as Statement).predicate };
}

/** `canonicalJson` recurses: without a limit a few megabytes of brackets end the process's stack. */
function checkDepth(text: string): void {
  let depth = 0;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (isString) {
      if (char === 0x5c) i++;
      else if (char === 0x22) isString = false;
    } else if (char === 0x22) isString = true;
    else if (char === 0x5b || char === 0x7b) {
      if (++depth > MAX_DEPTH) throw statementError(`nested deeper than ${MAX_DEPTH}`);
    } else if (char === 0x5d || char === 0x7d) depth--;
  }
}

function statementError(what: string, cause?: unknown): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_STATEMENT', `not a statement: ${what}`, { cause });
}
