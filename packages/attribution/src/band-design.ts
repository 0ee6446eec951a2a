import { RESPONSE_MINHASH_BYTES } from '@phalanx/domain';

/** Lanes of a response sketch. */
export const LANES = RESPONSE_MINHASH_BYTES;

/** Which triples of lanes are looked up: two sketches are compared when they agree in one of them. */
export interface BandDesign {
  readonly groups: number;
  /** Three lanes each, ascending. */
  readonly bands: readonly (readonly [number, number, number])[];
  /** At index k: the share of pairs with k equal lanes, in random places, that agree in a band. */
  readonly recall: readonly number[];
}

/**
 * All triples within each of `groups` groups of lanes of about equal size (Turan's construction). More than two equal lanes in
 * one group make an equal triple, so every pair with more than 2 * groups equal lanes is compared; below that, `recall` counts
 * the places that k equal lanes can take (coefficient of x^k in the product over groups of 1 + g x + g (g-1)/2 x^2).
 *
 * @param groups 5 to 10, which make 130, 80, 52, 32, 24 and 16 bands
 */
export function designBands(groups: number): BandDesign {
  const members = Array.from({ length: groups }, (_, group) =>
    Array.from({ length: LANES }, (_, lane) => lane).filter((lane) => lane % groups === group),
  );
  const bands: [number, number, number][] = [];
  let missing = [1];
  for (const lanes of members) {
    const g = lanes.length;
    for (let i = 0; i < g; i++)
      for (let j = i + 1; j < g; j++)
        for (let k = j + 1; k < g; k++) bands.push([lanes[i]!, lanes[j]!, lanes[k]!]);
    missing = multiply(missing, [1, g, (g * (g - 1)) / 2]);
  }
  const all = Array.from({ length: LANES }, () => [1, 1]).reduce(multiply, [1]);
  const recall = all.map((places, equal) => 1 - (missing[equal] ?? 0) / places);
  return { groups, bands, recall };
}

function multiply(a: readonly number[], b: readonly number[]): number[] {
  const product = new Array<number>(a.length + b.length - 1).fill(0);
  a.forEach((x, i) => {
    b.forEach((y, j) => {
      product[i + j]! += x * y;
    });
  });
  return product;
}
