import { randomBytes } from 'node:crypto';
import { toHex } from '@phalanx/core';
import type { Mark } from '../mark.js';
import { dialectOf } from './registry.js';

/** Integers that people choose as keys are short; decoys are not, lest one of them be the key. */
const LEAST_BITS = 31;

/**
 * Opens marks of a dialect under fresh keys of the form of `key`: 16 random bytes, or integers of as many bits. A rank among them is exact when
 * the key was drawn so too; a key that somebody chose is as good as drawn where the keyed function hashes it.
 *
 * @throws PhalanxError as `Dialect.open`, also for `key`
 */
export function openDecoys(dialect: string, parameters: unknown, key: string): () => Mark {
  const { open } = dialectOf(dialect);
  open(parameters, key);
  return () => open(parameters, drawKeyLike(key));
}

function drawKeyLike(key: string): string {
  const bytes = /^([0-9a-f]{32})(:[0-9a-f]+)?$/.exec(key);
  if (bytes !== null)
    return bytes[2] === undefined ? drawHex(32) : `${drawHex(32)}:${drawHex(bytes[2].length - 1)}`;
  return key
    .split(',')
    .map((integer) => drawInteger(BigInt(integer.replace('-', '')).toString(2).length))
    .join(',');
}

function drawHex(digits: number): string {
  return toHex(randomBytes(Math.ceil(digits / 2))).slice(0, digits);
}

function drawInteger(bits: number): string {
  const wanted = Math.max(LEAST_BITS, bits);
  const word = BigInt(`0x${drawHex(2 * Math.ceil(wanted / 8))}`);
  return BigInt.asUintN(wanted, word).toString();
}
