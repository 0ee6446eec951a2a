import { join } from 'node:path';
import { loadAwkwardTexts } from './awkward-texts.js';
import type { Checks } from './checks.js';
import { CALIBRATION_TOKENS, calibrateKgw } from './kgw-calibration.js';
import { checkKgwDefects } from './kgw-defects.js';
import {
  checkGenerators,
  checkHfBothWays,
  checkHfLists,
  checkMarkllm,
  checkMarkllmShares,
  gatherQuestions,
} from './kgw-judges.js';
import { checkKgwVectors } from './kgw-vectors.js';
import type { Python } from './python.js';
import { fetchWheel } from './python-wheel.js';
import type { Suite } from './suite.js';

const PACKAGES = ['numpy==2.4.6', 'scipy==1.17.1', 'torch==2.15.0', 'transformers==5.23.0'];
const MARKLLM = 'markllm==0.1.5';
const OLD = 'transformers==4.57.1';

/** The KGW family: vectors, its own programs live, their defects, and the null over random keys. */
export const watermarkKgw: Suite = {
  name: 'watermark-kgw',
  what: 'marks of the KGW family against torch, numpy, transformers and MarkLLM; their defects; null over random keys',
  async run(checks, { vectors, python: setup }) {
    if (vectors === null) checks.skip('no folder of vectors');
    else checkKgwVectors(checks, join(vectors, 'vectors/watermark'));
    const texts = vectors === null ? null : loadAwkwardTexts(join(vectors, 'data'), CALIBRATION_TOKENS);
    if (texts === null) checks.skip('no folder of data');
    else calibrateKgw(checks, texts);
    const python = await setup.open(PACKAGES);
    if (typeof python === 'string') return checks.skip(python);
    await judgeKgw(checks, python);
  },
};

async function judgeKgw(checks: Checks, python: Python): Promise<void> {
  const files = await Promise.all([
    fetchWheel(python, MARKLLM, [
      'markllm/watermark/kgw/',
      'markllm/watermark/unigram/',
      'markllm/watermark/base.py',
    ]),
    fetchWheel(python, OLD, ['transformers/generation/watermarking.py']),
  ]);
  const folders = files.map((wheel) => (typeof wheel === 'string' ? null : wheel.folder));
  for (const wheel of files) if (typeof wheel === 'string') checks.skip(wheel);
  const names = folders.map((folder) => folder ?? '-');
  const judge = gatherQuestions(async (questions) =>
    JSON.parse(await python.run('watermark-kgw.py', names, JSON.stringify(questions))),
  );
  try {
    await Promise.all([checkGenerators(checks, judge), checkHfLists(checks, judge)]);
    await checkHfBothWays(checks, judge);
    if (folders[0] !== null) await checkMarkllm(checks, judge);
    checkMarkllmShares(checks);
    await checkKgwDefects(checks, judge, { markllm: folders[0] !== null, old: folders[1] !== null });
  } finally {
    for (const wheel of files) if (typeof wheel !== 'string') await wheel.close();
  }
}
