import type { Random } from '@phalanx/stats';
import { type Candidates, drawCandidate, type Mark } from '@phalanx/watermark';

const CHOICES = 64;
const RATES = 512;
/** Rates of one text differ by e^2.6: some tokens are all but certain, some are open. */
const WIDTH = 2.6;
const VOCABULARY = 50_000;

/**
 * A source of next-token distributions whose mean entropy is known exactly: geometric over 64 tokens, the rate drawn from 512
 * values whose logarithms are evenly spaced, shifted until the mean of their entropies is what was asked for.
 */
export class SyntheticModel {
  readonly #tables: readonly Float64Array[];
  readonly #random: Random;
  /** Mean entropy in nats. */
  readonly entropy: number;

  constructor(entropy: number, random: Random) {
    let [low, high] = [-12, 6];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (meanEntropy(makeTables(middle)) > entropy) low = middle;
      else high = middle;
    }
    this.#tables = makeTables(high);
    this.entropy = meanEntropy(this.#tables);
    this.#random = random;
  }

  /** 64 neighbouring ids of a vocabulary of 50,000, and a distribution over them. */
  next(): Candidates {
    const from = this.#random.integer(VOCABULARY - CHOICES);
    return {
      tokens: Int32Array.from({ length: CHOICES }, (_, i) => from + i),
      logProbabilities: this.#tables[this.#random.integer(RATES)]!.slice(),
    };
  }

  /** A text of so many tokens under a mark; without one, as the distributions have it. */
  write(length: number, mark: Mark | null): Int32Array {
    const width = mark?.contextWidth ?? 0;
    const padded = new Int32Array(width + length).fill(mark?.padding ?? 0, 0, width);
    const random = () => this.#random.uniform();
    for (let at = 0; at < length; at++) {
      const candidates = this.next();
      // A mark without padding leaves the first tokens as they come.
      if (mark !== null && (at >= width || mark.padding !== null))
        mark.reshape(padded.subarray(at, at + width), candidates, random);
      padded[width + at] = drawCandidate(candidates, random());
    }
    return padded.slice(width);
  }
}

function makeTables(shift: number): Float64Array[] {
  return Array.from({ length: RATES }, (_, i) => {
    const rate = Math.exp(shift + (WIDTH * (i + 0.5)) / RATES);
    const logMass = Math.log(-Math.expm1(-rate)) - Math.log(-Math.expm1(-rate * CHOICES));
    return Float64Array.from({ length: CHOICES }, (_, token) => logMass - rate * token);
  });
}

function meanEntropy(tables: readonly Float64Array[]): number {
  let sum = 0;
  for (const table of tables) for (const logP of table) sum -= Math.exp(logP) * logP;
  return sum / tables.length;
}
