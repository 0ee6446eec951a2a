import { type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson, fromHex, type Json, toHex, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { refuse } from '../coalition-error.js';
import { decodeMessage } from '../matching/message.js';
import { LABELS } from './joint-terms.js';

/** Characters of a message. */
export const MAX_JOINT_TEXT = 1_048_576;
/** Values of a round that one message may speak of. */
const MAX_LINKS = 16_384;
/** Groups of a lab that one value may speak for; more are a common value. */
export const MAX_LABELS = 8;
const DOMAIN = utf8('phalanx-joint-statement-v1\0');

const place = z.int().min(1).max(255);
const label = z.int().min(1).max(LABELS);
const day = z.int().min(0).max(0xffffffff);
const hexOf = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

/** Which groups of a lab hold values that were revealed to it. From a lab to the hub. */
export const linkStatementSchema = z.strictObject({
  type: z.literal('phalanx-joint-links-v1'),
  place,
  day,
  links: z
    .array(z.strictObject({ tag: hexOf(16), labels: z.array(label).min(1).max(MAX_LABELS) }))
    .max(MAX_LINKS),
  /** Groups that stand aside: they have declared that they act as one, or are one organisation. */
  declared: z.array(label).max(LABELS),
});
export type LinkStatement = z.output<typeof linkStatementSchema>;

/** Groups of several labs that hold the same rare values. From the hub to the labs in it. */
export const candidateSchema = z.strictObject({
  type: z.literal('phalanx-joint-candidate-v1'),
  /** 1, 2, ... in the order of opening: what a report of it needs grows with it. */
  number: z.int().min(1).max(1_000_000),
  day,
  pools: z.array(z.strictObject({ place, label })).min(2).max(255),
  /** Revealed values that at least two labs of it have in common, by kind. */
  common: z.strictObject({ addresses: z.int().min(0), tokens: z.int().min(0), templates: z.int().min(0) }),
  /** Pools of it that stand aside. */
  declared: z.array(z.strictObject({ place, label })).max(255),
});
export type JointCandidate = z.output<typeof candidateSchema>;

/** Tenths of a decade that a statement may hold: what is more is told as the most, what is less as no evidence at all. */
export const MOST_TENTHS = 99;
export const LEAST_TENTHS = -99;

/**
 * What a lab's evidence against a candidate has grown by since it was opened. From a lab to the labs in it. Rounded down; null is an e-value
 * of 0.
 */
export const evidenceStatementSchema = z.strictObject({
  type: z.literal('phalanx-joint-evidence-v1'),
  place,
  candidate: z.int().min(1).max(1_000_000),
  day,
  /** Tenths of log10 of the e-value for `not coordinated`. */
  coordination: z.int().min(LEAST_TENTHS).max(MOST_TENTHS).nullable(),
  /** The same for `not coordinated, or its demand is not training-shaped`. */
  both: z.int().min(LEAST_TENTHS).max(MOST_TENTHS).nullable(),
});
export type EvidenceStatement = z.output<typeof evidenceStatementSchema>;

const signedSchema = z.strictObject({ statement: z.record(z.string(), z.json()), signature: hexOf(64) });

/**
 * A statement with an Ed25519 signature over a domain and its RFC 8785 form, as text. Nothing is signed that the schema does not list: no
 * member beyond it can leave a lab.
 *
 * @throws PhalanxError `COALITION_MATCHING` for a statement that does not fit its schema
 */
export function signStatement(statement: LinkStatement | EvidenceStatement, key: KeyObject): string {
  const read = z
    .discriminatedUnion('type', [linkStatementSchema, evidenceStatementSchema])
    .safeParse(statement);
  if (!read.success)
    refuse('COALITION_MATCHING', 'the statement holds what no statement may', 'Take it out.', read.error);
  const signature = sign(null, signedBytes(statement as Json), key);
  return canonicalJson({ statement: statement as Json, signature: toHex(signature) });
}

/**
 * Reads a statement of a rival.
 *
 * @param keyOf the public key of the lab at a place, or undefined
 * @throws PhalanxError `COALITION_LIMIT`, `COALITION_MATCHING` for what is malformed, `COALITION_TRUST` when it is not signed by the lab whose place it names
 */
export function openStatement<T extends LinkStatement | EvidenceStatement>(
  schema: z.ZodType<T>,
  text: string,
  keyOf: (place: number) => KeyObject | undefined,
): T {
  const { statement, signature } = decodeMessage(signedSchema, text, MAX_JOINT_TEXT);
  const inside = decodeMessage(schema, canonicalJson(statement as Json), MAX_JOINT_TEXT);
  const key = keyOf(inside.place);
  if (key === undefined || !verify(null, signedBytes(statement as Json), key, fromHex(signature)))
    refuse('COALITION_TRUST', `a statement that lab ${inside.place} did not sign`, 'Refuse it.');
  return inside;
}

function signedBytes(statement: Json): Uint8Array {
  return Buffer.concat([DOMAIN, utf8(canonicalJson(statement))]);
}
