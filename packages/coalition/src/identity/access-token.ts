import { createPublicKey, randomUUID } from 'node:crypto';
import type { Clock } from '@phalanx/core';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { algorithmsOf, JWT_CHARACTERS } from './client-assertion.js';
import { type ClientKey, joseAlgorithmOf } from './client-key.js';
import { deny, denyFor } from './denial.js';

/** How long a token holds. What happens to its member or key in the meantime is looked up at each use. */
export const ACCESS_TOKEN_MS = 5 * 60_000;

/** What a token is bound to: the thumbprint of a DPoP key (RFC 9449 section 6), or of a certificate (RFC 8705 section 3). */
export type Confirmation = { readonly jkt: string } | { readonly 'x5t#S256': string };

/** What a token says. */
export interface AccessToken {
  readonly memberId: string;
  /** The key or certificate that its member showed for it: `key:<kid>` or `certificate:<thumbprint>`. The token ends with it. */
  readonly credential: string;
  readonly confirmation: Confirmation;
}

/** A hub as the issuer of tokens, and as whom they are for. */
export interface TokenIssuer {
  /** `https` URL without query and fragment (RFC 8414 section 2). */
  readonly issuer: string;
  /** The first one signs; all of them verify, so that a new one can be put in front while tokens of the old one run out. */
  readonly keys: readonly ClientKey[];
  readonly clock: Clock;
}

/** Issues a token: a JWT of RFC 9068 whose audience is the hub itself. */
export async function issueAccessToken(
  token: AccessToken,
  { issuer, keys, clock }: TokenIssuer,
): Promise<string> {
  const [key] = keys;
  if (key === undefined) return deny('a hub without a key');
  const now = Math.floor(clock.nowMs() / 1000);
  return new SignJWT({ client_id: token.memberId, cnf: token.confirmation, credential: token.credential })
    .setProtectedHeader({ typ: 'at+jwt', alg: joseAlgorithmOf(key.privateKey), kid: key.kid })
    .setIssuer(issuer)
    .setAudience(issuer)
    .setSubject(token.memberId)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + ACCESS_TOKEN_MS / 1000)
    .sign(key.privateKey);
}

/**
 * Checks a token of this hub (RFC 9068 section 4). Whether whoever shows it has what it is bound to is not checked here.
 *
 * @throws PhalanxError `COALITION_IDENTITY` for a token of another hub, for another, expired, changed, or of another kind
 */
export async function checkAccessToken(
  jwt: string,
  { issuer, keys, clock }: TokenIssuer,
): Promise<AccessToken> {
  if (jwt.length > JWT_CHARACTERS) return deny('a token that is too long');
  let claims: Record<string, unknown>;
  try {
    const { kid } = decodeProtectedHeader(jwt);
    const key = keys.find((one) => one.kid === kid);
    if (key === undefined) return deny('a token by no key of this hub');
    const publicKey = createPublicKey(key.privateKey);
    const { payload } = await jwtVerify(jwt, publicKey, {
      typ: 'at+jwt',
      algorithms: algorithmsOf(publicKey),
      issuer,
      audience: issuer,
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id', 'cnf', 'credential'],
      currentDate: new Date(clock.nowMs()),
      maxTokenAge: ACCESS_TOKEN_MS / 1000,
      clockTolerance: 0,
    });
    claims = payload;
  } catch (error) {
    return denyFor('a token that does not verify', error);
  }
  const { sub, client_id: client, cnf, credential } = claims;
  if (typeof sub !== 'string' || client !== sub || typeof credential !== 'string')
    return deny('a token about nobody');
  return { memberId: sub, credential, confirmation: readConfirmation(cnf) };
}

function readConfirmation(cnf: unknown): Confirmation {
  const { jkt, 'x5t#S256': x5t } = (cnf ?? {}) as Record<string, unknown>;
  if (typeof jkt === 'string' && x5t === undefined) return { jkt };
  if (typeof x5t === 'string' && jkt === undefined) return { 'x5t#S256': x5t };
  return deny('a token that is bound to nothing');
}
