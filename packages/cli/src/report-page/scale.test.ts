import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitScale, niceStep } from './scale.js';

describe('scale', () => {
  it('is linear near the reference and square-root far above it', () => {
    const near = fitScale([0, 10], 5, 0, 100);
    expect([near.kind, near(5), near.ticks]).toEqual(['linear', 50, [0, 5, 10]]);
    const far = fitScale([0, 400], 4, 0, 100);
    expect([far.kind, far(100)]).toEqual(['square-root', 50]);
  });

  it('rounds steps up to 1, 2 or 5', () => {
    expect([0.13, 1, 1.2, 3, 6, 4000].map(niceStep)).toEqual([0.2, 1, 2, 5, 10, 5000]);
  });

  it('is monotone, stays inside and marks only values inside', () => {
    const values = fc.array(fc.double({ min: -300, max: 1e5, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.5, max: 9, noNaN: true }), (data, reference) => {
        const scale = fitScale(data, reference, 0, 100);
        const sorted = [...data].sort((a, b) => a - b).map(scale);
        for (const [i, y] of sorted.entries()) {
          expect(y).toBeGreaterThanOrEqual(-1e-6);
          expect(y).toBeLessThanOrEqual(100 + 1e-6);
          if (i > 0) expect(y).toBeGreaterThanOrEqual(sorted[i - 1]! - 1e-9);
        }
        for (const tick of scale.ticks) {
          expect(scale(tick)).toBeGreaterThanOrEqual(-1e-6);
          expect(scale(tick)).toBeLessThanOrEqual(100 + 1e-6);
        }
        expect(scale.ticks).toContain(0);
        expect(scale.ticks.length).toBeLessThan(14);
      }),
    );
  });
});
