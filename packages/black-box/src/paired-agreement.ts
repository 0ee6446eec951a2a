import { adjustByHolm, logBinomialUpperTail } from '@phalanx/stats';
import { demand, requireInteger } from './black-box-error.js';

/** Whether a model did, prompt by prompt, what is counted. */
export interface Agreements {
  readonly model: string;
  readonly agrees: readonly boolean[];
}

/** Suspect against one control. */
export interface ControlComparison {
  readonly control: string;
  /** Share of prompts on which the control agreed. */
  readonly rate: number;
  /** Prompts on which only the suspect agreed, and only the control. */
  readonly onlySuspect: number;
  readonly onlyControl: number;
  readonly logP: number;
  /** ln of the p-value after Holm, for a claim about this control among all. */
  readonly logHolmP: number;
}

export interface PairedAgreement {
  readonly rate: number;
  readonly prompts: number;
  readonly comparisons: readonly ControlComparison[];
  /** ln of the p-value of "the suspect agrees no oftener than some control": the largest, so that no correction is due (Berger 1982). */
  readonly logP: number;
}

export const MAX_CONTROLS = 64;

/**
 * Whether a suspect agrees oftener than each control, on the same prompts: exact one-sided sign test on the prompts where exactly one of the two agrees (McNemar
 * 1947 without its approximation). Null for a control: given that one of the two agrees, the suspect is the one with probability at most 1/2. Valid for
 * prompts drawn independently; dependence between the two models on a prompt does no harm.
 *
 * @throws PhalanxError `BLACK_BOX_ARGUMENT` without controls or prompts, or when lengths differ
 */
export function compareAgreement(suspect: Agreements, controls: readonly Agreements[]): PairedAgreement {
  const prompts = suspect.agrees.length;
  requireInteger(prompts, 'prompts', 1, 10_000_000);
  requireInteger(controls.length, 'control models', 1, MAX_CONTROLS);
  const counted = controls.map(({ model, agrees }) => {
    demand(
      agrees.length === prompts,
      'BLACK_BOX_ARGUMENT',
      `${model}: ${agrees.length} answers to ${prompts} prompts`,
      'Ask all models the same.',
    );
    let [onlySuspect, onlyControl, both] = [0, 0, 0];
    for (let i = 0; i < prompts; i++) {
      if (suspect.agrees[i] && agrees[i]) both++;
      else if (suspect.agrees[i]) onlySuspect++;
      else if (agrees[i]) onlyControl++;
    }
    const logP = logBinomialUpperTail(onlySuspect, onlySuspect + onlyControl, 0.5);
    return { control: model, rate: (both + onlyControl) / prompts, onlySuspect, onlyControl, logP };
  });
  const adjusted = adjustByHolm(counted.map(({ logP }) => logP));
  return {
    rate: suspect.agrees.filter(Boolean).length / prompts,
    prompts,
    comparisons: counted.map((comparison, i) => ({ ...comparison, logHolmP: adjusted[i]! })),
    logP: Math.max(...counted.map(({ logP }) => logP)),
  };
}
