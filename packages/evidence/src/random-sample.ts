import { createHash } from 'node:crypto';

/**
 * Draws `size` of `population` things without replacement, the same for everybody who knows the seed. Draw i is the first 48 bits of
 * SHA-256 over "phalanx-sample/1", a newline, the seed, a newline and i in decimal, as a big-endian number modulo the population; what would favour
 * some places is passed over, and so is a place that was drawn. Specified in docs/spec/evidence-bundle.md.
 *
 * @param seed any text, chosen by somebody who could not know what is in which place
 * @param population at most 2^40
 * @returns places from 0 on, ascending; all of them when the population is no larger than `size`
 */
export function drawSample(seed: string, population: number, size: number): number[] {
  if (size >= population) return Array.from({ length: population }, (_, place) => place);
  const drawn = new Set<number>();
  const fair = 2 ** 48 - (2 ** 48 % population);
  for (let i = 0; drawn.size < size; i++) {
    const lot = createHash('sha256').update(`phalanx-sample/1\n${seed}\n${i}`).digest().readUIntBE(0, 6);
    if (lot < fair) drawn.add(lot % population);
  }
  return [...drawn].sort((a, b) => a - b);
}
