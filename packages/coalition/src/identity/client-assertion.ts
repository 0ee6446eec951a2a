import { randomUUID } from 'node:crypto';
import type { Clock } from '@phalanx/core';
import { decodeProtectedHeader, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { type ClientKey, joseAlgorithmOf, toPublicKey } from './client-key.js';
import { deny, denyFor } from './denial.js';
import { CLOCK_SKEW_MS } from './http-signature.js';
import { isValidAt, type MemberDirectory, type MemberKey } from './member-directory.js';
import type { NonceStore } from './nonce-store.js';

/** `client_assertion_type` of RFC 7523 section 2.2. */
export const CLIENT_ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** How long an assertion holds. */
const LIFETIME_S = 60;
/** How long an assertion of a foreign client may hold. */
const LONGEST_MS = 5 * 60_000;
/** Characters of a JWT of a stranger. */
export const JWT_CHARACTERS = 8_192;

/** Says who a client is (`private_key_jwt`, RFC 7523 sections 2.2 and 3). @param audience the issuer that it is for */
export async function makeClientAssertion(
  clientId: string,
  audience: string,
  key: ClientKey,
  clock: Clock,
): Promise<string> {
  const now = Math.floor(clock.nowMs() / 1000);
  return new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: joseAlgorithmOf(key.privateKey), kid: key.kid })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setIssuedAt(now)
    .setExpirationTime(now + LIFETIME_S)
    .sign(key.privateKey);
}

/** What a token endpoint checks an assertion against. */
export interface AssertionCheck {
  /** Issuer and token endpoint of the hub: an assertion is for one of them alone. */
  readonly audiences: readonly string[];
  readonly members: Pick<MemberDirectory, 'findKey'>;
  readonly nonces: NonceStore;
  readonly clock: Clock;
}

/**
 * Checks an assertion: signed by a valid key, by and about that key's member, for this hub alone, of now, and for the first time.
 *
 * @returns the key that signed
 * @throws PhalanxError `COALITION_IDENTITY`, or `COALITION_LIMIT` for too many of them at once
 */
export async function checkClientAssertion(assertion: string, check: AssertionCheck): Promise<MemberKey> {
  const nowMs = check.clock.nowMs();
  const key = await findSigner(assertion, check.members, nowMs);
  const payload = await verifyJwt(assertion, key, nowMs);
  const { iss, sub, aud, jti, exp, iat } = payload;
  if (iss !== key.memberId || sub !== key.memberId) return deny('an assertion about somebody else');
  const audience = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
  if (typeof audience !== 'string' || !check.audiences.includes(audience))
    return deny('an assertion for somebody else');
  if (typeof jti !== 'string' || jti.length < 8 || jti.length > 128)
    return deny('an assertion without an id of its own');
  if (exp === undefined || exp * 1000 > nowMs + LONGEST_MS) return deny('an assertion that holds too long');
  if (iat !== undefined && iat * 1000 > nowMs + CLOCK_SKEW_MS) return deny('an assertion of the future');
  if (!(await check.nonces.use(`assertion:${key.memberId}`, jti, exp * 1000)))
    return deny('an assertion that was used');
  return key;
}

/** The key that the header names, by thumbprint and from the directory alone: `jwk`, `jku` and `x5u` of a stranger say nothing. */
async function findSigner(
  jwt: string,
  members: Pick<MemberDirectory, 'findKey'>,
  nowMs: number,
): Promise<MemberKey> {
  if (jwt.length > JWT_CHARACTERS) return deny('a token that is too long');
  let kid: unknown;
  try {
    kid = decodeProtectedHeader(jwt).kid;
  } catch {
    return deny('text that is no JWT');
  }
  const key = typeof kid === 'string' && kid.length <= 128 ? await members.findKey(kid) : null;
  if (key === null || !isValidAt(key, nowMs)) return deny('a token by no valid key');
  return key;
}

async function verifyJwt(jwt: string, key: MemberKey, nowMs: number): Promise<JWTPayload> {
  const publicKey = toPublicKey(key.jwk);
  try {
    const { payload } = await jwtVerify(jwt, publicKey, {
      algorithms: algorithmsOf(publicKey),
      currentDate: new Date(nowMs),
    });
    return payload;
  } catch (error) {
    return denyFor('a token that does not verify', error);
  }
}

/** `alg` values of a key. EdDSA is called `Ed25519` by RFC 9864 as well. */
export function algorithmsOf(key: Parameters<typeof joseAlgorithmOf>[0]): string[] {
  const algorithm = joseAlgorithmOf(key);
  return algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [algorithm];
}
