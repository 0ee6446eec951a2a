import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectNgrams, NgramCollector } from './ngrams.js';

const texts = fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }), { maxLength: 5 });

describe('n-grams', () => {
  it('are the distinct ones, each at its first place', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 3 }), fc.boolean(), (lists, contextWidth, byContext) => {
        const unit = byContext ? 'context' : 'ngram';
        const seen = new Set<string>();
        const rows: number[][] = [];
        lists.forEach((list, text) => {
          list.forEach((_, at) => {
            const row = Array.from({ length: contextWidth + 1 }, (_, i) => list[at - contextWidth + i] ?? -1);
            const key = (byContext && contextWidth > 0 ? row.slice(0, -1) : row).join();
            if (!seen.has(key)) rows.push([text, at, ...row]);
            seen.add(key);
          });
        });
        const found = collectNgrams(
          lists.map((list) => Int32Array.from(list)),
          { contextWidth, unit, padding: -1 },
        );
        expect(found.count).toBe(rows.length);
        expect([...found.tokens]).toEqual(rows.flatMap((row) => row.slice(2)));
        expect([...found.text]).toEqual(rows.map((row) => row[0]));
        expect([...found.position]).toEqual(rows.map((row) => row[1]));
        expect(found.count + found.repeated).toBe(lists.flat().length);
      }),
    );
  });

  it('leave out what a mask or a prompt names, which still is context', () => {
    const collector = new NgramCollector({ contextWidth: 1, unit: 'ngram', padding: null });
    collector.exclude(Int32Array.of(1, 2));
    collector.add(Int32Array.of(1, 2, 3, 4), Uint8Array.of(1, 1, 1, 0));
    expect(collector.collect()).toMatchObject({ count: 1, repeated: 1, unscored: 2 });
    expect([...collector.collect().tokens]).toEqual([2, 3]);
  });

  it('are the distinct ones of many tokens in many texts too, wherever it is asked in between', () => {
    for (const ask of [false, true]) {
      const collector = new NgramCollector({ contextWidth: 2, unit: 'ngram', padding: null });
      const seen = new Set<string>();
      const rows: string[] = [];
      let unscored = 0;
      for (let text = 0; text < 30; text++) {
        const tokens = Int32Array.from(
          { length: 2000 },
          (_, i) => Math.imul(i * 31 + text, 2654435761) >>> 26,
        );
        const mask = Uint8Array.from(tokens, (_, i) => (i % 7 === text % 7 ? 0 : 1));
        const excluded = text % 5 === 4;
        tokens.forEach((_, at) => {
          if (at < 2 || (!excluded && mask[at] === 0)) {
            if (!excluded) unscored++;
            return;
          }
          const row = tokens.subarray(at - 2, at + 1).join();
          if (!seen.has(row) && !excluded) rows.push(row);
          seen.add(row);
        });
        if (excluded) collector.exclude(tokens);
        else collector.add(tokens, mask);
        if (ask) expect(collector.size).toBe(rows.length);
      }
      const found = collector.collect();
      expect(found.unscored).toBe(unscored);
      expect(
        Array.from({ length: found.count }, (_, row) => found.tokens.subarray(3 * row, 3 * row + 3).join()),
      ).toEqual(rows);
      expect(collector.size).toBe(rows.length);
    }
  });

  it('hold a million tokens', () => {
    const text = Int32Array.from({ length: 1_000_000 }, (_, i) => Math.imul(i, 2654435761) >>> 16);
    const found = collectNgrams([text], { contextWidth: 4, unit: 'context', padding: -1 });
    expect(found.count + found.repeated).toBe(1_000_000);
  });
});
