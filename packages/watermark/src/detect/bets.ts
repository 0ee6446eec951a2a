import type { Random } from '@phalanx/stats';
import type { Pivot } from '../mark.js';
import { demand } from '../watermark-error.js';
import { SECOND_SHARE } from './log-p.js';

/**
 * Bets on one n-gram: non-negative functions of its values whose mean is at most 1 under the null that `Pivot` states.
 * Any mixture of them with weights fixed beforehand is an e-value of the n-gram.
 */
export interface Bets {
  readonly size: number;
  /** Weights that sum to 1, chosen for marks of 0.3 to 3 nats; bet 0 is the constant 1. */
  readonly priors: Float64Array;
  /** Writes the value of each bet on n-gram `row` to `out`. */
  evaluate(values: Float64Array, row: number, out: Float64Array): void;
  /** Values of one n-gram drawn from the null, not below it: what `evaluate` gives them is at least as large in distribution. */
  draw(random: Random, values: Float64Array): void;
}

/**
 * The bets on a pivot.
 *
 * - `uniform`: Beta(a, 1) densities a u^(a - 1), a >= 1: the law of the chosen u at a token of probability 1/a. They rise with u and
 *   integrate to 1, so at the lower edge of a cell their mean is a lower sum of that integral, at most 1. Two
 *   streams: the same on each, weighted by the share of tokens that each key chooses.
 * - `green`: likelihood ratio of Bernoulli(q) to Bernoulli(gamma), q > gamma; it rises with green, so its mean is at most 1 when
 *   green has at most probability gamma.
 * - `layers`: product over layers of 1 + 2 b_l or 1 - 2 b_l, the likelihood ratio of Bernoulli(1/2 + b_l) to a fair bit. In a
 *   tournament b_l = (1 - C_l)/4, C_l = sum p^2 the probability that two draws agree, and a layer takes its mean to
 *   C + (C + C^2 - 2 sum p^3)/4, which is C + C(1 - C)/4 for p alike on some tokens and less else: a logistic curve of rate
 *   1.25 a layer or slower. A bet for each start and rate: layers carry what they can at that entropy, early ones more.
 */
export function openBets(pivot: Pivot, secondShare: number = SECOND_SHARE): Bets {
  switch (pivot.kind) {
    case 'uniform':
      return pivot.streams === 1 ? uniformBets([1]) : uniformBets([1 - secondShare, secondShare]);
    case 'green':
      return greenBets(pivot.gamma);
    case 'layers':
      return layerBets(pivot.layers);
  }
}

const SHAPES = [1.1, 1.25, 1.5, 2, 3, 5, 9, 20, 50];
const SHAPE_PRIORS = [0.12, 0.12, 0.1, 0.1, 0.08, 0.07, 0.05, 0.04, 0.02];
/** Weight of the constant bet at the start. */
const IDLE = 0.3;

function uniformBets(shares: readonly number[]): Bets {
  const streams = shares.filter((share) => share > 0);
  const columns = [...shares.keys()].filter((stream) => shares[stream]! > 0);
  const size = 1 + SHAPES.length * streams.length;
  const priors = Float64Array.of(IDLE, ...streams.flatMap((share) => SHAPE_PRIORS.map((p) => p * share)));
  return {
    size,
    priors,
    evaluate(values, row, out) {
      out[0] = 1;
      let to = 1;
      for (const column of columns) {
        const u = values[row * shares.length + column]!;
        if (!(u >= 0 && u < 1))
          demand(
            false,
            'MARK_ARGUMENT',
            `a uniform value is in [0, 1), not ${u}`,
            'Use values of Mark.read.',
          );
        const log = Math.log(u);
        for (const a of SHAPES) out[to++] = a * Math.exp((a - 1) * log);
      }
    },
    draw(random, values) {
      for (let i = 0; i < shares.length; i++) values[i] = random.uniform();
    },
  };
}

/** Share of the way from gamma to 1 that a green's probability is bet to have gone. */
const GREEN_STEPS = [0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9];

function greenBets(gamma: number): Bets {
  demand(gamma > 0 && gamma < 1, 'MARK_ARGUMENT', 'gamma is in (0, 1)', 'Take the gamma of the profile.');
  const rates = GREEN_STEPS.map((step) => gamma + (1 - gamma) * step);
  const red = rates.map((q) => (1 - q) / (1 - gamma));
  const green = rates.map((q) => q / gamma);
  return {
    size: 1 + rates.length,
    priors: Float64Array.of(0.2, ...rates.map(() => 0.8 / rates.length)),
    evaluate(values, row, out) {
      out[0] = 1;
      out.set(values[row] === 0 ? red : green, 1);
    },
    draw(random, values) {
      values[0] = random.uniform() < gamma ? 1 : 0;
    },
  };
}

/** Start and rate of C_l. */
const COLLISIONS = [
  [0.02, 1.25],
  [0.1, 1.25],
  [0.25, 1.25],
  [0.4, 1.2],
  [0.6, 1.15],
  [0.8, 1.1],
  [0.92, 1.05],
] as const;

function layerBets(layers: number): Bets {
  const words = Math.ceil(layers / 32);
  const bytes = words * 4;
  // For each bet and each byte of the words, the product of the eight layers' factors.
  const stride = bytes * 256;
  const factors = new Float64Array(COLLISIONS.length * stride).fill(1);
  for (const [i, [collision, rate]] of COLLISIONS.entries())
    for (let layer = 0; layer < layers; layer++) {
      const bias = (1 - collision) / (1 + collision * (rate ** layer - 1)) / 2;
      const at = i * stride + (layer >> 3) * 256;
      for (let pattern = 0; pattern < 256; pattern++)
        factors[at + pattern]! *= (pattern >> (layer & 7)) & 1 ? 1 + bias : 1 - bias;
    }
  const last = layers % 32 === 0 ? 0xffffffff : 2 ** (layers % 32) - 1;
  return {
    size: 1 + COLLISIONS.length,
    priors: Float64Array.of(0.25, ...COLLISIONS.map(() => 0.75 / COLLISIONS.length)),
    evaluate(values, row, out) {
      out[0] = 1;
      for (let i = 0; i < COLLISIONS.length; i++) {
        let product = 1;
        for (let word = 0, at = i * stride; word < words; word++, at += 1024) {
          const bits = values[row * words + word]! | 0;
          product *=
            factors[at + (bits & 255)]! *
            factors[at + 256 + ((bits >>> 8) & 255)]! *
            factors[at + 512 + ((bits >>> 16) & 255)]! *
            factors[at + 768 + (bits >>> 24)]!;
        }
        out[i + 1] = product;
      }
    },
    draw(random, values) {
      for (let word = 0; word < words; word++) values[word] = random.uint32();
      values[words - 1] = (values[words - 1]! & last) >>> 0;
    },
  };
}
