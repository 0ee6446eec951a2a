import { join } from 'node:path';
import { loadAwkwardTexts } from './awkward-texts.js';
import { calibrateOwnMarks, measureOwnPower } from './own-marks.js';
import type { Suite } from './suite.js';

const TEXT_TOKENS = 5000;

/** Phalanx's own marks: their null on awkward text, and what they find. */
export const watermarkOwn: Suite = {
  name: 'watermark-own',
  what: 'own dialects and payloads: p-values over random keys on real text, power by tokens and entropy',
  async run(checks, { vectors }) {
    measureOwnPower(checks);
    const texts = vectors === null ? null : loadAwkwardTexts(join(vectors, 'data'), TEXT_TOKENS);
    if (texts === null) return checks.skip('no folder of data');
    calibrateOwnMarks(checks, texts);
  },
};
