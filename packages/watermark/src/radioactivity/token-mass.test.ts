import type { AnswerStep } from '@phalanx/suspect';
import { describe, expect, it } from 'vitest';
import { alignSteps, toTokenMass } from './token-mass.js';

/** Pairs of letters are one token, from the start of the text; a last letter alone is one too. */
const pairs = {
  encode: (text: string) =>
    Int32Array.from(
      text.match(/.{1,2}/gs) ?? [],
      (pair) => 256 * pair.charCodeAt(0) + (pair.charCodeAt(1) || 0),
    ),
  decode: () => '',
  locate: (text: string, tokens: Int32Array) =>
    Uint32Array.from({ length: tokens.length + 1 }, (_, i) => Math.min(2 * i, text.length)),
};

function step(text: string, told: Record<string, number> = {}): AnswerStep {
  const logProbabilities = Float64Array.from(Object.values(told), Math.log);
  return { text, prediction: { candidates: Object.keys(told), logProbabilities } };
}

describe('probabilities of another vocabulary', () => {
  it('count where both vocabularies have a boundary', () => {
    // abc|d|ef: ours begin at 0, 2, 4, the suspect's at 0, 3, 4.
    const aligned = alignSteps([step('abc'), step('d'), step('ef')], pairs);
    expect(aligned.map(({ before }) => before.length)).toEqual([0, 2]);
    expect([...aligned[1]!.before]).toEqual([...pairs.encode('abcd')]);
  });

  it('go to the first of our tokens that spells the piece', () => {
    const mass = toTokenMass(
      step('x', { ab: 0.25, abcd: 0.25, cd: 0.125, '\uFFFD': 0.25, '': 0.125 }).prediction,
      pairs,
    );
    const [ab, cd] = pairs.encode('abcd');
    expect([...mass.keys()]).toEqual([ab, cd]);
    expect(mass.get(ab!)).toBeCloseTo(0.5, 12);
    expect(mass.get(cd!)).toBeCloseTo(0.125, 12);
  });

  it('are scaled to sum to 1 at most', () => {
    const mass = toTokenMass(
      {
        candidates: Int32Array.of(1, 2, 3),
        logProbabilities: Float64Array.of(0, 5, Number.NEGATIVE_INFINITY),
      },
      null,
    );
    expect([...mass]).toEqual([
      [1, 0.5],
      [2, 0.5],
    ]);
    const broken = toTokenMass(
      { candidates: Int32Array.of(1), logProbabilities: Float64Array.of(Number.NaN) },
      null,
    );
    expect(broken.size).toBe(0);
  });

  it('are none when tokens do not spell the text', () => {
    expect(alignSteps([step('ab')], { ...pairs, locate: () => null })).toEqual([]);
  });
});
