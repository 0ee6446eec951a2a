import { logConformalP, toLog10 } from '@phalanx/stats';
import { scoreFeatured } from './ensemble.js';
import { featureText, MEMBER_NAMES, type MemberName } from './members.js';
import type { Repairs } from './normalised-text.js';
import { TRIAGE_NOTICE } from './notice.js';
import { fingerprintOf, type PreparedText, prepareText, prepareUnrepaired } from './prepared-text.js';
import { categoryOf, type TriageModel } from './triage-model.js';

/** Why a text gets no p-value. */
export type Abstention =
  /** Below the words that the model was made for. */
  | 'too-short'
  /** Less than half as long as every human text learned from, or more than twice as long. */
  | 'length-not-calibrated'
  /** No human text of this stratum, script and length was held back. */
  | 'category-unknown'
  /** Fewer than the model asks for. */
  | 'too-few-calibration-texts'
  /**
   * Less known to the language model of human texts than all but 5 % of the human texts held back, and less to the other than
   * all but 5 % of machine texts: another topic, form or programming language. Of texts drawn as the human ones, at most 5 % end here.
   */
  | 'unlike-corpus';

/** Set before any text was scored. */
const UNLIKE_LEVEL = 0.05;

/** What stands in every result. */
interface Seen {
  /** `TRIAGE_NOTICE`. */
  readonly notice: string;
  /** Words of prose, tokens of code. */
  readonly words: number;
  /** What normalisation changed: a signal of its own, which is in no p-value. */
  readonly repairs: Repairs;
  /** The end of a long text was not read. */
  readonly truncated: boolean;
  /** The model was made of this very text: its p-value is then about nothing. */
  readonly known: boolean;
}

/** How a text ranks among human texts held back: triage, never evidence. */
export interface RankedText extends Seen {
  readonly outcome: 'ranked';
  /** ln of the conformal p-value; null hypothesis: the text was drawn as the calibration texts of its category were.
   * Of such texts at most a share a has p <= a, counting those set aside as unlike the corpus. */
  readonly logP: number;
  readonly log10P: number;
  /** Calibration texts that score at least as high, of how many. p = (1 + atLeast) / (1 + of). */
  readonly rank: { readonly atLeast: number; readonly of: number };
  readonly category: string;
  /** Effect size: the logit of the stack, and what each member said. No probability. */
  readonly score: number;
  readonly members: Readonly<Record<MemberName, number>>;
}

/** Too little to say anything: no failure, and no acquittal. */
export interface AbstainedText extends Seen {
  readonly outcome: 'abstained';
  readonly reason: Abstention;
  /** What would have been the category, where there is one. */
  readonly category: string | null;
}

export type TriageResult = RankedText | AbstainedText;

/**
 * Ranks a text against a tenant's own human corpus: triage, never evidence. `stratum`: as in training, where it had any.
 * The p-value is valid for one text fixed beforehand; for many see `selectByBh`. Linear in the text; of one longer than 65,536
 * UTF-16 units the rest is not read.
 */
export function scoreTriage(model: TriageModel, text: string, stratum = ''): TriageResult {
  const prepared = prepareText(text, model.kind);
  const seen: Seen = {
    notice: TRIAGE_NOTICE,
    words: prepared.length,
    repairs: prepared.repairs,
    truncated: prepared.truncated,
    known: isKnown(model, prepared),
  };
  const category = categoryOf(model.lengthEdges, stratum, prepared.script, prepared.length);
  const abstain = (reason: Abstention): AbstainedText => ({
    outcome: 'abstained',
    reason,
    category,
    ...seen,
  });
  if (prepared.length < model.minWords) return abstain('too-short');
  if (category === null) return abstain('length-not-calibrated');
  const calibration = model.categories.find(({ name }) => name === category);
  if (calibration === undefined) return abstain('category-unknown');
  if (calibration.scores.length < model.minCalibration) return abstain('too-few-calibration-texts');
  const seenBy = scoreFeatured(model, featureText(prepared));
  const { score, said } = seenBy;
  // Both, since one side's texts may well be unlike the other's. The ranks here and that of the score are dependent, which is
  // why only the share flagged among all texts, these included, is bounded by the level.
  if (
    isStrange(seenBy.humanFamiliarity, calibration.familiarities) &&
    isStrange(seenBy.machineFamiliarity, model.machineFamiliarities)
  )
    return abstain('unlike-corpus');
  const logP = logConformalP(score, calibration.scores);
  const of = calibration.scores.length;
  return {
    outcome: 'ranked',
    logP,
    log10P: toLog10(logP),
    rank: { atLeast: Math.round(Math.exp(logP) * (of + 1)) - 1, of },
    category,
    score,
    members: Object.fromEntries(MEMBER_NAMES.map((name, i) => [name, said[i]])) as Record<MemberName, number>,
    ...seen,
  };
}

/**
 * The score alone, for measurement: without calibration and abstention and, where `normalise` is false, of the text as it
 * came but for its line breaks, to see what normalisation is worth. Compare scores of one model only; no decision rests on them.
 */
export function measureScore(model: TriageModel, text: string, normalise = true): number {
  const prepared = normalise ? prepareText(text, model.kind) : prepareUnrepaired(text, model.kind);
  return scoreFeatured(model, featureText(prepared)).score;
}

/** Whether a familiarity is in the lowest 5 %, by its conformal p-value, negated since that counts what is larger. */
function isStrange(familiarity: number, others: Float64Array): boolean {
  return (
    logConformalP(
      -familiarity,
      others.map((each) => -each),
    ) <=
    Math.log(UNLIKE_LEVEL) + 1e-12
  );
}

function isKnown({ known }: TriageModel, text: PreparedText): boolean {
  const fingerprint = fingerprintOf(text);
  let low = 0;
  let high = known.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (known[middle]! < fingerprint) low = middle + 1;
    else high = middle;
  }
  return low < known.length && known[low] === fingerprint;
}
