import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { designBands, LANES } from './band-design.js';

describe('designBands', () => {
  it('has the bands that it says', () => {
    expect([5, 6, 7, 8, 9, 10].map((groups) => designBands(groups).bands.length)).toEqual([
      130, 80, 52, 32, 24, 16,
    ]);
  });

  it('compares every pair with more than two equal lanes a group', () => {
    for (const groups of [5, 6, 8, 10]) {
      const { recall } = designBands(groups);
      expect(recall).toHaveLength(LANES + 1);
      expect(recall[2 * groups]).toBeLessThan(1);
      for (let equal = 2 * groups + 1; equal <= LANES; equal++) expect(recall[equal]).toBe(1);
      for (let equal = 0; equal < 3; equal++) expect(recall[equal]).toBeCloseTo(0, 12);
    }
  });

  it('says how many pairs with fewer are compared', () => {
    const { bands, recall } = designBands(8);
    const random = new Random(1);
    for (const equal of [9, 11, 14]) {
      let compared = 0;
      for (let draw = 0; draw < 4000; draw++) {
        const places = new Set<number>();
        while (places.size < equal) places.add(random.integer(LANES));
        if (bands.some((band) => band.every((lane) => places.has(lane)))) compared++;
      }
      // Five standard deviations.
      const sd = Math.sqrt((recall[equal]! * (1 - recall[equal]!)) / 4000);
      expect(Math.abs(compared / 4000 - recall[equal]!)).toBeLessThan(5 * sd);
    }
  });
});
