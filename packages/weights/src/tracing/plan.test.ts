import { describe, expect, it } from 'vitest';
import { COLLUSIONS, simulateCollusion } from './collusion.js';
import { expectLogP } from './expected-score.js';
import { planMarks } from './plan.js';

describe('what is expected of a colluder', () => {
  it.each(COLLUSIONS)('is what simulation gives under %s', (attack) => {
    const one = { codeLength: 16_384, colluders: 4, designed: 4, noise: 0.7, attack };
    const simulated = [1, 2].flatMap((seed) => simulateCollusion({ ...one, innocents: 0, seed }).colluders);
    const mean = simulated.reduce((sum, logP) => sum + logP, 0) / simulated.length;
    expect(mean / expectLogP(one)).toBeGreaterThan(0.85);
    expect(mean / expectLogP(one)).toBeLessThan(1.15);
    const cautious = expectLogP(one, 2);
    expect(simulated.filter((logP) => logP > cautious).length).toBeLessThanOrEqual(1);
  });
});

describe('a plan', () => {
  const settings = { recipients: 100, colluders: 3, noiseUlps: 20, carriers: 5e9 } as const;

  it('is enough, and keeps what it says in simulation', () => {
    const plan = planMarks(settings);
    expect(plan.isEnough).toBe(true);
    expect(plan.parameters.amplitude).toBe(1);
    const { attack } = plan.expected.reduce((worst, one) => (one.log10P > worst.log10P ? one : worst));
    const { colluders } = simulateCollusion({
      codeLength: plan.parameters.codeLength,
      colluders: 3,
      noise: plan.positionNoise,
      attack,
      innocents: 0,
      seed: 4,
    });
    for (const logP of colluders) expect(logP / Math.LN10).toBeLessThan(plan.log10Level);
  });

  it('grows with colluders and noise, and says when a model is too small', () => {
    const small = planMarks(settings);
    const more = planMarks({ ...settings, colluders: 10 });
    expect(more.parameters.codeLength).toBeGreaterThan(small.parameters.codeLength);
    expect(planMarks({ ...settings, noiseUlps: 60 }).markedShare).toBeGreaterThan(small.markedShare);
    const poor = planMarks({ ...settings, colluders: 30, carriers: 20_000 });
    expect(poor).toMatchObject({ isEnough: false, parameters: { amplitude: 8 } });
    for (const wrong of [
      { recipients: 0 },
      { colluders: 101 },
      { noiseUlps: -1 },
      { carriers: 10 },
      { alpha: 1 },
    ])
      expect(() => planMarks({ ...settings, ...wrong })).toThrow();
  });
});
