import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson, type Json, toBase64, toHex, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import { checkLease, formatTerms, Lease, Withdrawal } from './lease.js';

/** Signatures that a lease needs, by different people. */
export const APPROVALS_NEEDED = 2;
const MAX_APPROVERS = 100;
const MAX_DOCUMENT_BYTES = 65_536;

const Approval = z.strictObject({
  keyId: z.string().regex(/^[0-9a-f]{64}$/),
  signature: z.base64().min(1).max(200),
});
/** A signature over the terms of a lease or withdrawal. */
export type Approval = z.infer<typeof Approval>;

/** docs/spec/sealed-weights.md, section 5. */
export const SignedLease = z.strictObject({
  schema: z.literal('phalanx.signed-lease.v1'),
  lease: Lease,
  approvals: z.array(Approval).max(MAX_APPROVERS),
});
/** A lease with the signatures that it has so far. */
export type SignedLease = z.infer<typeof SignedLease>;

/** docs/spec/sealed-weights.md, section 5. */
export const SignedWithdrawal = z.strictObject({
  schema: z.literal('phalanx.signed-lease-withdrawal.v1'),
  withdrawal: Withdrawal,
  approvals: z.array(Approval).min(1).max(MAX_APPROVERS),
});
/** A withdrawal and who signed it. */
export type SignedWithdrawal = z.infer<typeof SignedWithdrawal>;

/** One who may approve: a person, and the key that they alone hold. */
export interface Approver {
  readonly name: string;
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

/**
 * Reads a list of approvers: `[{"name": ..., "publicKey": "-----BEGIN PUBLIC KEY-----..."}]`, Ed25519 or ECDSA on P-256.
 *
 * That two keys are two people's is for whoever writes the list. A key that stands twice is refused, whatever its names and however
 * it is encoded, and so is a name.
 *
 * @throws PhalanxError `WEIGHTS_FORMAT`, `WEIGHTS_KEY` for fewer than two, a key of another kind, or one that stands twice
 */
export function parseApprovers(text: string): readonly Approver[] {
  const List = z
    .array(z.strictObject({ name: z.string().min(1).max(256), publicKey: z.string().max(4096) }))
    .max(MAX_APPROVERS);
  const parsed = List.safeParse(readJson(utf8(text), 'a list of approvers'));
  if (!parsed.success)
    return refuse('WEIGHTS_FORMAT', 'a list of approvers is [{"name": ..., "publicKey": PEM}]');
  const approvers = parsed.data.map(({ name, publicKey }) => {
    let key: KeyObject;
    try {
      key = createPublicKey(publicKey);
    } catch (cause) {
      return refuse('WEIGHTS_KEY', `the public key of ${name} cannot be read`, cause);
    }
    return { name, keyId: keyIdOf(key), publicKey: key };
  });
  for (const member of ['name', 'keyId'] as const)
    if (new Set(approvers.map((approver) => approver[member])).size < approvers.length)
      refuse('WEIGHTS_KEY', member === 'name' ? 'an approver stands twice' : 'one key for two approvers');
  if (approvers.length < APPROVALS_NEEDED)
    refuse('WEIGHTS_KEY', `${approvers.length} approvers; a lease needs ${APPROVALS_NEEDED}`);
  return approvers;
}

/**
 * The name of a key: SHA-256 of its JWK (RFC 7638), hex. A point has two encodings in SPKI and one there, so one key has one name.
 *
 * @param key public or private
 * @throws PhalanxError `WEIGHTS_KEY` for any but Ed25519 and P-256
 */
export function keyIdOf(key: KeyObject): string {
  const { kty, crv, x, y } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  const isEdwards = kty === 'OKP' && crv === 'Ed25519';
  if (!isEdwards && !(kty === 'EC' && crv === 'P-256'))
    refuse('WEIGHTS_KEY', "an approver's key is Ed25519 or P-256");
  const members: Json = isEdwards ? { crv: crv!, kty: kty!, x: x! } : { crv: crv!, kty: kty!, x: x!, y: y! };
  return toHex(createHash('sha256').update(canonicalJson(members)).digest());
}

/** Signs terms: Ed25519, or ECDSA with SHA-256 in DER. `openssl` makes and checks the same. */
export function approve(terms: Lease | Withdrawal, privateKey: KeyObject): Approval {
  const keyId = keyIdOf(privateKey);
  return { keyId, signature: toBase64(sign(hashOf(privateKey), formatTerms(terms), privateKey)) };
}

/** Ed25519 hashes by itself. */
function hashOf(key: KeyObject): string | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
}

/**
 * Those of the approvers who signed these terms, each once. Signatures of others count for nothing; a wrong one under an approver's
 * name makes the whole document refused.
 *
 * @throws PhalanxError `WEIGHTS_LEASE`
 */
export function findSigners(
  terms: Lease | Withdrawal,
  approvals: readonly Approval[],
  approvers: readonly Approver[],
): readonly Approver[] {
  const bytes = formatTerms(terms);
  const signers = new Map<string, Approver>();
  for (const { keyId, signature } of approvals) {
    const approver = approvers.find((candidate) => candidate.keyId === keyId);
    if (approver === undefined) continue;
    const { publicKey } = approver;
    if (!verify(hashOf(publicKey), bytes, publicKey, Buffer.from(signature, 'base64')))
      refuse('WEIGHTS_LEASE', 'a signature does not fit what it stands under');
    signers.set(keyId, approver);
  }
  return [...signers.values()];
}

/** Adds an approval to a lease; one key's stands once. */
export function addApproval(signed: SignedLease, approval: Approval): SignedLease {
  return {
    ...signed,
    approvals: [...signed.approvals.filter(({ keyId }) => keyId !== approval.keyId), approval],
  };
}

/** @throws PhalanxError `WEIGHTS_FORMAT`, `WEIGHTS_KEY`, `WEIGHTS_LIMIT` above 65,536 bytes */
export function parseSignedLease(bytes: Uint8Array): SignedLease {
  const parsed = SignedLease.safeParse(readJson(bytes, 'a lease'));
  if (!parsed.success) return refuse('WEIGHTS_FORMAT', `not a lease: ${firstIssue(parsed.error)}`);
  checkLease(parsed.data.lease);
  return parsed.data;
}

/** @throws PhalanxError `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT` above 65,536 bytes */
export function parseSignedWithdrawal(bytes: Uint8Array): SignedWithdrawal {
  const parsed = SignedWithdrawal.safeParse(readJson(bytes, 'a withdrawal'));
  if (!parsed.success) return refuse('WEIGHTS_FORMAT', `not a withdrawal: ${firstIssue(parsed.error)}`);
  return parsed.data;
}

/** A signed document for a file, for people to read as well. */
export function formatSigned(document: SignedLease | SignedWithdrawal): Uint8Array {
  return utf8(`${JSON.stringify(document as unknown as Json, null, 2)}\n`);
}

function readJson(bytes: Uint8Array, what: string): unknown {
  requireWithin(bytes.length <= MAX_DOCUMENT_BYTES, `${what} of ${bytes.length} bytes`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    requireFormat(false, `not ${what}: no JSON`);
  }
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') || 'its members'} ${issue?.message ?? ''}`.slice(0, 200);
}
