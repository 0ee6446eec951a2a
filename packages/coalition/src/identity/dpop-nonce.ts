import { createHmac, timingSafeEqual } from 'node:crypto';

/** A nonce is good in the slot of its making and in the next. */
const SLOT_MS = 2 * 60_000;
const MAC_BYTES = 16;

/**
 * A nonce for DPoP proofs (RFC 9449 section 8) that the server need not remember: it binds a proof to a time that the server chose, so that
 * none can be made in advance. Used once or often; that a proof is used once, its `jti` sees to.
 *
 * @param secret 32 bytes, the same in all processes of a hub
 */
export function makeDpopNonce(secret: Uint8Array, nowMs: number): string {
  return macOf(secret, Math.floor(nowMs / SLOT_MS)).toString('base64url');
}

/** Whether a nonce is of this slot of time or of the one before. */
export function isDpopNonce(nonce: string, secret: Uint8Array, nowMs: number): boolean {
  const given = Buffer.from(nonce, 'base64url');
  if (given.length !== MAC_BYTES) return false;
  const slot = Math.floor(nowMs / SLOT_MS);
  return [slot, slot - 1].some((one) => timingSafeEqual(given, macOf(secret, one)));
}

function macOf(secret: Uint8Array, slot: number): Buffer {
  return createHmac('sha256', secret).update(`dpop-nonce ${slot}`).digest().subarray(0, MAC_BYTES);
}
