import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adjustByHolm } from './holm.js';

describe('Holm', () => {
  it('multiplies the least p-value by all, the next by one less, and never lets one fall', () => {
    // p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") of R: 0.03 0.06 0.06 0.02
    const adjusted = adjustByHolm([0.01, 0.04, 0.03, 0.005].map(Math.log));
    [0.03, 0.06, 0.06, 0.02].forEach((p, i) => {
      expect(Math.exp(adjusted[i]!)).toBeCloseTo(p, 12);
    });
    expect(adjustByHolm([])).toHaveLength(0);
    expect(() => adjustByHolm([0.1])).toThrow();
  });

  it('lies between the p-value and its Bonferroni bound, in the same order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 0, noNaN: true }), { minLength: 1, maxLength: 30 }),
        (logPs) => {
          const adjusted = adjustByHolm(logPs);
          logPs.forEach((logP, i) => {
            expect(adjusted[i]).toBeGreaterThanOrEqual(logP);
            expect(adjusted[i]).toBeLessThanOrEqual(Math.min(0, logP + Math.log(logPs.length)) + 1e-12);
            logPs.forEach((other, j) => {
              if (logP < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j]!);
            });
          });
        },
      ),
    );
  });
});
