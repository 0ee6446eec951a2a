import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Json } from '@phalanx/core';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { deny } from './denial.js';
import { algorithmOf, type SignatureAlgorithm } from './signature-algorithm.js';

/** Kinds of keys that members and hubs have. */
export type ClientKeyKind = 'ed25519' | 'p256';

/** A public key of these kinds as a JWK (RFC 7517, RFC 8037) with the members of its thumbprint and nothing else. */
export type PublicJwk =
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };

/** A key pair in the hands of its owner. */
export interface ClientKey {
  /** SHA-256 thumbprint of the public key (RFC 7638): 43 characters of base64url. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

/** Makes a key pair. */
export function generateClientKey(kind: ClientKeyKind = 'ed25519'): Promise<ClientKey> {
  return toClientKey(
    kind === 'ed25519'
      ? generateKeyPairSync('ed25519').privateKey
      : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  );
}

/**
 * A key pair from its private key: an Ed25519 or P-256 key in PEM (PKCS #8 or SEC 1), or as Node holds it.
 *
 * @throws PhalanxError `COALITION_IDENTITY` for anything else
 */
export async function toClientKey(privateKey: KeyObject | string): Promise<ClientKey> {
  let key: KeyObject;
  try {
    key = typeof privateKey === 'string' ? createPrivateKey(privateKey) : privateKey;
  } catch {
    return deny('text that is no private key');
  }
  const publicJwk = readPublicJwk(createPublicKey(key).export({ format: 'jwk' }) as Json);
  return { kid: await thumbprintOf(publicJwk), privateKey: key, publicJwk };
}

/**
 * Reads a JWK of a stranger: only what its thumbprint is made of is kept.
 *
 * @throws PhalanxError `COALITION_IDENTITY` for another kind of key, a private key, or no point of the curve
 */
export function readPublicJwk(value: unknown): PublicJwk {
  const { kty, crv, x, y, d } = (value ?? {}) as Record<string, unknown>;
  if (d !== undefined) return deny('a private key where a public one belongs');
  let jwk: PublicJwk;
  if (kty === 'OKP' && crv === 'Ed25519' && isCoordinate(x)) jwk = { kty, crv, x };
  else if (kty === 'EC' && crv === 'P-256' && isCoordinate(x) && isCoordinate(y)) jwk = { kty, crv, x, y };
  else return deny('a key that is neither Ed25519 nor P-256');
  toPublicKey(jwk);
  return jwk;
}

/** 32 bytes in base64url, written in the one way. */
function isCoordinate(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length === 43 &&
    Buffer.from(value, 'base64url').toString('base64url') === value
  );
}

/** The key that a JWK describes. @throws PhalanxError `COALITION_IDENTITY` when there is none */
export function toPublicKey(jwk: PublicJwk): KeyObject {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    return deny('a key that is no point of its curve');
  }
}

/** SHA-256 thumbprint of a public key (RFC 7638), in base64url. */
export function thumbprintOf(jwk: PublicJwk): Promise<string> {
  return calculateJwkThumbprint(jwk as JWK, 'sha256');
}

/** `alg` of a JWS by a key (RFC 7518, RFC 8037). @throws PhalanxError `COALITION_IDENTITY` for a key without one here */
export function joseAlgorithmOf(key: KeyObject): 'EdDSA' | 'ES256' {
  const names: Record<SignatureAlgorithm, 'EdDSA' | 'ES256' | null> = {
    ed25519: 'EdDSA',
    'ecdsa-p256-sha256': 'ES256',
    'rsa-pss-sha512': null,
  };
  return names[algorithmOf(key)] ?? deny('a key of an algorithm that is not used here');
}
