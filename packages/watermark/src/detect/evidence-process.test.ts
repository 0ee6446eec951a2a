import { boundProportionBelow, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { openBets } from './bets.js';
import { EvidenceProcess } from './evidence-process.js';
import { testMark } from './log-p.js';
import { drawMarkedValues, drawNullValues, PIVOTS } from './null-values.test.support.js';

describe('bets', () => {
  it('have a mean of at most 1 under the null, those on uniform values at lower edges too', () => {
    for (const cells of [2, 3, 256, 2 ** 16]) {
      const bets = openBets({ kind: 'uniform', streams: 1 });
      const [mean, out] = [new Float64Array(bets.size), new Float64Array(bets.size)];
      for (let i = 0; i < cells; i++) {
        bets.evaluate(Float64Array.of(i / cells), 0, out);
        for (let j = 0; j < out.length; j++) mean[j]! += out[j]! / cells;
      }
      for (const m of mean) expect(m).toBeLessThanOrEqual(1 + 1e-12);
    }
    for (const gamma of [0.1, 0.25, 0.5, 0.9]) {
      const bets = openBets({ kind: 'green', gamma });
      const [red, green] = [new Float64Array(bets.size), new Float64Array(bets.size)];
      bets.evaluate(Float64Array.of(0), 0, red);
      bets.evaluate(Float64Array.of(1), 0, green);
      for (let j = 0; j < red.length; j++) {
        expect((1 - gamma) * red[j]! + gamma * green[j]!).toBeCloseTo(1, 12);
        expect(green[j]!).toBeGreaterThanOrEqual(red[j]!);
      }
    }
    const bets = openBets({ kind: 'layers', layers: 12 });
    const [mean, out] = [new Float64Array(bets.size), new Float64Array(bets.size)];
    for (let word = 0; word < 4096; word++) {
      bets.evaluate(Float64Array.of(word), 0, out);
      for (let j = 0; j < out.length; j++) mean[j]! += out[j]! / 4096;
    }
    for (const m of mean) expect(m).toBeCloseTo(1, 9);
  });

  it('have priors that sum to 1, for any number of layers or share of the second stream', () => {
    for (const pivot of [...PIVOTS, { kind: 'layers', layers: 100 } as const])
      expect(openBets(pivot).priors.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    for (const share of [0, 0.3, 1])
      expect(openBets(PIVOTS[1]!, share).priors.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });
});

describe('the evidence process', () => {
  it('reaches 20 and 100 on null streams no oftener than once in 20 and 100', () => {
    const random = new Random(41);
    for (const pivot of PIVOTS) {
      const streams = 1000;
      let [past20, past100] = [0, 0];
      for (let i = 0; i < streams; i++) {
        const process = new EvidenceProcess(pivot);
        process.push(drawNullValues(pivot, 200, random));
        if (process.logRunningMaximumNotForEbh >= Math.log(20)) past20++;
        if (process.logRunningMaximumNotForEbh >= Math.log(100)) past100++;
      }
      expect(boundProportionBelow(past20, streams, 1e-6)).toBeLessThan(1 / 20);
      expect(boundProportionBelow(past100, streams, 1e-6)).toBeLessThan(1 / 100);
    }
  });

  it('finds marks nearly as the fixed-sample test does, which may look once only', () => {
    const random = new Random(5);
    for (const pivot of PIVOTS) {
      const values = drawMarkedValues(pivot, 400, random);
      const logE = new EvidenceProcess(pivot).push(values);
      expect(logE).toBeGreaterThan(0.7 * -testMark(pivot, values).logP - Math.log(100));
      expect(logE).toBeGreaterThan(Math.log(1e4));
    }
  });

  it('does not depend on how a stream is cut, and survives the least values', () => {
    const random = new Random(6);
    for (const pivot of PIVOTS) {
      const values = drawMarkedValues(pivot, 50, random);
      const [whole, parts] = [new EvidenceProcess(pivot), new EvidenceProcess(pivot)];
      whole.push(values);
      const row = values.length / 50;
      for (let i = 0; i < 50; i += 5) parts.push(values.subarray(i * row, (i + 5) * row));
      expect(parts.logE).toBe(whole.logE);
      expect(parts.scored).toBe(50);
      const low = new EvidenceProcess(pivot).push(new Float64Array(row * 300));
      expect(Number.isFinite(low)).toBe(true);
      expect(low).toBeLessThan(0);
    }
    expect(() => new EvidenceProcess(PIVOTS[0]!).push(Float64Array.of(1))).toThrowError(
      expect.objectContaining({ code: 'MARK_ARGUMENT' }),
    );
  });
});
