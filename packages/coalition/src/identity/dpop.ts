import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '@phalanx/core';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { algorithmsOf, JWT_CHARACTERS } from './client-assertion.js';
import { type ClientKey, joseAlgorithmOf, readPublicJwk, thumbprintOf, toPublicKey } from './client-key.js';
import { deny, denyFor } from './denial.js';
import { CLOCK_SKEW_MS } from './http-signature.js';
import type { NonceStore } from './nonce-store.js';

/** How old a proof may be. */
export const DPOP_WINDOW_MS = 60_000;

/** What a proof is made for. */
export interface DpopUse {
  readonly method: string;
  /** Query and fragment are not part of a proof (RFC 9449 section 4.2). */
  readonly url: string;
  /** The token that goes with it; null at a token endpoint. */
  readonly accessToken: string | null;
}

/** Makes a proof that whoever sends a request has a key (RFC 9449 section 4.2). @param nonce what the server asked for, or null */
export async function makeDpopProof(
  key: ClientKey,
  use: DpopUse,
  nonce: string | null,
  clock: Clock,
): Promise<string> {
  return new SignJWT({
    jti: randomUUID(),
    htm: use.method,
    htu: targetOf(use.url),
    ...(use.accessToken === null ? {} : { ath: hashOf(use.accessToken) }),
    ...(nonce === null ? {} : { nonce }),
  })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: joseAlgorithmOf(key.privateKey), jwk: key.publicJwk })
    .setIssuedAt(Math.floor(clock.nowMs() / 1000))
    .sign(key.privateKey);
}

/** What a server checks a proof against. */
export interface DpopCheck extends DpopUse {
  readonly nonces: NonceStore;
  readonly clock: Clock;
}

/** A proof that holds. */
export interface DpopProof {
  /** Thumbprint of the key (RFC 7638): `jkt` of the tokens that are bound to it. */
  readonly jkt: string;
  /** What the server asked for, if the proof has it: not checked yet. */
  readonly nonce: string | null;
}

/**
 * Checks a proof (RFC 9449 section 4.3): its own key has signed it, it is of this method, target and token, of now, and is used for the
 * first time.
 *
 * @param scope under which its id is remembered: the member's where that is known
 * @throws PhalanxError `COALITION_IDENTITY`, or `COALITION_LIMIT` for too many of them at once
 */
export async function checkDpopProof(proof: string, check: DpopCheck, scope: string): Promise<DpopProof> {
  // A list would be several fields joined.
  if (proof.length > JWT_CHARACTERS || proof.includes(',')) return deny('not exactly one DPoP proof');
  const nowMs = check.clock.nowMs();
  const { payload, jkt } = await verifyByOwnKey(proof, nowMs);
  const { jti, htm, htu, ath, iat, nonce } = payload;
  if (typeof jti !== 'string' || jti.length < 8 || jti.length > 128)
    return deny('a DPoP proof without an id of its own');
  if (htm !== check.method) return deny('a DPoP proof for another method');
  if (typeof htu !== 'string' || !isSameTarget(htu, check.url))
    return deny('a DPoP proof for another target');
  if (check.accessToken === null ? ath !== undefined : ath !== hashOf(check.accessToken)) {
    return deny('a DPoP proof for another token');
  }
  if (typeof iat !== 'number') return deny('a DPoP proof without a time');
  const untilMs = iat * 1000 + DPOP_WINDOW_MS;
  if (iat * 1000 > nowMs + CLOCK_SKEW_MS || nowMs >= untilMs) return deny('a DPoP proof of another time');
  if (nonce !== undefined && typeof nonce !== 'string') return deny('a DPoP proof with a malformed nonce');
  if (!(await check.nonces.use(`dpop:${scope}`, jti, untilMs))) return deny('a DPoP proof that was used');
  return { jkt, nonce: nonce ?? null };
}

async function verifyByOwnKey(proof: string, nowMs: number) {
  try {
    const header = decodeProtectedHeader(proof);
    const jwk = readPublicJwk(header.jwk);
    const publicKey = toPublicKey(jwk);
    const { payload } = await jwtVerify(proof, publicKey, {
      typ: 'dpop+jwt',
      algorithms: algorithmsOf(publicKey),
      currentDate: new Date(nowMs),
    });
    return { payload, jkt: await thumbprintOf(jwk) };
  } catch (error) {
    return denyFor('a DPoP proof that does not verify', error);
  }
}

/** SHA-256 of a token, in base64url: `ath`. */
function hashOf(accessToken: string): string {
  return createHash('sha256').update(accessToken, 'ascii').digest('base64url');
}

function targetOf(url: string): string {
  const target = new URL(url);
  target.search = '';
  target.hash = '';
  return target.href;
}

function isSameTarget(claimed: string, url: string): boolean {
  try {
    return targetOf(claimed) === targetOf(url);
  } catch {
    return false;
  }
}
