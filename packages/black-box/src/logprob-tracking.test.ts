import { Random } from '@phalanx/stats';
import type { Prediction } from '@phalanx/suspect';
import { describe, expect, it } from 'vitest';
import { expectCalibrated, expectEValues } from './calibration.test.support.js';
import { testDrift } from './logprob-tracking.js';

function tell(logits: readonly number[], noise: number, random: Random, top: number): Prediction {
  const shaken = logits.map((logit) => logit + noise * random.normal());
  const sum = Math.log(shaken.reduce((total, logit) => total + Math.exp(logit), 0));
  const order = shaken
    .map((_, i) => i)
    .sort((a, b) => shaken[b]! - shaken[a]!)
    .slice(0, top);
  return {
    candidates: order.map((i) => `token ${i}`),
    logProbabilities: Float64Array.from(order, (i) => Math.min(0, shaken[i]! - sum)),
  };
}

const LOGITS = [3, 2.9, 1, 0.5, 0.49, 0.2];

describe('tracking of log-probabilities', () => {
  it.each([
    ['differ in the last digits, and candidates come and go', 0.02, 3],
    ['are the same every time', 0, 5],
    ['are one candidate', 0.5, 1],
    ['are not told', 0.1, 0],
  ])('is calibrated where they %s', (_, noise, top) => {
    const random = new Random(5);
    const results = Array.from({ length: 300 }, () => {
      const side = (count: number) => Array.from({ length: count }, () => tell(LOGITS, noise, random, top));
      const predictions = [
        { before: side(3), after: side(5) },
        { before: side(4), after: side(4) },
      ];
      return testDrift(predictions, { permutations: 99, random });
    });
    expectCalibrated(
      results.map(({ logP }) => logP),
      0.01,
      0.05,
      0.2,
    );
    expectEValues(results.map(({ logE }) => logE));
  });

  it('finds a change that no text would show', () => {
    const random = new Random(6);
    const moved = LOGITS.map((logit, i) => logit + (i === 0 ? 0.05 : 0));
    const found = Array.from({ length: 30 }, () =>
      testDrift(
        Array.from({ length: 5 }, () => ({
          before: Array.from({ length: 10 }, () => tell(LOGITS, 0.02, random, 5)),
          after: Array.from({ length: 10 }, () => tell(moved, 0.02, random, 5)),
        })),
        { permutations: 999, random },
      ),
    );
    expect(found.filter(({ logP }) => logP <= Math.log(0.01)).length).toBeGreaterThanOrEqual(29);
    expect(found[0]!.effect.value).toBeGreaterThan(0.01);
  });

  it('takes what hosts tell for none', () => {
    const none: Prediction = {
      candidates: ['a', 'b'],
      logProbabilities: Float64Array.of(0, Number.NEGATIVE_INFINITY),
    };
    const { logP, effect } = testDrift([{ before: [none, none], after: [none, none] }], {
      permutations: 99,
      random: new Random(1),
    });
    expect(logP).toBe(0);
    expect(effect.value).toBe(0);
    const positive = { candidates: ['a'], logProbabilities: Float64Array.of(0.5) };
    expect(() => testDrift([{ before: [positive], after: [positive] }], { random: new Random(1) })).toThrow(
      /at most 0/,
    );
  });
});
