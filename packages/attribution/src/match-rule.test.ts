import { createSketcher } from '@phalanx/sketch';
import { countEqualLanes } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { boundPair, chooseRule } from './match-rule.js';
import { makeProse } from './provider.test.support.js';

describe('chooseRule', () => {
  it('takes the lowest threshold that holds the run at alpha', () => {
    for (const pairs of [1, 1e4, 1e9, 4e14])
      for (const overlap of [0, 0.01, 0.05]) {
        const { threshold, logRun, logPair } = chooseRule(pairs, 0.01, overlap);
        expect(logRun).toBeLessThanOrEqual(Math.log(0.01));
        expect(boundPair(threshold - 1, overlap) + Math.log(pairs)).toBeGreaterThan(Math.log(0.01));
        expect(logPair).toBe(boundPair(threshold, overlap));
      }
  });

  it('asks for 14 of 32 lanes at a million rows against a hundred million responses', () => {
    expect(chooseRule(4e14, 0.01, 0.01).threshold).toBe(14);
    expect(chooseRule(4e14, 0.01, 0).threshold).toBe(11);
  });

  it('says so when no threshold is enough', () => {
    const { threshold, logRun } = chooseRule(1e60, 1e-12, 0.2);
    expect(threshold).toBe(32);
    expect(logRun).toBeGreaterThan(Math.log(1e-12));
  });

  it('refuses what is no chance', () => {
    for (const [alpha, overlap] of [
      [0, 0],
      [1, 0],
      [0.01, -0.1],
      [0.01, 0.3],
      [Number.NaN, 0],
    ] as const)
      expect(() => chooseRule(1, alpha, overlap)).toThrow(
        expect.objectContaining({ code: 'ATTRIBUTION_OPTIONS' }),
      );
  });

  it('bounds how often lanes of unrelated texts agree, whatever the key', () => {
    // Prose with standing phrases: what little it shares is below one triple in a hundred.
    const texts = Array.from({ length: 240 }, (_, i) => makeProse(`null ${i}`, 60 + (i % 80)));
    const counts = new Float64Array(33);
    let pairs = 0;
    for (let key = 1; key <= 12; key++) {
      const sketcher = createSketcher(new Uint8Array(32).fill(key));
      const sketches = texts.map((text) => sketcher.sketchResponse(text).minhash);
      for (const [i, a] of sketches.entries())
        for (const b of sketches.slice(0, i)) {
          counts[countEqualLanes(a, b)]!++;
          pairs++;
        }
    }
    let above = pairs;
    for (let lanes = 0; lanes <= 32; lanes++) {
      const bound = pairs * Math.exp(boundPair(lanes, 0.01));
      expect(above, `${lanes} lanes`).toBeLessThanOrEqual(bound + 5 * Math.sqrt(bound) + 1);
      above -= counts[lanes]!;
    }
    // And the bound at no overlap is not far off: lanes do agree once in 256.
    const one = pairs - counts[0]!;
    expect(one).toBeGreaterThan(0.95 * pairs * Math.exp(boundPair(1, 0)));
  });
});
