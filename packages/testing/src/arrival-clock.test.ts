import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY_MS, HOUR_MS } from '@phalanx/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { buildRhythm, builtInArrivals, drawTimes } from './arrival-clock.js';
import { stream } from './random.js';
import { loadTenantArrivals } from './tenant-clock.js';

const folder = mkdtempSync(join(tmpdir(), 'clock-'));
afterAll(() => rmSync(folder, { recursive: true }));

function gapsCv(times: Float64Array): number {
  const gaps = Array.from(times.slice(1), (t, i) => t - times[i]!);
  const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
  return Math.sqrt(gaps.reduce((a, b) => a + (b - mean) ** 2, 0) / gaps.length) / mean;
}

describe('drawTimes', () => {
  it('gives so many times, ascending, inside the interval', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 0, max: 300 }),
        fc.double({ min: 0, max: 6, noNaN: true }),
        (seed, count, from) => {
          const random = stream('t', seed);
          const times = drawTimes(
            builtInArrivals.drawClock(random),
            count,
            from * DAY_MS,
            7 * DAY_MS,
            random,
          );
          expect(times).toHaveLength(count);
          times.forEach((t, i) => {
            expect(t).toBeGreaterThanOrEqual(from * DAY_MS);
            expect(t).toBeLessThan(7 * DAY_MS);
            if (i > 0) expect(t).toBeGreaterThanOrEqual(times[i - 1]!);
          });
        },
      ),
    );
  });

  it.each([0.6, 1, 2.6])('has gaps of CV %d on a flat day', (cv) => {
    const times = drawTimes(
      { rhythm: buildRhythm(DAY_MS, [1], cv), shiftMs: 0 },
      20_000,
      0,
      7 * DAY_MS,
      stream('cv'),
    );
    expect(gapsCv(times) / cv).toBeGreaterThan(0.93);
    expect(gapsCv(times) / cv).toBeLessThan(1.07);
  });

  it('follows the profile, shifted by the time zone', () => {
    const rhythm = buildRhythm(HOUR_MS, [...Array(12).fill(0), ...Array(12).fill(1)], 1);
    for (const t of drawTimes({ rhythm, shiftMs: 3 * HOUR_MS }, 500, 0, 5 * DAY_MS, stream('zone'))) {
      const hour = (t % DAY_MS) / HOUR_MS;
      expect(hour).toBeGreaterThanOrEqual(9);
      expect(hour).toBeLessThan(21);
    }
  });
});

describe('loadTenantArrivals', () => {
  it('reads rates, burstiness and token lengths of a tenant', () => {
    const bins = Array.from({ length: 144 }, (_, i) => [
      i * 600,
      i < 72 ? 0 : 2,
      1.5,
      'Gamma',
      0.4,
      1,
    ]).filter(([, r]) => r);
    const file = join(folder, 'tenants.jsonl');
    writeFileSync(
      file,
      `${JSON.stringify({
        tenant: 'a',
        bin_s: 600,
        bins,
        token_lengths: {
          output: [
            [20, 0.5],
            [10, 0.5],
          ],
        },
      })}\n`,
    );
    const { rhythm } = loadTenantArrivals(file).drawClock(stream('x'));
    expect(rhythm.cv).toBe(1.5);
    expect(rhythm.cumulative[71]).toBe(0);
    expect(rhythm.cumulative[107]).toBeCloseTo(0.5, 9);
    expect([...rhythm.outputTokens!.tokens]).toEqual([10, 20]);
  });

  it('refuses a file without a usable tenant, and names a bad line', () => {
    const file = join(folder, 'bad.jsonl');
    writeFileSync(file, '{"tenant":"a","bin_s":600,"bins":[]}\n');
    expect(() => loadTenantArrivals(file)).toThrowError(/no tenant with 72 bins/);
    writeFileSync(file, '{"tenant":"a","bin_s":600,"bins":[]}\nnope\n');
    expect(() => loadTenantArrivals(file)).toThrowError(/bad.jsonl:2/);
  });
});
