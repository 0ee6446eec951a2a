import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadAwkwardTexts } from './awkward-texts.js';
import { fetchWheel } from './python-wheel.js';
import type { Suite } from './suite.js';
import { compareBothWays } from './synthid-both-ways.js';
import { calibrateSynthid } from './synthid-calibration.js';
import {
  measureBinomial,
  measureFixedThreshold,
  measureKeySize,
  measureTableBias,
} from './synthid-defects.js';
import { measureSynthidPower } from './synthid-power.js';
import { checkSynthidVectors } from './synthid-vectors.js';

const PACKAGES = ['numpy==2.4.6', 'torch==2.15.0', 'transformers==5.23.0'];
const WHEEL = 'synthid-text==0.2.1';
const TEXT_TOKENS = 6000;

/** Dialects of SynthID against transformers and DeepMind's code; level, power, and defects of others. */
export const watermarkSynthid: Suite = {
  name: 'watermark-synthid',
  what: 'SynthID dialects against transformers 5.23 and synthid-text 0.2.1, both ways; null calibration, power, defects of others',
  async run(checks, { vectors, python }) {
    const file = vectors && join(vectors, 'vectors', 'watermark', 'synthid.json');
    if (file && existsSync(file)) checkSynthidVectors(checks, file);
    else checks.skip('no vectors of SynthID');

    const texts = vectors && loadAwkwardTexts(join(vectors, 'data'), TEXT_TOKENS);
    if (texts) calibrateSynthid(checks, texts);
    else checks.skip('no texts to calibrate on');
    measureBinomial(checks);
    measureFixedThreshold(checks);
    measureKeySize(checks);
    measureSynthidPower(checks);

    const peer = await python.open(PACKAGES);
    if (typeof peer === 'string') return checks.skip(peer);
    const wheel = await fetchWheel(peer, WHEEL, ['synthid_text/']);
    if (typeof wheel === 'string') return checks.skip(wheel);
    try {
      await compareBothWays(checks, peer, wheel.folder);
      await measureTableBias(checks, peer, wheel.folder);
    } finally {
      await wheel.close();
    }
  },
};
