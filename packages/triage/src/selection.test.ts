import { logConformalP, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import type { TriageResult } from './score.js';
import { selectByBh } from './selection.js';

const ranked = (logP: number) => ({ outcome: 'ranked', known: false, logP }) as TriageResult;
const abstained = (reason: string) => ({ outcome: 'abstained', known: false, reason }) as TriageResult;
const short = abstained('too-short');

describe('selectByBh', () => {
  it('selects by the step-up rule and leaves out what abstained', () => {
    const results = [0.04, 0.9, 0.011, 0.02, 0.5].map((p) => ranked(Math.log(p)));
    expect(selectByBh([short, ...results], 0.1)).toEqual({
      selected: [1, 3, 4],
      logThreshold: Math.log(0.04),
      tried: 5,
    });
    expect(selectByBh([short], 0.1)).toEqual({ selected: [], logThreshold: -Infinity, tried: 0 });
    expect(selectByBh([ranked(Math.log(0.5))], 0.1).selected).toEqual([]);
    // Known texts take no part; strange ones count among those tried.
    expect(selectByBh([{ ...ranked(-50), known: true } as TriageResult], 0.1).tried).toBe(0);
    const strange = Array.from({ length: 20 }, () => abstained('unlike-corpus'));
    expect(selectByBh([...results, ...strange], 0.1)).toMatchObject({ selected: [], tried: 25 });
    for (const rate of [0, 1, Number.NaN])
      expect(() => selectByBh(results, rate)).toThrow(expect.objectContaining({ code: 'TRIAGE_OPTIONS' }));
  });

  it('keeps the share of false selections with one calibration set for all', () => {
    const random = new Random(11);
    let share = 0;
    let power = 0;
    const runs = 2000;
    for (let run = 0; run < runs; run++) {
      const calibration = Array.from({ length: 200 }, () => random.normal());
      const results = Array.from({ length: 50 }, (_, i) =>
        ranked(logConformalP(random.normal() + (i < 15 ? 3.5 : 0), calibration)),
      );
      const { selected } = selectByBh(results, 0.1);
      const wrong = selected.filter((i) => i >= 15).length;
      share += selected.length === 0 ? 0 : wrong / selected.length;
      power += (selected.length - wrong) / 15;
    }
    // The share of a run lies in [0, 1]: Hoeffding at 1e-6 allows 0.059 above the rate times the share of nulls.
    expect(share / runs).toBeLessThan(0.07 + Math.sqrt(Math.log(1e6) / (2 * runs)));
    expect(power / runs).toBeGreaterThan(0.8);
  });
});
