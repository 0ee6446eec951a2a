import { boundProportionBelow, Random } from '@phalanx/stats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawMarkedValues, drawNullValues, PIVOTS } from './null-values.test.support.js';
import { findStretches, labelTokens, scanEvidence } from './scan.js';
import { findSpans } from './spans.js';

const all = (length: number) => Uint32Array.from({ length }, (_, i) => i);

describe('stretches', () => {
  it('are what the definition says, by brute force', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 }), fc.integer({ min: 0, max: 40 }), (seed, length) => {
        const random = new Random(seed);
        const scores = Array.from({ length }, () => random.normal());
        const expected = divide(scores, 0);
        const found = findStretches(Float64Array.from(scores));
        expect(found.map(({ start, end }) => [start, end])).toEqual(
          expected.map(({ start, end }) => [start, end]),
        );
        for (const [i, { score }] of found.entries()) expect(score).toBeCloseTo(expected[i]!.score, 9);
      }),
      { numRuns: 500 },
    );
  });

  it('take linear time on the longest climbs and falls', () => {
    const logs = Float64Array.from({ length: 1_000_000 }, (_, i) => (i % 2 === 0 ? 1 : -1 - i * 1e-9));
    expect(findStretches(logs).length).toBe(500_000);
  });
});

/** Ruzzo and Tompa's definition: the best stretch, then the same on either side. */
function divide(scores: readonly number[], at: number): { start: number; end: number; score: number }[] {
  let best = { start: 0, end: 0, score: 0 };
  for (let start = 0; start < scores.length; start++) {
    let score = 0;
    for (let end = start + 1; end <= scores.length; end++) {
      score += scores[end - 1]!;
      if (score > best.score) best = { start, end, score };
    }
  }
  if (best.score === 0) return [];
  return [
    ...divide(scores.slice(0, best.start), at),
    { start: at + best.start, end: at + best.end, score: best.score },
    ...divide(scores.slice(best.end), at + best.end),
  ];
}

describe('the scan', () => {
  it('has a likelihood ratio whose mean over all sequences is 1, and labels that agree with enumeration', () => {
    // A bit with ratios 1.6 and 0.4, each one half: summed over all 2^10 sequences.
    let mean = 0;
    for (let bits = 0; bits < 1024; bits++) {
      const ratios = Float64Array.from({ length: 10 }, (_, i) => ((bits >> i) & 1 ? 1.6 : 0.4));
      mean += Math.exp(scanEvidence(ratios).logRatio) / 1024;
    }
    expect(mean).toBeCloseTo(1, 12);
    const ratios = Float64Array.of(3, 0.2, 5, 1, 7, 0.1);
    const [enter, leave] = [1 / 2000, 1 / 100];
    const weights = new Float64Array(6);
    let total = 0;
    for (let path = 0; path < 64; path++) {
      let weight = path & 1 ? enter / (enter + leave) : leave / (enter + leave);
      for (let t = 0; t < 6; t++) {
        const [now, next] = [(path >> t) & 1, (path >> (t + 1)) & 1];
        if (now) weight *= ratios[t]!;
        if (t < 5) weight *= now ? (next ? 1 - leave : leave) : next ? enter : 1 - enter;
      }
      total += weight;
      for (let t = 0; t < 6; t++) if ((path >> t) & 1) weights[t]! += weight;
    }
    expect(Math.exp(scanEvidence(ratios).logRatio)).toBeCloseTo(total, 12);
    labelTokens(ratios).forEach((p, t) => {
      expect(p).toBeCloseTo(weights[t]! / total, 12);
    });
  });
});

describe('marked spans', () => {
  it('are not reported in unmarked documents oftener than allowed, for every pivot', () => {
    const random = new Random(21);
    for (const pivot of PIVOTS) {
      const documents = 200;
      let [wrong, low] = [0, 0];
      for (let i = 0; i < documents; i++) {
        const found = findSpans(pivot, drawNullValues(pivot, 150, random), all(150), 150, {
          alpha: 0.05,
          draws: 99,
          seed: i,
        });
        if (found.spans.length > 0) wrong++;
        if (found.logP <= Math.log(0.05)) low++;
      }
      expect(boundProportionBelow(wrong, documents, 1e-6)).toBeLessThan(0.05);
      expect(boundProportionBelow(low, documents, 1e-6)).toBeLessThan(0.05);
    }
  });

  it('are found where they are, in each pivot, with tokens between that are not scored', () => {
    const random = new Random(22);
    for (const pivot of PIVOTS) {
      const row = pivot.kind === 'uniform' ? pivot.streams : 1;
      const scored = 900;
      const values = drawNullValues(pivot, scored, random);
      values.set(drawMarkedValues(pivot, 200, random), 300 * row);
      const positions = all(scored).map((i) => i + Math.floor(i / 9));
      const found = findSpans(pivot, values, positions, 1000, { draws: 999 });
      expect(found.logP).toBeLessThan(Math.log(1e-6));
      expect(found.spans.length).toBeGreaterThan(0);
      let inside = 0;
      for (const { start, end, logP, confidence } of found.spans) {
        expect(logP).toBeLessThanOrEqual(Math.log(1e-3));
        expect(confidence).toBeGreaterThan(0.5);
        for (let t = start; t < end; t++) if (t >= positions[300]! && t < positions[500]!) inside++;
        expect(start).toBeGreaterThan(250);
        expect(end).toBeLessThan(650);
      }
      expect(inside).toBeGreaterThan(120);
      expect(found.posterior[positions[400]!]).toBeGreaterThan(0.9);
      expect(found.posterior[20]).toBeLessThan(0.2);
    }
  });

  it('hold to family-wise error beside a real span', () => {
    const random = new Random(23);
    const pivot = PIVOTS[0]!;
    let wrong = 0;
    for (let i = 0; i < 200; i++) {
      const values = drawNullValues(pivot, 400, random);
      values.set(drawMarkedValues(pivot, 150, random), 0);
      const { spans } = findSpans(pivot, values, all(400), 400, { alpha: 0.05, draws: 99, seed: i });
      if (spans.some(({ start }) => start >= 150)) wrong++;
    }
    expect(boundProportionBelow(wrong, 200, 1e-6)).toBeLessThan(0.05);
  });

  it('say nothing about nothing, and refuse positions that do not ascend', () => {
    const pivot = PIVOTS[0]!;
    expect(findSpans(pivot, new Float64Array(0), new Uint32Array(0), 0)).toMatchObject({
      logP: 0,
      spans: [],
    });
    expect(findSpans(pivot, new Float64Array(0), new Uint32Array(0), 50).posterior.length).toBe(50);
    const values = new Float64Array(2);
    const argument = expect.objectContaining({ code: 'MARK_ARGUMENT' });
    expect(() => findSpans(pivot, values, Uint32Array.of(1, 1), 5)).toThrowError(argument);
    expect(() => findSpans(pivot, values, Uint32Array.of(1, 5), 5)).toThrowError(argument);
    expect(() => findSpans(pivot, values, all(2), 4_000_000, { draws: 10_000 })).toThrowError(
      expect.objectContaining({ code: 'MARK_LIMIT' }),
    );
  });

  it('stay finite however strong the mark', () => {
    const pivot = PIVOTS[0]!;
    const found = findSpans(pivot, new Float64Array(3000).fill(1 - 2 ** -24), all(3000), 3000, { draws: 99 });
    expect(Number.isFinite(found.logP)).toBe(true);
    expect(found.logP).toBeLessThan(-1000);
    expect(found.spans).toHaveLength(1);
    expect(found.posterior.every((p) => p >= 0 && p <= 1)).toBe(true);
  });
});
