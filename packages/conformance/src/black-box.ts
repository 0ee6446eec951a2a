import { checkNulls } from './black-box-calibration.js';
import { checkEqualityJudge } from './black-box-judge.js';
import { checkLlamas } from './black-box-llamas.js';
import { checkDescendants } from './black-box-power.js';
import type { Suite } from './suite.js';

/** Tests of models that only answer, before others' code, on awkward nulls, and against live endpoints. */
export const blackBox: Suite = {
  name: 'black-box',
  what: 'lineage of a model behind an API: the statistic of model equality testing, levels on awkward nulls, power against tuned and rounded copies, real small Llamas behind a live endpoint',
  async run(checks, { vectors, python }) {
    await checkEqualityJudge(checks, python);
    checkNulls(checks);
    checkDescendants(checks);
    await checkLlamas(checks, vectors);
  },
};
