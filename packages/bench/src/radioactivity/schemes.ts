import { toHex } from '@phalanx/core';
import { Random } from '@phalanx/stats';
import { type Mark, openMark } from '@phalanx/watermark';

/** A mark as a provider would set it for students to learn, and what its n-gram students look back. */
export interface Scheme {
  readonly name: string;
  readonly contextWidth: number;
  readonly openMark: () => Mark;
}

/** Keys follow from a seed, so that the same arguments print the same figures. */
const random = new Random(2026);

function define(name: string, dialect: string, parameters: object, contextWidth: number): Scheme {
  const drawKey = () => toHex(Uint8Array.from({ length: 16 }, () => random.integer(256)));
  return { name, contextWidth, openMark: () => openMark(dialect, parameters, drawKey()) };
}

/** Schemes by their names on the command line. */
export const SCHEMES: Readonly<Record<string, Scheme>> = {
  kgw: define(
    'phalanx-kgw, h = 1, gamma 0.25, delta 2',
    'phalanx-kgw',
    { contextWidth: 1, gamma: 0.25, delta: 2 },
    1,
  ),
  gumbel: define('phalanx-gumbel, h = 2', 'phalanx-gumbel', { contextWidth: 2 }, 2),
  synthid: define('phalanx-synthid, h = 2, 30 layers', 'phalanx-synthid', { contextWidth: 2, layers: 30 }, 2),
};
