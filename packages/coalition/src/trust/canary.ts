import { createHash, createHmac } from 'node:crypto';
import { refuse } from '../coalition-error.js';
import { keyOfTrace, type Trace } from './trace.js';

/** Canaries of one planting; each is evaluated from the seed. */
export const MAX_CANARIES = 10_000;

/** Canaries that were planted, as their planter keeps them. */
export interface CanaryPlanting {
  /** 32 bytes, secret until the planting is opened. */
  readonly seed: Uint8Array;
  readonly paramsDigest: string;
  readonly count: number;
}

/** What is published before: it shows nothing of the values, and binds to them. */
export interface CanaryPromise {
  /** SHA-256 of seed, parameters and count, hexadecimal. */
  readonly commitment: string;
}

/**
 * Values that nobody can have seen: fingerprints whose lanes are drawn from a secret seed, and look like any others. The chance that a real template is alike
 * is below 2^-200. Who claims to have seen one has not looked.
 *
 * @throws PhalanxError `COALITION_TRUST` for a seed of another length or too many
 */
export function listCanaries({ seed, paramsDigest, count }: CanaryPlanting): readonly Trace[] {
  if (seed.length !== 32 || !/^[0-9a-f]{64}$/.test(paramsDigest) || !(count > 0 && count <= MAX_CANARIES))
    refuse(
      'COALITION_TRUST',
      'this is no planting of canaries',
      `32 bytes, a digest, 1 to ${MAX_CANARIES} of them`,
    );
  return Array.from({ length: count }, (_, i) => ({
    kind: 'prompt-fingerprint',
    paramsDigest,
    lanes: new Uint8Array(
      createHmac('sha512', seed).update(`phalanx-canary-1\0${paramsDigest}\0${i}`).digest(),
    ),
  }));
}

/** The promise of a planting. */
export function promiseCanaries({ seed, paramsDigest, count }: CanaryPlanting): CanaryPromise {
  const hash = createHash('sha256').update('phalanx-canary-promise-1\0').update(seed);
  return { commitment: hash.update(`${paramsDigest}\0${count}`).digest('hex') };
}

/**
 * Whether an opened planting is the promised one: then each of its values was drawn before anybody could have seen it, and a claim on it convicts in front
 * of others too. Without a promise a canary convicts only in the books of whoever planted it: a real value called a canary
 * afterwards would frame whoever has seen it.
 */
export function isPromised(promise: CanaryPromise, planting: CanaryPlanting): boolean {
  return promiseCanaries(planting).commitment === promise.commitment;
}

/** Keys under which claims are looked for. */
export function keysOfCanaries(planting: CanaryPlanting): ReadonlySet<string> {
  return new Set(listCanaries(planting).map(keyOfTrace));
}
