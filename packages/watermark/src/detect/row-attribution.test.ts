import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { openVllmGumbel } from '../dialects/vllm-gumbel.js';
import { collectNgrams } from '../ngrams.js';
import { attributeRows } from './row-attribution.js';

const WIDTH = { contextWidth: 2 };
const ring = Array.from({ length: 40 }, (_, i) => ({
  id: `key-${i}`,
  open: () => openVllmGumbel(WIDTH, BigInt(1000 + i)),
}));
const tokens = Int32Array.from({ length: 32 }, (_, i) => i);

/** `size` tokens that key `key` chose among 32 equally likely ones; null: drawn. */
function writeRow(random: Random, size: number, key: number | null): Int32Array {
  const mark = key === null ? null : ring[key]!.open();
  const text = [0, 0];
  while (text.length < size) {
    const candidates = { tokens, logProbabilities: new Float64Array(32) };
    mark?.reshape(Int32Array.from(text.slice(-2)), candidates, Math.random);
    text.push(mark === null ? random.integer(32) : candidates.logProbabilities.indexOf(0));
  }
  return Int32Array.from(text);
}

describe('attribution of rows', () => {
  it('finds one marked row in fifty, where all together say nothing', () => {
    const random = new Random(5);
    const rows = Array.from({ length: 50 }, (_, i) => writeRow(random, 120, i === 17 ? 3 : null));
    const found = attributeRows(
      rows.map((row) => collectNgrams([row], { ...WIDTH, unit: 'context', padding: -1 })),
      ring,
    );
    expect(found).toMatchObject({ tried: 2000, keys: [{ id: 'key-3', rows: 1 }] });
    expect(found.named).toEqual([expect.objectContaining({ row: 17, id: 'key-3' })]);
    expect(found.named[0]!.logAdjustedP).toBeCloseTo(found.named[0]!.logP + Math.log(2000), 9);
  });

  it('names a row of null texts in at most a share alpha of runs', () => {
    const random = new Random(6);
    let wrong = 0;
    // Every row stands twice: dependence that Holm must bear.
    for (let run = 0; run < 60; run++) {
      const rows = Array.from({ length: 10 }, () => writeRow(random, 40, null)).flatMap((row) => [row, row]);
      const { named } = attributeRows(
        rows.map((row) => collectNgrams([row], { ...WIDTH, unit: 'context', padding: -1 })),
        ring,
        { alpha: 0.1 },
      );
      if (named.length > 0) wrong++;
    }
    // Binomial(60, 0.1) exceeds 17 with probability below 1e-4.
    expect(wrong).toBeLessThanOrEqual(17);
  });
});
