import { formatStatement, parseStatement } from '@phalanx/attestation';
import type { Json } from '@phalanx/core';
import { z } from 'zod';
import { refuse, requireFormat } from '../weights-error.js';
import {
  type ModelSigner,
  type SignerTrust,
  signStatement,
  type VerifiedSigner,
  verifySignedStatement,
} from './signed-payload.js';

/** What a model is made of another by. */
export const RELATIONS = [
  'adapter',
  'conversion',
  'distillation',
  'fine-tune',
  'merge',
  'other',
  'pruning',
  'quantization',
] as const;

const Root = z.string().regex(/^[0-9a-f]{64}$/);
const Text = z.string().min(1).max(1_000);
const Time = z
  .string()
  .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/)
  .refine((text) => !Number.isNaN(Date.parse(text)));

/** Predicates by their kind; each is a statement about the root digest of a model. See `docs/spec/weight-statements.md`. */
const PREDICATES = {
  /** Made of these models. */
  'derived-from': z.strictObject({
    parents: z
      .array(z.strictObject({ name: Text.optional(), relation: z.enum(RELATIONS), root: Root }))
      .min(1)
      .max(1_000),
  }),
  /** This copy went to somebody. `commitment`: SHA-256 that binds the sender to the copy's marks. */
  'delivered-to': z.strictObject({
    recipient: Text,
    copy: Text,
    commitment: Root.optional(),
    deliveredAt: Time,
  }),
  /** No longer to be used. */
  withdrawn: z.strictObject({ reason: Text, withdrawnAt: Time, replacement: Root.optional() }),
} as const;

type Predicates = { readonly [K in keyof typeof PREDICATES]: z.infer<(typeof PREDICATES)[K]> };

/** A statement about a model. */
export type WeightStatement = {
  [K in keyof Predicates]: {
    readonly kind: K;
    /** Name of the model, for people. */
    readonly name: string;
    /** Root digest of its manifest, 64 hexadecimal digits. */
    readonly root: string;
    readonly predicate: Predicates[K];
  };
}[keyof Predicates];

const PREFIX = 'urn:phalanx:weights-';
const SUFFIX = ':v1';

/**
 * The statement as canonical JSON, ready to be signed.
 *
 * @throws PhalanxError `WEIGHTS_FORMAT` for a predicate out of range; `ATTESTATION_STATEMENT`
 */
export function formatWeightStatement({ kind, name, root, predicate }: WeightStatement): Uint8Array {
  checkPredicate(kind, predicate);
  return formatStatement({
    subjects: [{ name, sha256: root }],
    predicateType: `${PREFIX}${kind}${SUFFIX}`,
    predicate: predicate as { readonly [member: string]: Json },
  });
}

/** @throws PhalanxError `WEIGHTS_FORMAT`, `ATTESTATION_STATEMENT` */
export function parseWeightStatement(statement: Uint8Array): WeightStatement {
  const { subjects, predicateType, predicate } = parseStatement(statement);
  const kind = Object.keys(PREDICATES).find((name) => predicateType === `${PREFIX}${name}${SUFFIX}`);
  if (kind === undefined) return refuse('WEIGHTS_FORMAT', 'a statement of a kind that is not known');
  requireFormat(subjects.length === 1, 'a statement that is not about one model');
  const { name, sha256 } = subjects[0]!;
  checkPredicate(kind as keyof Predicates, predicate);
  return { kind, name, root: sha256, predicate } as unknown as WeightStatement;
}

/** A bundle of the statement, of the same form as the signature of a model. @throws as `formatWeightStatement` and `signStatement` */
export function signWeightStatement(statement: WeightStatement, signer: ModelSigner): Promise<Uint8Array> {
  return signStatement(formatWeightStatement(statement), signer);
}

/** @throws PhalanxError as `verifySignedStatement` and `parseWeightStatement` */
export function verifyWeightStatement(
  bundle: Uint8Array,
  trust: SignerTrust,
): { readonly statement: WeightStatement; readonly signer: VerifiedSigner } {
  const { statement, signer } = verifySignedStatement(bundle, trust);
  return { statement: parseWeightStatement(statement), signer };
}

function checkPredicate(kind: keyof Predicates, predicate: unknown): void {
  const read = PREDICATES[kind].safeParse(predicate);
  if (read.success) return;
  const { path, message } = read.error.issues[0]!;
  refuse('WEIGHTS_FORMAT', `${kind}: ${path.join('.') || 'the whole'}: ${message.slice(0, 200)}`);
}
