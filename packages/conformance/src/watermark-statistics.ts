import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAwkwardTexts } from './awkward-texts.js';
import { calibrateStatistics } from './statistics-calibration.js';
import { checkScipyTails, judgeWeightedTails } from './statistics-tails.js';
import type { Suite } from './suite.js';

const TEXT_TOKENS = 2000;
const PACKAGES = ['gmpy2==2.3.2', 'mpmath==1.4.1'];

/** Tails behind the tests of marks against scipy and mpmath, and the null of every statistic on real text. */
export const watermarkStatistics: Suite = {
  name: 'watermark-statistics',
  what: 'tests of marks: tails against scipy and mpmath; every statistic on real unmarked text under 500 random keys',
  async run(checks, { vectors, python }) {
    const path = vectors === null ? null : join(vectors, 'vectors', 'watermark', 'pvalues_scipy.json');
    if (path === null || !existsSync(path)) checks.skip('no folder of vectors');
    else checkScipyTails(checks, JSON.parse(readFileSync(path, 'utf8')));
    const interpreter = await python.open(PACKAGES);
    if (typeof interpreter === 'string') checks.skip(interpreter);
    else await judgeWeightedTails(checks, interpreter);
    const texts = vectors === null ? null : loadAwkwardTexts(join(vectors, 'data'), TEXT_TOKENS);
    if (texts === null) return checks.skip('no folder of data');
    calibrateStatistics(checks, texts);
  },
};
