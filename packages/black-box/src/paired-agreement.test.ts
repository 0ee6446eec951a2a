import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { expectCalibrated, expectEValues } from './calibration.test.support.js';
import { replayFingerprints } from './fingerprint-replay.js';
import { compareAgreement } from './paired-agreement.js';
import { matchProvenance, readFirstWord } from './provenance-match.js';

describe('agreement beside controls', () => {
  it('is the exact sign test, and as weak as the best control', () => {
    const suspect = { model: 's', agrees: [true, true, true, true, false, true] };
    const far = { model: 'far', agrees: [false, false, false, false, false, true] };
    const near = { model: 'near', agrees: [true, true, false, false, true, true] };
    const { logP, comparisons, rate } = compareAgreement(suspect, [far, near]);
    expect(rate).toBeCloseTo(5 / 6, 12);
    expect(Math.exp(comparisons[0]!.logP)).toBeCloseTo(1 / 16, 12);
    // Three of one, two for the suspect: (C(3,2) + C(3,3)) / 8.
    expect(Math.exp(comparisons[1]!.logP)).toBeCloseTo(1 / 2, 12);
    expect(Math.exp(comparisons[0]!.logHolmP)).toBeCloseTo(1 / 8, 12);
    expect(logP).toBe(comparisons[1]!.logP);
    expect(() => compareAgreement(suspect, [])).toThrow(/control models/);
  });

  it('is calibrated where prompts differ in difficulty and models agree for their own reasons', () => {
    const random = new Random(11);
    const results = Array.from({ length: 1000 }, () => {
      const easy = Array.from({ length: 120 }, () => random.uniform());
      const ours = easy.map(() => `w${random.integer(3)}`);
      const stranger = () => easy.map((p, i) => (random.bernoulli(p) ? ours[i]! : ''));
      return matchProvenance({
        ours,
        suspect: stranger(),
        controls: [{ model: 'c', answers: stranger() }],
      });
    });
    expectCalibrated(
      results.map(({ logP }) => logP),
      0.01,
      0.05,
      0.2,
    );
    expectEValues(results.map(({ logE }) => logE));
  });

  it('finds a descendant among strangers, and not a twin of a control', () => {
    const random = new Random(12);
    const draw = (share: number, ours: readonly string[]) =>
      ours.map((word) => (random.bernoulli(share) ? word : 'other'));
    const ours = Array.from({ length: 400 }, (_, i) => `word${i % 7} and more`);
    const controls = [0.3, 0.4, 0.45].map((share) => ({
      model: `control ${share}`,
      answers: draw(share, ours),
    }));
    const child = matchProvenance({ ours, suspect: draw(0.65, ours), controls });
    expect(child.logP).toBeLessThan(Math.log(1e-3));
    expect(child.effect.value).toBeGreaterThan(0.1);
    expect(matchProvenance({ ours, suspect: draw(0.45, ours), controls }).logP).toBeGreaterThan(
      Math.log(1e-3),
    );
    // Refusals of all are no agreement of anybody in particular; no answer is none at all.
    const refusals = Array(400).fill("I'm sorry.");
    const same = matchProvenance({
      ours: refusals,
      suspect: refusals,
      controls: [{ model: 'c', answers: refusals }],
    });
    expect(same.logP).toBe(0);
    expect(same.cautions[0]).toMatch(/400 of 400 answers with the same word/);
    expect(() => matchProvenance({ ours: [''], suspect: [''], controls: [] })).toThrow(/answered nothing/);
  });

  it('reads first words', () => {
    expect(['  Paris, of course', '', ' \n', 'e\u0301t\u00e9 x', '日本語 です'].map(readFirstWord)).toEqual([
      'Paris,',
      '',
      '',
      'été',
      '日本語',
    ]);
  });

  it('replays fingerprints beside controls', () => {
    const fingerprints = Array.from({ length: 20 }, (_, i) => ({ prompt: `p${i}`, expected: 'Zwölf' }));
    const none = Array(20).fill('no idea');
    const found = replayFingerprints({
      fingerprints,
      suspect: Array.from({ length: 20 }, (_, i) => (i < 14 ? 'It is ZWO\u0308LF.' : '')),
      controls: [{ model: 'c', answers: none }],
    });
    expect(found.logP).toBeCloseTo(14 * Math.log(0.5), 10);
    expect(() =>
      replayFingerprints({ fingerprints: [{ prompt: 'p', expected: ' ' }], suspect: [''], controls: [] }),
    ).toThrow(/expected answer is empty/);
  });
});
