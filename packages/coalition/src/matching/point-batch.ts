import { hashToGroup } from './hash-to-group.js';
import { multiplyPoint, POINT_BYTES } from './ristretto.js';

/** Work for one thread: `scalar` times every element of a list. */
export interface PointBatch {
  readonly scalar: Uint8Array;
  /** Points of 32 bytes one after another, or messages to be hashed to the group under `dst`. */
  readonly from:
    | { readonly points: Uint8Array }
    | { readonly messages: readonly Uint8Array[]; readonly dst: Uint8Array };
}

/**
 * The products, 32 bytes each, in the order of the list.
 *
 * @throws PhalanxError `COALITION_MATCHING` for what is no point
 */
export function multiplyBatch({ scalar, from }: PointBatch): Uint8Array {
  if ('points' in from) {
    const out = new Uint8Array(from.points.length);
    for (let at = 0; at < out.length; at += POINT_BYTES)
      out.set(multiplyPoint(scalar, from.points.subarray(at, at + POINT_BYTES)), at);
    return out;
  }
  const out = new Uint8Array(from.messages.length * POINT_BYTES);
  for (const [i, message] of from.messages.entries())
    out.set(multiplyPoint(scalar, hashToGroup(message, from.dst)), i * POINT_BYTES);
  return out;
}
