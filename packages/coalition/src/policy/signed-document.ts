import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson, fromUtf8, type Json, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { refuse } from '../coalition-error.js';
import { parseJson } from '../stix/json-text.js';
import type { Person, PersonRole } from './person.js';

/** A JSON object of one `schema`, and who signed it. */
export interface SignedDocument<Document extends { readonly schema: string } = { readonly schema: string }> {
  readonly document: Document;
  /** Detached JWS in compact form (RFC 7515 appendix F) over the RFC 8785 form of `document`. */
  readonly signatures: readonly string[];
}

const MAX_BYTES = 64 * 1024;
const Envelope = z.strictObject({
  document: z.looseObject({ schema: z.string() }),
  signatures: z.array(z.string().max(1024)).min(1).max(8),
});

/** SHA-256 of the document without its signatures, hexadecimal: what others name it by. */
export function digestDocument({ document }: SignedDocument): string {
  return createHash('sha256').update(encode(document)).digest('hex');
}

/**
 * Signs a document (Ed25519, RFC 8037). `typ` of the protected header is the schema, so that a signature on one kind of document is none
 * on another.
 *
 * @throws PhalanxError `COALITION_POLICY` for a key that is not Ed25519; `CANONICAL_JSON_VALUE`
 */
export function signDocument<Document extends { readonly schema: string }>(
  document: Document,
  signer: { readonly kid: string; readonly privateKey: KeyObject },
): SignedDocument<Document> {
  if (signer.privateKey.asymmetricKeyType !== 'ed25519')
    refuse('COALITION_POLICY', 'the key is not an Ed25519 key', 'make one with phalanx ledger key');
  const header = toUrl(utf8(canonicalJson({ alg: 'EdDSA', kid: signer.kid, typ: document.schema })));
  const signature = sign(null, signingInput(header, encode(document)), signer.privateKey);
  return { document, signatures: [`${header}..${toUrl(signature)}`] };
}

/** Persons of a role whose signatures on the document hold. Others' signatures, broken ones and those of other kinds count for nothing. */
export function listSigners(signed: SignedDocument, people: readonly Person[], role: PersonRole): Person[] {
  const payload = encode(signed.document);
  const signers = signed.signatures.flatMap((jws) => {
    const [header = '', middle, signature = '', ...more] = jws.split('.');
    const kid = readKid(header, signed.document.schema);
    const person = people.find((one) => one.kid === kid);
    if (
      kid === null ||
      middle !== '' ||
      more.length > 0 ||
      !person?.publicKey ||
      !person.roles.includes(role)
    )
      return [];
    const bytes = Buffer.from(signature, 'base64url');
    const holds =
      toUrl(bytes) === signature && verify(null, signingInput(header, payload), person.publicKey, bytes);
    return holds ? [person] : [];
  });
  return [...new Set(signers)];
}

/**
 * Reads a signed document of one schema from JSON.
 *
 * @throws PhalanxError `COALITION_POLICY` for anything else; `COALITION_LIMIT` above 64 KiB
 */
export function parseSigned<Document extends { readonly schema: string }>(
  bytes: Uint8Array,
  schema: z.ZodType<Document>,
): SignedDocument<Document> {
  if (bytes.length > MAX_BYTES)
    refuse('COALITION_LIMIT', `a signed document of ${bytes.length} bytes`, 'shorten it');
  const envelope = Envelope.safeParse(parseJson(bytes));
  const document = envelope.success ? schema.safeParse(envelope.data.document) : null;
  if (!envelope.success || document === null || !document.success) {
    const issue = (document?.error ?? envelope.error)?.issues[0];
    return refuse(
      'COALITION_POLICY',
      `no such signed document: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.slice(0, 200),
      'see docs/spec/sharing-policy.md',
    );
  }
  return { document: document.data, signatures: envelope.data.signatures };
}

/** As `parseSigned` reads it. */
export function formatSigned(signed: SignedDocument): Uint8Array {
  return utf8(`${canonicalJson(signed as unknown as Json)}\n`);
}

function readKid(encoded: string, schema: string): string | null {
  const bytes = Buffer.from(encoded, 'base64url');
  if (toUrl(bytes) !== encoded) return null;
  try {
    const header = JSON.parse(fromUtf8(bytes)) as Record<string, unknown>;
    // Nothing else may stand there: `b64` and `crit` would change what was signed.
    const known = Object.keys(header).sort().join() === 'alg,kid,typ';
    return known && header.alg === 'EdDSA' && header.typ === schema && typeof header.kid === 'string'
      ? header.kid
      : null;
  } catch {
    return null;
  }
}

function encode(document: object): Uint8Array {
  return utf8(canonicalJson(document as Json));
}

function signingInput(header: string, payload: Uint8Array): Uint8Array {
  return utf8(`${header}.${toUrl(payload)}`);
}

function toUrl(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}
