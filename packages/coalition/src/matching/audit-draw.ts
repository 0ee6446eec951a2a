import { randomBytes, timingSafeEqual } from 'node:crypto';
import { utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { digestOf, framed, integerBytes } from './framed-bytes.js';

/** Share of a set that an audit opens. */
export const AUDITED_SHARE = 0.01;

/** One side's half of a draw: it shows `promise` before the run and `nonce` after it. */
export interface DrawHalf {
  readonly nonce: Uint8Array;
  readonly promise: Uint8Array;
}

/** @param nonce 32 random bytes; given only to check vectors */
export function makeDrawHalf(nonce: Uint8Array = new Uint8Array(randomBytes(32))): DrawHalf {
  return { nonce, promise: promiseOf(nonce) };
}

function promiseOf(nonce: Uint8Array): Uint8Array {
  return digestOf('sha256', framed(utf8('phalanx-audit-draw-v1'), nonce));
}

/**
 * Which positions of a list are audited: one in a hundred, rounded up. Neither side can steer it: a side that knows the other's nonce
 * has promised its own. Whoever alters f of n elements stays unseen with a probability of about 0.99^f.
 *
 * @param subject what is audited, for instance the digest of a masked list: the same nonces draw others elsewhere
 * @throws PhalanxError `COALITION_PROOF` when a nonce is not what was promised
 */
export function drawPositions(
  subject: Uint8Array,
  size: number,
  halves: readonly [DrawHalf, DrawHalf],
): number[] {
  const nonces = halves.map(({ nonce, promise }, i) => {
    if (nonce.length !== 32 || promise.length !== 32 || !timingSafeEqual(promiseOf(nonce), promise))
      refuse(
        'COALITION_PROOF',
        `nonce ${i} is not what was promised`,
        'Treat the audit as failed by its sender.',
      );
    return nonce;
  });
  const seed = nonces.sort(Buffer.compare);
  const start = framed(utf8('phalanx-audit-rank-v1'), subject, ...seed);
  const rank = (position: number) => digestOf('sha256', start, integerBytes(position, 4));
  return Array.from({ length: size }, (_, position) => ({ position, rank: rank(position) }))
    .sort((a, b) => Buffer.compare(a.rank, b.rank))
    .slice(0, Math.ceil(size * AUDITED_SHARE))
    .map(({ position }) => position)
    .sort((a, b) => a - b);
}
