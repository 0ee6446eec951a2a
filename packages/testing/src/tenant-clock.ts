import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { DAY_MS, HOUR_MS } from '@phalanx/core';
import {
  type ArrivalModel,
  buildRhythm,
  builtInArrivals,
  type LengthHistogram,
  type Rhythm,
} from './arrival-clock.js';
import { sourceError } from './error.js';

/** A tenant needs this many bins with traffic, half a day of ten-minute bins, to serve as anybody's rhythm. */
const MIN_BINS = 72;
const SHIFT_HOURS = [0, 0, 0, -1, 1, -6, -7, -13, -15, 6];

interface TenantRow {
  readonly tenant: string;
  readonly bin_s: number;
  /** [start s, rate 1/s, CV of the gaps, name of the fitted law, its two parameters] */
  readonly bins: readonly (readonly [number, number, number, string, number, number])[];
  readonly token_lengths?: { readonly output?: readonly (readonly [number, number])[] } | null;
}

/**
 * Clocks of real tenants from a `.jsonl` or `.jsonl.gz` file in the form of ServeGen's published tenants, one a line:
 * `{tenant, bin_s, bins: [[start s, rate, CV, law, p1, p2], ...], token_lengths?: {output: [[tokens, share], ...]}}`.
 * An account takes one tenant's rate curve, shifted by whole days and a time zone, and the median CV of its bins
 * (clamped to 0.3..6); its volume is its own. Machines keep the built-in clock.
 *
 * @throws PhalanxError `TESTING_SOURCE` for a row that cannot be read, or when no tenant has 72 bins.
 */
export function loadTenantArrivals(file: string): ArrivalModel {
  const bytes = readFileSync(file);
  const rhythms: Rhythm[] = [];
  (file.endsWith('.gz') ? gunzipSync(bytes) : bytes)
    .toString('utf8')
    .split('\n')
    .forEach((line, index) => {
      if (line === '') return;
      let row: TenantRow;
      try {
        row = JSON.parse(line);
        if (row.bins.length >= MIN_BINS) rhythms.push(readRhythm(row));
      } catch (cause) {
        throw sourceError(`${file}:${index + 1} is not a tenant`, cause);
      }
    });
  if (rhythms.length === 0) throw sourceError(`${file} has no tenant with ${MIN_BINS} bins`);
  return {
    drawClock(random) {
      const rhythm = random.choice(rhythms);
      const shiftMs = random.integer(0, 13) * DAY_MS + random.choice(SHIFT_HOURS) * HOUR_MS;
      return { rhythm, shiftMs };
    },
    drawMachineClock: builtInArrivals.drawMachineClock,
  };
}

function readRhythm(row: TenantRow): Rhythm {
  const last = row.bins.reduce((end, [start]) => Math.max(end, start), 0);
  const days = Math.ceil((last + row.bin_s) / 86_400);
  const rates = new Float64Array((days * 86_400) / row.bin_s);
  for (const [start, rate] of row.bins) rates[Math.floor(start / row.bin_s)]! += rate;
  const cvs = row.bins.map((bin) => bin[2]).sort((a, b) => a - b);
  const cv = Math.min(6, Math.max(0.3, cvs[cvs.length >> 1]!));
  return buildRhythm(row.bin_s * 1000, rates, cv, readHistogram(row.token_lengths?.output));
}

function readHistogram(pairs: readonly (readonly [number, number])[] | undefined): LengthHistogram | null {
  if (pairs === undefined || pairs.length === 0) return null;
  const sorted = [...pairs].sort((a, b) => a[0] - b[0]);
  const total = sorted.reduce((sum, [, share]) => sum + share, 0);
  let sum = 0;
  return {
    tokens: Float64Array.from(sorted, ([tokens]) => tokens),
    cumulative: Float64Array.from(sorted, ([, share]) => (sum += share / total)),
  };
}
