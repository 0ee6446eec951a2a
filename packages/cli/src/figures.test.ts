import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatDay,
  formatDuration,
  formatEffect,
  formatInstant,
  formatLog10,
  formatOdds,
  formatPlural,
  formatShare,
} from './figures.js';

describe('figures', () => {
  it('formats counts and shares', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567');
    expect(formatCount(Number.NaN)).toBe('–');
    expect([0, 0.00421, 0.05, 0.052, 0.0999, 0.62, 1].map(formatShare)).toEqual(
      ['0', '0.42', '5', '5.2', '10', '62', '100'].map((figure) => `${figure}\u202F%`),
    );
    expect(formatPlural(1, 'account')).toBe('1 account');
    expect(formatPlural(2, 'account')).toBe('2 accounts');
  });

  it('formats evidence', () => {
    expect([7.24, -0.31, -0.01].map(formatLog10)).toEqual(['7.2', '−0.3', '0.0']);
    expect(formatOdds(0.5)).toBe('less than 10');
    expect(formatOdds(3)).toBe('1,000');
    expect(formatOdds(7.2)).toBe('16 million');
    expect(formatOdds(9.5)).toBe('3.2 billion');
    expect(formatOdds(44.9)).toBe('10^44');
    expect(formatEffect(0.00001234)).toBe('1.2e−5');
    expect(formatEffect(1234.567)).toBe('1,235');
    expect(formatEffect(-0.5)).toBe('−0.5');
  });

  it('formats times', () => {
    const at = Date.UTC(2026, 1, 3, 14, 0);
    expect(formatInstant(at)).toBe('2026-02-03 14:00 UTC');
    expect(formatDay(at)).toBe('3 Feb 2026');
    expect(formatInstant(9e15)).toBe('unknown');
    expect(formatDuration(52 * 3_600_000)).toBe('2 d 4 h');
    expect(formatDuration(35 * 60_000)).toBe('35 min');
    expect(formatDuration(12_000)).toBe('12 s');
  });
});
