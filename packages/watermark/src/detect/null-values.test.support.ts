import type { Random } from '@phalanx/stats';
import type { Pivot } from '../mark.js';

/** Pivots of every kind that the tests of this folder run over. */
export const PIVOTS: readonly Pivot[] = [
  { kind: 'uniform', streams: 1 },
  { kind: 'uniform', streams: 2 },
  { kind: 'green', gamma: 0.25 },
  { kind: 'layers', layers: 30 },
];

/** Cells of a coarse uniform: the lower edges then lie visibly below a uniform variable. */
const CELLS = 256;

/** Values of `count` n-grams under the null, uniform ones at the lower edges of 256 cells. */
export function drawNullValues(pivot: Pivot, count: number, random: Random): Float64Array {
  switch (pivot.kind) {
    case 'uniform':
      return Float64Array.from({ length: count * pivot.streams }, () => random.integer(CELLS) / CELLS);
    case 'green':
      return Float64Array.from({ length: count }, () => (random.bernoulli(pivot.gamma) ? 1 : 0));
    case 'layers':
      return Float64Array.from({ length: count }, () => random.uint32() % 2 ** pivot.layers);
  }
}

/** Values of n-grams that the mark chose, at an entropy of about one nat. */
export function drawMarkedValues(pivot: Pivot, count: number, random: Random): Float64Array {
  const values = drawNullValues(pivot, count, random);
  const lift = () => chooseUniform(random);
  for (let row = 0; row < count; row++) {
    if (pivot.kind === 'uniform')
      values[row * pivot.streams + (pivot.streams === 2 && random.bernoulli(0.1) ? 1 : 0)] = lift();
    else if (pivot.kind === 'green') values[row] = random.bernoulli(pivot.gamma + 0.35) ? 1 : 0;
    else
      for (let layer = 0; layer < pivot.layers; layer++)
        if (random.bernoulli(0.3 * 0.9 ** layer)) values[row] = (values[row]! | (1 << layer)) >>> 0;
  }
  return values;
}

/** The u of the token that Gumbel-max chooses out of a geometric distribution whose rate is drawn anew. */
function chooseUniform(random: Random): number {
  const rate = Math.exp(-1.2 + 2.6 * random.uniform());
  let [chosen, highest] = [0, Number.NEGATIVE_INFINITY];
  for (let token = 0; token < 32; token++) {
    const u = random.uniformOpen();
    const score = -rate * token - Math.log(-Math.log(u));
    if (score > highest) [chosen, highest] = [u, score];
  }
  return chosen;
}
