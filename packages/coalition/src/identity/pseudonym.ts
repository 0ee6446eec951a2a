import { canonicalJson, fromUtf8, type Json, utf8 } from '@phalanx/core';
import { CompactSign, compactVerify, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import type { SignerKey } from '../stix/signed-object.js';
import type { TokenIssuer } from './access-token.js';
import { algorithmsOf } from './client-assertion.js';
import { joseAlgorithmOf, type PublicJwk, readPublicJwk, thumbprintOf, toPublicKey } from './client-key.js';
import { deny, denyFor } from './denial.js';

const TYPE = 'phalanx-pseudonym+jws';
const MOST_CHARACTERS = 4_096;

/** What a hub says of a pseudonym: that somebody of the group writes under it. Not who. */
export interface PseudonymTerms {
  readonly groupId: string;
  readonly epoch: number;
  readonly identity: string;
  readonly jwk: PublicJwk;
  readonly fromMs: number;
  readonly untilMs: number;
}

const schema = z.strictObject({
  hub: z.string(),
  groupId: z.string(),
  epoch: z.int(),
  identity: z.string(),
  jwk: z.unknown(),
  fromMs: z.int(),
  untilMs: z.int(),
});

/** Signs the terms of a pseudonym with the key of the hub: a compact JWS over canonical JSON. */
export async function certifyPseudonym(
  terms: PseudonymTerms,
  { issuer, keys }: TokenIssuer,
): Promise<string> {
  const [key] = keys;
  if (key === undefined) return deny('a hub without a key');
  const payload: Json = { ...terms, jwk: { ...terms.jwk }, hub: issuer };
  return new CompactSign(utf8(canonicalJson(payload)))
    .setProtectedHeader({ typ: TYPE, alg: joseAlgorithmOf(key.privateKey), kid: key.kid })
    .sign(key.privateKey);
}

/**
 * Reads the certificate of a pseudonym: who verifies an object of it needs no more, and asks the hub nothing.
 *
 * @param hub its issuer, and its public keys as `answerHubKeys` gives them
 * @returns the terms, and the signer for `verifyObject`, under its `kid`
 * @throws PhalanxError `COALITION_IDENTITY` when it is not by this hub, not about a pseudonym, or not of this time
 */
export async function readPseudonymCertificate(
  certificate: string,
  hub: { readonly issuer: string; readonly keys: readonly PublicJwk[] },
  atMs: number,
): Promise<PseudonymTerms & { readonly kid: string; readonly signer: SignerKey }> {
  if (certificate.length > MOST_CHARACTERS) return deny('a certificate of a pseudonym that is too long');
  let payload: unknown;
  try {
    const { kid, typ } = decodeProtectedHeader(certificate);
    const thumbprints = await Promise.all(hub.keys.map(thumbprintOf));
    const jwk = hub.keys[thumbprints.indexOf(kid ?? '')];
    if (jwk === undefined || typ !== TYPE) return deny('a certificate of a pseudonym by no key of this hub');
    const publicKey = toPublicKey(jwk);
    const verified = await compactVerify(certificate, publicKey, { algorithms: algorithmsOf(publicKey) });
    payload = JSON.parse(fromUtf8(verified.payload));
  } catch (error) {
    return denyFor('a certificate of a pseudonym that does not verify', error);
  }
  const parsed = schema.safeParse(payload);
  if (!parsed.success || parsed.data.hub !== hub.issuer)
    return deny('a certificate of a pseudonym of another hub');
  const { hub: _, ...terms } = parsed.data;
  if (atMs < terms.fromMs || atMs >= terms.untilMs)
    return deny('a certificate of a pseudonym of another time');
  const jwk = readPublicJwk(terms.jwk);
  if (jwk.kty !== 'OKP') return deny('a pseudonym whose key signs no objects');
  const signer = { publicKey: toPublicKey(jwk), identity: terms.identity };
  return { ...terms, jwk, kid: await thumbprintOf(jwk), signer };
}
