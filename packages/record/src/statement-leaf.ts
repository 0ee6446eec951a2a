import { canonicalJson, fromUtf8, type Json, PhalanxError, utf8 } from '@phalanx/core';
import { z } from 'zod';
import type { RecordErrorCode } from './record-error.js';

const Digest = z.string().regex(/^[0-9a-f]{64}$/);
const Chain = z.string().regex(/^[0-9a-f]{32}$/);
const Name = z.string().min(1).max(256);
const Words = z.string().min(1).max(4096);
const At = z.number().int().min(0);
const Count = z.number().int().min(0);

const common = { version: z.literal(1), atMs: At, by: Name };

/**
 * What is logged besides exchanges, one kind a line of docs/spec/record-leaf.md. `by` names who is answerable. Contents that must
 * stay private stand as SHA-256 digests of salted bytes.
 */
export const Statement = z.discriminatedUnion('kind', [
  /** What detection reported, by which code and with which settings. */
  z.strictObject({
    kind: z.literal('finding'),
    ...common,
    findingId: Name,
    reportSha256: Digest,
    detector: z.strictObject({ version: Name, codeSha256: Digest }),
    configuration: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    alpha: z.number().gt(0).lt(1),
    poolsExamined: Count,
    accounts: Count,
  }),
  /** What was done to whom, and why. */
  z.strictObject({
    kind: z.literal('decision'),
    ...common,
    decisionId: Name,
    action: z.enum([
      'observe',
      'verify',
      'declare',
      'summarise',
      'mark',
      'delay',
      'throttle',
      'suspend',
      'reverse',
    ]),
    chains: z.array(Chain).max(1500),
    findingId: Name.optional(),
    arm: z.enum(['treated', 'control']).optional(),
    reason: Words,
  }),
  /** What will be tested, before it is: the result that follows names this leaf. */
  z.strictObject({
    kind: z.literal('pre-registration'),
    ...common,
    registrationId: Name,
    hypothesis: Words,
    statistic: Words,
    threshold: z.number(),
    allowedTries: Count.min(1),
    codeSha256: Digest,
    inputsSha256: Digest,
    suspectSha256: Digest,
  }),
  /** One try that a pre-registration allowed. */
  z.strictObject({
    kind: z.literal('pre-registered-result'),
    ...common,
    registrationId: Name,
    registrationIndex: Count,
    tryNumber: Count.min(1),
    value: z.number(),
    log10P: z.number().max(0).nullable(),
    resultSha256: Digest,
  }),
  /** A key of marks, before it marks anything. */
  z.strictObject({
    kind: z.literal('mark-key'),
    ...common,
    keyId: Name,
    scheme: Name,
    keySha256: Digest,
    scope: Words,
  }),
  z.strictObject({ kind: z.literal('weight-access'), ...common, artifactSha256: Digest, purpose: Words }),
  /** That keys of sealed weights may be handed out under a lease, or no longer: docs/spec/sealed-weights.md. */
  z.strictObject({
    kind: z.literal('lease'),
    ...common,
    state: z.enum(['granted', 'withdrawn']),
    leaseSha256: Digest,
    artifactSha256: Digest,
    signers: z.array(Digest).min(1).max(100),
    reason: Words,
  }),
  /** Segments whose keys were handed out, logged before they were. */
  z.strictObject({
    kind: z.literal('segment-release'),
    ...common,
    leaseSha256: Digest,
    artifactSha256: Digest,
    segments: z.array(Count).min(1).max(64),
  }),
  /** A marked copy of weights and the recipient it went to. */
  z.strictObject({
    kind: z.literal('copy-issued'),
    ...common,
    artifactSha256: Digest,
    copySha256: Digest,
    recipientSha256: Digest,
    codeSha256: Digest,
  }),
  /** Content of these chains can no longer be opened by anybody. */
  z.strictObject({
    kind: z.literal('erasure'),
    ...common,
    chains: z.array(Chain).max(1500),
    keysDestroyed: Count,
    legalBasis: Words,
  }),
  z.strictObject({
    kind: z.literal('legal-hold'),
    ...common,
    holdId: Name,
    state: z.enum(['placed', 'released', 'erasure-refused']),
    chains: z.array(Chain).max(1500),
    reason: Words,
  }),
  /** Who was shown what of the record. */
  z.strictObject({
    kind: z.literal('disclosure'),
    ...common,
    bundleSha256: Digest,
    level: z.enum(['existence', 'aggregates', 'metadata', 'text']),
    recipient: Words,
    legalBasis: Words,
    leaves: Count,
  }),
  /**
   * What a lab decided to tell others, before it left; also what was held back. Objects stand as salted digests: who guesses an
   * indicator does not see from the log that the guess is right.
   */
  z.strictObject({
    kind: z.literal('indicator-release'),
    ...common,
    releaseId: Chain,
    /** 0, 1, 2, ... of this lab: a missing number is a decision that somebody took out. */
    sequence: Count,
    decision: z.enum(['released', 'held', 'refused']),
    reasons: z.array(Name).max(64),
    categories: z.array(Name).max(32),
    recipients: z.array(Name).max(100),
    envelopeSha256: Digest,
    objects: z.array(Digest).max(500),
    policySha256: Digest,
    legalBasisSha256: Digest.optional(),
    approvals: z.array(Digest).max(32),
  }),
  /** What came in, at a hub or at a recipient. */
  z.strictObject({
    kind: z.literal('indicator-receipt'),
    ...common,
    role: z.enum(['hub', 'recipient']),
    from: Name,
    /** As the sender named it; absent where nobody did. */
    releaseId: Chain.optional(),
    objects: z.array(Digest).max(500),
    policySha256: Digest.optional(),
  }),
  /** That indicators no longer hold. */
  z.strictObject({
    kind: z.literal('indicator-retraction'),
    ...common,
    retractionId: Chain,
    objects: z.array(Digest).max(500),
    reason: z.enum(['mistake', 'disputed', 'appeal', 'expired', 'order']),
    recipients: z.array(Name).max(100),
  }),
  /** What a recipient did about a retraction. */
  z.strictObject({
    kind: z.literal('retraction-acknowledgement'),
    ...common,
    retractionId: Chain,
    state: z.enum(['removed', 'not-held', 'not-removed']),
  }),
  /** Indicators that a recipient deleted because their time was over, or because they were retracted. */
  z.strictObject({
    kind: z.literal('indicator-erasure'),
    ...common,
    reason: z.enum(['retention', 'retraction']),
    objects: z.array(Digest).max(500),
    keysDestroyed: Count,
  }),
  z.strictObject({ kind: z.literal('configuration'), ...common, name: Name, configurationSha256: Digest }),
  z.strictObject({
    kind: z.literal('node'),
    ...common,
    state: z.enum(['started', 'stopped']),
    software: Name,
  }),
]);
export type Statement = z.infer<typeof Statement>;

/**
 * A statement as a log entry: RFC 8785 JSON.
 *
 * @throws PhalanxError `RECORD_LEAF` for one that this version does not know
 */
export function formatStatement(statement: Statement): Uint8Array {
  const parsed = Statement.safeParse(statement);
  if (!parsed.success) throw statementError(parsed.error);
  return utf8(canonicalJson(parsed.data as Json));
}

/** @throws PhalanxError `RECORD_LEAF` for anything else, also for the same statement written otherwise */
export function parseStatement(entry: Uint8Array): Statement {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(entry));
  } catch {
    throw new PhalanxError<RecordErrorCode>('RECORD_LEAF', 'not a statement: it is no JSON');
  }
  const parsed = Statement.safeParse(value);
  if (!parsed.success) throw statementError(parsed.error);
  if (!Buffer.from(formatStatement(parsed.data)).equals(entry))
    throw new PhalanxError<RecordErrorCode>('RECORD_LEAF', 'not a statement: it is not canonical JSON');
  return parsed.data;
}

function statementError(error: z.ZodError): PhalanxError<RecordErrorCode> {
  const issue = error.issues[0];
  return new PhalanxError(
    'RECORD_LEAF',
    `not a statement: ${issue?.path.join('.') || 'its kind'} ${issue?.message ?? ''}`.slice(0, 200),
  );
}
