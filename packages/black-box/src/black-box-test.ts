import { toLog10 } from '@phalanx/stats';
import { demand } from './black-box-error.js';
import { type CombinedEvidence, combineEvidence } from './combined-evidence.js';
import { type BlackBoxPlan, checkPlan, digestPlan, logThreshold } from './plan.js';
import { type BlackBoxParts, prepareTest } from './prepared-test.js';
import type { TestResult } from './test-result.js';

/**
 * - `descends`: proof, at alpha over the allowed tries, that the suspect has to do with our model's secrets.
 * - `resembles`: the same by a test that also rests on fair comparisons. Triage.
 * - `differs`: the two are not the same model as it is served.
 * - `not shown`: p is larger. No proof of anything.
 */
export type LineageVerdict = 'descends' | 'resembles' | 'differs' | 'not shown';

export interface BlackBoxResult {
  readonly plan: BlackBoxPlan;
  readonly planSha256: string;
  /** What `register` returned. */
  readonly receipt: string;
  readonly tests: readonly TestResult[];
  readonly combined: CombinedEvidence;
  readonly verdict: LineageVerdict;
  readonly statement: string;
  /** Questions asked of all models. */
  readonly asked: number;
}

/**
 * Asks a suspect what a registered plan says and judges the answers. The tests, their nulls and what voids them: see each test; how they are joined: `combineEvidence`.
 *
 * @throws PhalanxError `BLACK_BOX_PLAN` for parts that are not the plan's, `BLACK_BOX_COMMITMENT` for secrets that are not those committed to,
 * `BLACK_BOX_UNREGISTERED` without a receipt, `BLACK_BOX_SUSPECT` for a model that cannot be asked this, and what the models throw
 */
export async function testBlackBox(plan: BlackBoxPlan, parts: BlackBoxParts): Promise<BlackBoxResult> {
  const checked = checkPlan(plan);
  checkModels(checked, parts);
  const runs = checked.tests.map((test) => prepareTest(test, checked, parts));
  const planSha256 = digestPlan(checked);
  const receipt = await parts.register(checked, planSha256);
  demand(
    receipt !== '',
    'BLACK_BOX_UNREGISTERED',
    'the plan was not registered',
    'Log it first: a test chosen after the data proves nothing.',
  );
  let asked = 0;
  const tests: TestResult[] = [];
  for (const [i, run] of runs.entries())
    tests.push(
      await run(() => {
        asked++;
        parts.onProgress?.(asked, checked.tests[i]!.test);
      }),
    );
  const interleaved = checked.tests.every((test) => 'interleaved' in test && test.interleaved);
  const combined = combineEvidence(tests, interleaved);
  const verdict = judge(checked, combined);
  const statement = describe(checked, tests, combined, verdict);
  return { plan: checked, planSha256, receipt, tests, combined, verdict, statement, asked };
}

function checkModels(plan: BlackBoxPlan, { suspect, ours, reference, controls = [] }: BlackBoxParts): void {
  const fits =
    plan.suspect === suspect.id &&
    plan.ours === (ours?.id ?? null) &&
    plan.reference === (reference?.id ?? null) &&
    plan.controls.join('\n') === controls.map(({ id }) => id).join('\n');
  demand(fits, 'BLACK_BOX_PLAN', 'the models are not those of the plan', 'Register the plan anew.');
}

function judge(plan: BlackBoxPlan, { logP, question, standing }: CombinedEvidence): LineageVerdict {
  if (logP > logThreshold(plan)) return 'not shown';
  if (question === 'identity') return 'differs';
  return standing === 'proof' ? 'descends' : 'resembles';
}

function describe(
  plan: BlackBoxPlan,
  tests: readonly TestResult[],
  { logP, rule }: CombinedEvidence,
  verdict: LineageVerdict,
): string {
  const tried = `${plan.allowedTries} ${plan.allowedTries === 1 ? 'try' : 'tries'} allowed`;
  const figure = `log10 p ${toLog10(logP).toFixed(2)} (${rule}; ${tried}, alpha ${plan.alpha})`;
  const nulls = tests.map((test) => test.null).join(' ');
  switch (verdict) {
    case 'descends':
      return `Were this so: "${nulls}", ${plan.suspect} would answer as it did with probability at most p: ${figure}.`;
    case 'resembles':
      return `Triage: ${plan.suspect} is closer to our model than the comparisons are. Were this so: "${nulls}", it would come out like this with probability at most p: ${figure}. Other reasons than descent remain.`;
    case 'differs':
      return `${plan.suspect} as it is served is not ${plan.ours} as it is served: ${figure}. That says nothing about descent.`;
    case 'not shown':
      return `Nothing was shown about ${plan.suspect}: ${figure}. That is no proof of the contrary.`;
  }
}
