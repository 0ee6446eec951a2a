import { measureHammingMmd, type PromptSamples, testEquality } from '@phalanx/black-box';
import { Random } from '@phalanx/stats';
import { AWKWARD_ANSWERS } from './black-box-calibration.js';
import type { Checks } from './checks.js';
import type { PythonSetup } from './python.js';

const PACKAGES = ['model-equality-testing==0.0.2', 'torch==2.15.0', 'numpy==2.4.6'];
const [LENGTH, CASES, DRAWS] = [40, 60, 999];

/** The statistic beside the package of Gao, Liang and Guestrin (2410.20247); its p-values, printed, where ours say the same and where not. */
export async function checkEqualityJudge(checks: Checks, setup: PythonSetup): Promise<void> {
  const judge = await setup.open(PACKAGES);
  if (typeof judge === 'string') {
    checks.skip(judge);
    return;
  }
  const random = new Random(41);
  const sources = Object.values(AWKWARD_ANSWERS);
  const cases = Array.from({ length: CASES }, (_, number): PromptSamples[] => {
    const prompts = 1 + random.integer(5);
    return Array.from({ length: prompts }, (_, prompt) => {
      const side = (shift: number) =>
        Array.from({ length: 2 + random.integer(6) }, () =>
          sources[(number + prompt + shift) % sources.length]!(random),
        );
      return { ours: side(0), theirs: side(number % 3 === 0 ? 1 : 0) };
    });
  });
  // Two models that never say the same: the package's p-value is 0.
  cases.unshift([{ ours: Array(12).fill('yes'), theirs: Array(12).fill('no') }]);
  const input = JSON.stringify({ length: LENGTH, cases, draws: DRAWS, tested: 4 });
  const told = JSON.parse(await judge.run('black-box.py', [], input)) as { mmd: number; p: number | null }[];
  let worst = 0;
  for (const [i, samples] of cases.entries()) {
    const difference = Math.abs(told[i]!.mmd - measureHammingMmd(samples, LENGTH));
    worst = Math.max(worst, difference);
    checks.check(`statistic of case ${i}`, difference < 1e-12, () => String(told[i]!.mmd));
  }
  const own = testEquality(cases[0]!, { length: LENGTH, permutations: DRAWS, random });
  checks.note(
    `statistic within ${worst.toExponential(1)} of model-equality-testing 0.0.2 on ${cases.length} sets of samples`,
  );
  checks.note(
    `models that never agree: p ${told[0]!.p} there, ${Math.exp(own.logP).toPrecision(2)} here (${DRAWS} draws)`,
  );
  checks.check('p is never 0 here', own.logP >= -Math.log(DRAWS + 1));
}
