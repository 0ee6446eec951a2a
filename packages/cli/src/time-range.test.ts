import { DAY_MS } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { parseTimeRange } from './time-range.js';

describe('FROM..TO', () => {
  it('takes days, the last one whole, and instants', () => {
    const fromMs = Date.UTC(2026, 1, 1);
    expect(parseTimeRange('2026-02-01..2026-02-01')).toEqual({ fromMs, toMs: fromMs + DAY_MS });
    expect(parseTimeRange('2026-02-01..2026-02-01T06:00Z')).toEqual({ fromMs, toMs: fromMs + DAY_MS / 4 });
  });

  it.each([
    '2026-02-01',
    '2026-02-30..2026-03-01',
    '2026-02-02..2026-02-01',
    '..2026-02-01',
    'a..b',
    '2026-02-01..2026-02-02..2026-02-03',
    '2026-02-01T06:00..2026-02-02',
  ])('refuses %s', (text) => {
    expect(() => parseTimeRange(text)).toThrow(text);
  });
});
