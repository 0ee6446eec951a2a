import { canonicalJson, fromUtf8, type Json, utf8 } from '@phalanx/core';
import { base64url, FlattenedSign, flattenedVerify } from 'jose';
import { z } from 'zod';
import { algorithmsOf } from './client-assertion.js';
import { type ClientKey, joseAlgorithmOf, type PublicJwk, toPublicKey } from './client-key.js';
import { deny } from './denial.js';

const MOST_SIGNATURES = 8;
const MOST_CHARACTERS = 64 * 1024;

/** A statement that several keys may sign: the general JSON form of JWS (RFC 7515 section 7.2.1) over canonical JSON (RFC 8785). */
export interface CosignedStatement {
  readonly payload: string;
  readonly signatures: readonly { readonly protected: string; readonly signature: string }[];
}

const schema = z.strictObject({
  payload: z.string().max(MOST_CHARACTERS),
  signatures: z
    .array(z.strictObject({ protected: z.string().max(1024), signature: z.string().max(1024) }))
    .min(1)
    .max(MOST_SIGNATURES),
});

/** Signs a statement for the first time. @param type what it is about: `typ` of the signature, so that it counts for nothing else */
export function sign(type: string, statement: Json, key: ClientKey): Promise<CosignedStatement> {
  return addSignature(
    type,
    { payload: base64url.encode(utf8(canonicalJson(statement))), signatures: [] },
    key,
  );
}

/** Signs what another has signed. Look at it with `readStatement` before. */
export async function addSignature(
  type: string,
  { payload, signatures }: CosignedStatement,
  key: ClientKey,
): Promise<CosignedStatement> {
  const header = { typ: type, alg: joseAlgorithmOf(key.privateKey), kid: key.kid };
  const made = await new FlattenedSign(base64url.decode(payload))
    .setProtectedHeader(header)
    .sign(key.privateKey);
  return { payload, signatures: [...signatures, { protected: made.protected!, signature: made.signature }] };
}

/** What a statement says and which keys signed it. */
export interface ReadStatement {
  readonly statement: Json;
  /** Thumbprints, each once. */
  readonly kids: readonly string[];
}

/**
 * Checks all signatures of a statement.
 *
 * @param findKey the public key of a thumbprint, null for one that does not count
 * @throws PhalanxError `COALITION_IDENTITY` when it is malformed, of another type, signed by the same key twice, or a signature does not hold
 */
export async function readCosigned(
  type: string,
  value: unknown,
  findKey: (kid: string) => Promise<PublicJwk | null>,
): Promise<ReadStatement> {
  const { payload, signatures } = parse(value);
  const kids = new Set<string>();
  for (const signature of signatures) {
    const kid = readKid(signature.protected, type);
    if (kids.has(kid)) return deny('a statement that one key has signed twice');
    kids.add(kid);
    const jwk = await findKey(kid);
    if (jwk === null) return deny('a statement by no valid key');
    const publicKey = toPublicKey(jwk);
    try {
      await flattenedVerify({ payload, ...signature }, publicKey, { algorithms: algorithmsOf(publicKey) });
    } catch {
      return deny('a statement whose signature does not hold');
    }
  }
  return { statement: readStatement({ payload, signatures }), kids: [...kids] };
}

/** What a statement says, whoever signed it. @throws PhalanxError `COALITION_IDENTITY` unless it is canonical JSON */
export function readStatement(value: unknown): Json {
  const { payload } = parse(value);
  try {
    const text = fromUtf8(base64url.decode(payload));
    const statement = JSON.parse(text) as Json;
    // One text for one meaning: what people looked at is what was signed.
    if (canonicalJson(statement) === text) return statement;
  } catch {
    // Refused below.
  }
  return deny('a statement that is not canonical JSON');
}

function parse(value: unknown): CosignedStatement {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : deny('a statement that is malformed');
}

function readKid(header: string, type: string): string {
  let read: Record<string, unknown> = {};
  try {
    read = JSON.parse(fromUtf8(base64url.decode(header))) as Record<string, unknown>;
  } catch {
    // Refused below.
  }
  const { typ, alg, kid, ...rest } = read ?? {};
  if (typ !== type || typeof alg !== 'string' || typeof kid !== 'string' || Object.keys(rest).length > 0) {
    return deny('a signature with another header');
  }
  return kid;
}
