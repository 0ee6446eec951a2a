import { type Mark, openDecoys } from '@phalanx/watermark';

/** A mark as a provider would set it for students to learn, and what its n-gram students look back. */
export interface Scheme {
  readonly name: string;
  readonly contextWidth: number;
  readonly openMark: () => Mark;
}

const LIKE = '0'.repeat(32);

function define(name: string, dialect: string, parameters: object, contextWidth: number): Scheme {
  return { name, contextWidth, openMark: openDecoys(dialect, parameters, LIKE) };
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
