import { toLog10 } from '@phalanx/stats';
import type { SuspectModel } from '@phalanx/suspect';
import { checkDecoys, type DecoyCheck } from '../detect/decoys.js';
import type { Mark } from '../mark.js';
import { demand } from '../watermark-error.js';
import { type ClosedFigures, ClosedTest } from './closed-test.js';
import { type DoseEstimate, estimateImprint } from './dose.js';
import { type OpenFigures, OpenTest } from './open-test.js';
import {
  checkPlan,
  digestPlan,
  digestPrompts,
  isContrast,
  isRanked,
  logThreshold,
  type RadioactivityPlan,
} from './plan.js';
import { askClosed, askCounted, askOpen, type Questioning } from './questioning.js';

/**
 * - `learned`: p at most alpha over the allowed tries, and the controls silent.
 * - `not shown`: enough was scored and p is larger. No proof of innocence.
 * - `insufficient`: p is larger, and so little was scored that this says nothing.
 * - `void`: a clean model answered with p <= 0.01 over the number of controls, or decoy keys found marks in the suspect's texts oftener
 *   than chance; then something other than learning makes the numbers, and no p-value of this run counts.
 */
export type Verdict = 'learned' | 'not shown' | 'insufficient' | 'void';

/** Figures of one model, closed or open as the plan says. */
export interface ModelFigures {
  readonly model: string;
  /** ln of the p-value that the plan says counts. */
  readonly logP: number;
  /** N-grams or contexts that counted. */
  readonly scored: number;
  readonly closed: ClosedFigures | null;
  readonly open: OpenFigures | null;
  readonly asked: number;
}

export interface RadioactivityResult {
  readonly plan: RadioactivityPlan;
  readonly planSha256: string;
  /** What `register` returned: where the plan was logged. */
  readonly receipt: string;
  readonly suspect: ModelFigures;
  readonly controls: readonly ModelFigures[];
  /** P-values of keys that nobody used on the suspect's texts. Null for open tests, whose ranks rest on decoys anyway. */
  readonly decoys: DecoyCheck | null;
  /** See `estimateImprint`. Null without a reference model. */
  readonly imprint: DoseEstimate | null;
  readonly verdict: Verdict;
  /** One sentence: the claim with its null, or why there is none. */
  readonly statement: string;
}

export interface RadioactivityParts extends Omit<Questioning, 'supervised'> {
  readonly suspect: SuspectModel;
  readonly controls?: readonly SuspectModel[];
  readonly mark: Mark;
  /** The mark under a fresh key, drawn as the tested key was. */
  readonly openDecoy: () => Mark;
  /**
   * Commits to the plan where it cannot be taken back, and returns where. Called once, before the first question; nothing is
   * asked when it throws or returns an empty string.
   */
  readonly register: (plan: RadioactivityPlan, planSha256: string) => Promise<string>;
}

const CONTROL_ALPHA = 0.01;
const CHECKED_DECOYS = 200;

/**
 * Asks a suspect, and controls, what the plan says, and judges by the plan's rule alone.
 *
 * What it cannot see: marks that were paraphrased away before training or that the host strips when it answers; some thousand tokens of
 * marked text in a large training set; a student that was given the answers through a tokenizer so different that its words rarely are
 * ours. What it cannot tell apart: training on our answers, on somebody's published copies of them, and on text that a holder of
 * a stolen key made to look like ours. It shows dependence on a key, and not who did what.
 *
 * @throws PhalanxError `MARK_ARGUMENT` for a plan that does not fit its parts, `MARK_UNREGISTERED` without a receipt, `SUSPECT_ANSWER` when a
 * model does not answer
 */
export async function testRadioactivity(
  plan: RadioactivityPlan,
  parts: RadioactivityParts,
): Promise<RadioactivityResult> {
  const checked = checkPlan(plan);
  const controls = parts.controls ?? [];
  const fits =
    checked.suspect === parts.suspect.id &&
    checked.prompts === parts.prompts.length &&
    checked.promptsSha256 === digestPrompts(parts.prompts) &&
    checked.controls.join('\n') === controls.map(({ id }) => id).join('\n');
  demand(
    fits,
    'MARK_ARGUMENT',
    'suspect, controls or prompts are not those of the plan',
    'Register the plan anew.',
  );
  demand(
    !isContrast(checked.statistic) || parts.reference !== undefined,
    'MARK_ARGUMENT',
    'contrast needs a reference model',
    'Give one.',
  );
  const planSha256 = digestPlan(checked);
  const receipt = await parts.register(checked, planSha256);
  demand(
    receipt !== '',
    'MARK_UNREGISTERED',
    'the plan was not registered',
    'Log it first: a test chosen after the data proves nothing.',
  );
  const suspect = await examine(checked, parts, parts.suspect);
  const clean: ModelFigures[] = [];
  for (const control of controls) clean.push((await examine(checked, parts, control)).figures);
  const decoys =
    suspect.closed === null
      ? null
      : checkDecoys(suspect.closed.collect(), Array.from({ length: CHECKED_DECOYS }, parts.openDecoy));
  const verdict = judge(checked, suspect.figures, clean, decoys);
  return {
    plan: checked,
    planSha256,
    receipt,
    suspect: suspect.figures,
    controls: clean,
    decoys,
    imprint: suspect.imprint,
    verdict,
    statement: describe(checked, suspect.figures, verdict),
  };
}

interface Examination {
  readonly figures: ModelFigures;
  readonly closed: ClosedTest | null;
  readonly imprint: DoseEstimate | null;
}

async function examine(
  plan: RadioactivityPlan,
  parts: RadioactivityParts,
  model: SuspectModel,
): Promise<Examination> {
  const enough = plan.stopping === 'e-process' ? -logThreshold(plan) : Number.POSITIVE_INFINITY;
  if (plan.statistic === 'texts') {
    const test = new ClosedTest(parts.mark);
    const asked = await askClosed(model, test, parts, enough);
    const closed = test.test();
    const logP = plan.stopping === 'fixed' ? closed.logP : (closed.logSequentialP ?? 0);
    const figures = { model: model.id, logP, scored: closed.scored, closed, open: null, asked };
    return { figures, closed: test, imprint: null };
  }
  const test = new OpenTest(parts.mark);
  const questioning = { ...parts, supervised: plan.supervised };
  const asked =
    plan.statistic === 'text-contrast'
      ? await askCounted(model, test, questioning)
      : await askOpen(model, test, questioning, enough);
  // A rank that does not count shows its effect with a few decoys.
  const few = Math.min(99, plan.decoys);
  const counting = isRanked(plan) ? plan.decoys : few;
  const open = test.test(parts.openDecoy, counting, isContrast(plan.statistic) ? few : counting);
  const figures = {
    model: model.id,
    logP: pick(plan, open),
    scored: open.contexts,
    closed: null,
    open,
    asked,
  };
  const referenced = test.listReferenced();
  const imprint = referenced.length > 0 ? estimateImprint(parts.mark, referenced) : null;
  return { figures, closed: null, imprint };
}

function pick(plan: RadioactivityPlan, open: OpenFigures): number {
  if (isContrast(plan.statistic)) return open.contrast?.logP ?? 0;
  if (plan.statistic === 'reading') return open.logReadingP;
  return plan.stopping === 'fixed' ? open.mass.logP : (open.logSequentialP ?? 0);
}

function judge(
  plan: RadioactivityPlan,
  suspect: ModelFigures,
  controls: readonly ModelFigures[],
  decoys: RadioactivityResult['decoys'],
): Verdict {
  const loud = controls.some(({ logP }) => logP <= Math.log(CONTROL_ALPHA / controls.length));
  if (loud || decoys?.calibrated === false) return 'void';
  if (suspect.logP <= logThreshold(plan)) return 'learned';
  return suspect.scored < plan.leastScored ? 'insufficient' : 'not shown';
}

function describe(plan: RadioactivityPlan, { logP, scored, model }: ModelFigures, verdict: Verdict): string {
  const what = plan.statistic === 'texts' ? 'n-grams' : 'contexts';
  const figure = `log10 p ${toLog10(logP).toFixed(2)} on ${scored} ${what}, ${plan.allowedTries} tries allowed`;
  switch (verdict) {
    case 'learned':
      return `Were ${model} independent of key ${plan.mark.keyId}, what it said would be this much in the key's favour with probability at most p: ${figure}. Voided if anybody else held the key, or if it read texts of the key by another way than training.`;
    case 'not shown':
      return `No dependence of ${model} on key ${plan.mark.keyId} was shown: ${figure}. Few marked texts, or marks paraphrased away, look the same.`;
    case 'insufficient':
      return `Too little was scored, of ${plan.leastScored} needed: ${figure}.`;
    case 'void':
      return `A control fired, so that no figure of this run counts: ${figure}.`;
  }
}
