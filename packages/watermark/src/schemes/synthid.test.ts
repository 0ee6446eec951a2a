import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidates } from '../mark.js';
import { runTournament } from './synthid.js';

const weights = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 4 });

function candidatesOf(p: readonly number[]): Candidates {
  return {
    tokens: Int32Array.from(p.keys()),
    logProbabilities: Float64Array.from(p, (value) => Math.log(value)),
  };
}

/** The winner's distribution of a layer, by every draw of its leaves: of the ones, or else of all, any is as good. */
function playLayer(p: Float64Array, bits: readonly number[], leaves: number): Float64Array {
  const out = new Float64Array(p.length);
  const total = p.length ** leaves;
  for (let draw = 0; draw < total; draw++) {
    const drawn = Array.from({ length: leaves }, (_, i) => Math.floor(draw / p.length ** i) % p.length);
    const chance = drawn.reduce((product, i) => product * p[i]!, 1);
    const ones = drawn.filter((i) => bits[i] === 1);
    const winners = ones.length > 0 ? ones : drawn;
    for (const winner of winners) out[winner]! += chance / winners.length;
  }
  return out;
}

describe('a tournament', () => {
  it('has the winner that playing it out has, with two leaves and with more', () => {
    fc.assert(
      fc.property(
        weights,
        fc.integer({ min: 2, max: 4 }),
        fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 4 }),
        (raw, leaves, layers) => {
          const total = raw.reduce((a, b) => a + b, 0);
          let expected: Float64Array = Float64Array.from(raw, (value) => value / total);
          for (const bits of layers)
            expected = playLayer(
              expected,
              raw.map((_, i) => (bits >>> i) & 1),
              leaves,
            );
          const candidates = candidatesOf(raw);
          const words = Uint32Array.from(raw, (_, i) =>
            layers.reduce((word, bits, l) => word | (((bits >>> i) & 1) << l), 0),
          );
          runTournament(candidates, words, layers.length, leaves);
          candidates.logProbabilities.forEach((value, i) => {
            expect(Math.exp(value)).toBeCloseTo(expected[i]!, 12);
          });
        },
      ),
    );
  });

  it('with two leaves keeps the distribution on average over fair bits', () => {
    const p = [0.5, 0.3, 0.15, 0.05];
    const mean = new Float64Array(4);
    for (let bits = 0; bits < 256; bits++) {
      const candidates = candidatesOf(p);
      runTournament(
        candidates,
        Uint32Array.from(p, (_, i) => (bits >>> (2 * i)) & 3),
        2,
        2,
      );
      candidates.logProbabilities.forEach((value, i) => {
        mean[i]! += Math.exp(value) / 256;
      });
    }
    mean.forEach((value, i) => {
      expect(value).toBeCloseTo(p[i]!, 12);
    });
  });

  it('leaves what cannot come where it is, over 64 layers too', () => {
    const candidates: Candidates = {
      tokens: Int32Array.of(1, 2, 3),
      logProbabilities: Float64Array.of(-900, Number.NEGATIVE_INFINITY, -901),
    };
    runTournament(candidates, Uint32Array.of(1, 0x80000000, 0xffffffff, 0xffffffff, 0, 1), 64, 2);
    const [a, b, c] = candidates.logProbabilities;
    expect(b).toBe(Number.NEGATIVE_INFINITY);
    expect(Math.exp(a!) + Math.exp(c!)).toBeCloseTo(1, 12);
    const three = {
      tokens: Int32Array.of(1, 2),
      logProbabilities: Float64Array.of(0, Number.NEGATIVE_INFINITY),
    };
    runTournament(three, Uint32Array.of(0, 1), 1, 3);
    expect([...three.logProbabilities]).toEqual([0, Number.NEGATIVE_INFINITY]);
    const none = { tokens: Int32Array.of(1), logProbabilities: Float64Array.of(Number.NEGATIVE_INFINITY) };
    runTournament(none, Uint32Array.of(1), 1, 2);
    expect(none.logProbabilities[0]).toBe(Number.NEGATIVE_INFINITY);
  });
});
