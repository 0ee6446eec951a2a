import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { testMark } from '../detect/log-p.js';
import { collectNgrams } from '../ngrams.js';
import { SbwDraw } from '../prf/sbw-draw.js';
import { countCellsBelow, toVllmUniform } from '../prf/vllm-uniform.js';
import { openVllmRedGreen } from './vllm-red-green.js';
import { openVllmSbw } from './vllm-sbw.js';
import { writeText } from './write-text.test.support.js';

describe('vLLM SBW', () => {
  // Computed under torch 2.15 by the functions of sbw.py at d6d2f2c.
  it.each([
    ['selfhash', [-1, -1, -1, -1], 77303, 1712757546],
    ['selfhash', [35723, 103676, 93674, 42652], 115166, 1940339561],
    ['selfhash', [-1], 19020, 631460326],
    ['selfhash', [45848], 86042, 1099813595],
    ['lefthash', [-1], 17687, 413717564],
    ['lefthash', [707], 55677, 177336313],
    ['lefthash', [-1, -1, -1], 43596, 719580011],
    ['lefthash', [69504, 20472, 53501], 123867, 793559226],
  ] as const)('%s of %j and %i', (scheme, context, token, value) => {
    const draw = new SbwDraw(15485863n, scheme);
    expect(draw.readTokens(Int32Array.from(context), Int32Array.of(token))[0]).toBe(value);
  });

  it.each(['selfhash', 'lefthash'] as const)(
    '%s: finds its own text and not that of another key',
    (scheme) => {
      const parameters = { scheme, contextWidth: 3, gamma: 0.25, delta: 4 };
      const mark = openVllmSbw(parameters, 15485863n);
      const ngrams = collectNgrams([writeText(mark, 400, 300, new Random(4))], mark);
      expect(testMark(mark.pivot, mark.read(mark.distinct!(ngrams))).logP).toBeLessThan(-60);
      expect(testMark(mark.pivot, mark.read(ngrams)).logP).toBeLessThan(-60);
      const other = openVllmSbw(parameters, 99n);
      expect(testMark(other.pivot, other.read(other.distinct!(ngrams))).logP).toBeGreaterThan(-10);
    },
  );

  it('counts a draw once: one token after many contexts has few draws under selfhash', () => {
    const text = Int32Array.from({ length: 2000 }, (_, i) => (i % 2 ? 5 : (i * 7919) % 1009));
    const greens = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
    const shares = Array.from({ length: 20 }, (_, i) => {
      const key = BigInt.asUintN(64, BigInt(i + 1) * 0x9e3779b97f4a7c15n);
      const parameters = { scheme: 'selfhash', contextWidth: 2, gamma: 0.5, delta: 2 } as const;
      const mark = openVllmSbw(parameters, key);
      const ngrams = collectNgrams([text], mark);
      const distinct = mark.distinct!(ngrams);
      expect(greens(mark.read(distinct))).toBe(greens(mark.read(ngrams)));
      return distinct.count / ngrams.count;
    });
    // Half of the n-grams end in token 5; which share of these draws alike depends on the key.
    expect(Math.min(...shares)).toBeLessThan(0.6);
    expect(Math.max(...shares)).toBeGreaterThan(0.9);
  });
});

describe('vLLM red and green', () => {
  it('cuts where single-precision comparison cuts', () => {
    for (const gamma of [0.01, 0.1, 0.25, 1 / 3, 0.5, 0.99]) {
      const cells = countCellsBelow(gamma);
      expect(toVllmUniform((cells - 1) * 256)).toBeLessThan(Math.fround(gamma));
      expect(toVllmUniform(cells * 256)).toBeGreaterThanOrEqual(Math.fround(gamma));
    }
  });

  it('finds its own text and not that of another key', () => {
    const parameters = { contextWidth: 4, gamma: 0.25, delta: 4 };
    const mark = openVllmRedGreen(parameters, 42n);
    const ngrams = collectNgrams([writeText(mark, 300, 300, new Random(5))], mark);
    expect(testMark(mark.pivot, mark.read(ngrams)).logP).toBeLessThan(-60);
    const other = openVllmRedGreen(parameters, 43n);
    expect(testMark(other.pivot, other.read(ngrams)).logP).toBeGreaterThan(-10);
  });
});
