import type { Candidates } from '../mark.js';

/**
 * Tournament sampling (Dathathri et al. 2024, Nature 634, "Scalable watermarking for identifying large language model
 * outputs"), in the form that computes the winner's distribution: layer after layer, candidates whose bit is 1 gain.
 * With two leaves p <- p (1 + g - sum p g): over a fair key nothing is changed, and the model's distribution is kept.
 * With more leaves a layer keeps a 0 only if all leaves are 0: stronger, and distorting.
 *
 * `words` holds `ceil(depth / 32)` words a candidate. Leaves normalised ln probabilities (-Infinity where 0).
 * Vectors: `update_scores` in `synthid.json` (two and three leaves).
 */
export function runTournament(
  candidates: Candidates,
  words: Uint32Array,
  depth: number,
  leaves: number,
): void {
  const { logProbabilities } = candidates;
  const count = logProbabilities.length;
  const size = Math.ceil(depth / 32);
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of logProbabilities) if (value > highest) highest = value;
  if (highest === Number.NEGATIVE_INFINITY) return;

  let total = 0;
  const p = Float64Array.from(logProbabilities, (value) => Math.exp(value - highest));
  for (const mass of p) total += mass;
  for (let i = 0; i < count; i++) p[i]! /= total;

  for (let layer = 0; layer < depth; layer++) {
    const word = layer >>> 5;
    const bit = layer & 31;
    let mass = 0;
    for (let i = 0; i < count; i++) if ((words[i * size + word]! >>> bit) & 1) mass += p[i]!;
    mass = Math.min(1, mass);
    const zeros = (1 - mass) ** (leaves - 1);
    // As upstream writes it, with its rounding. A mass of 0 has no one to gain but what cannot come.
    const ones = leaves === 2 || mass === 0 ? leaves - mass : (1 - (1 - mass) ** leaves) / mass;
    for (let i = 0; i < count; i++) p[i]! *= (words[i * size + word]! >>> bit) & 1 ? ones : zeros;
  }
  for (let i = 0; i < count; i++) logProbabilities[i] = Math.log(p[i]!);
}
