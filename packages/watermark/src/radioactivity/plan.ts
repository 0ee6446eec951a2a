import { createHash } from 'node:crypto';
import { canonicalJson, type Json, toHex, utf8 } from '@phalanx/core';
import type { Passage } from '@phalanx/suspect';
import { z } from 'zod';
import { refuse } from '../watermark-error.js';

const Name = z.string().min(1).max(256);

/**
 * What will be tested and how it will be judged, fixed before the first question: its digest goes into the log. Public: it names the key and does not
 * show it.
 */
export const RadioactivityPlan = z.strictObject({
  version: z.literal(1),
  /** In words, with the null. */
  hypothesis: z.string().min(1).max(4096),
  suspect: Name,
  /** Models known to be clean, asked the same. */
  controls: z.array(Name).max(16),
  mark: z.strictObject({ dialect: Name, parameters: z.json(), keyId: Name }),
  /**
   * `texts`: n-grams of answers. `mass`, `contrast`, `reading`: probabilities after each distinct context, see `OpenTest`.
   * `text-contrast`: as `contrast`, with how often each token followed in answers for the suspect's probabilities.
   */
  statistic: z.enum(['texts', 'text-contrast', 'mass', 'contrast', 'reading']),
  /** Whether the prompts are what was marked: texts or questions that the suspect may have been trained on. */
  supervised: z.boolean(),
  prompts: z.int().min(1).max(1_000_000),
  /** Of `digestPrompts`. */
  promptsSha256: z.string().regex(/^[0-9a-f]{64}$/),
  /**
   * `fixed`: all prompts are asked and the fixed-sample p-value counts. `e-process`: asking stops when the evidence suffices, and
   * the bound of Ville counts; for `texts` and `mass`.
   */
  stopping: z.enum(['fixed', 'e-process']),
  /** Fresh keys on the same data. */
  decoys: z.int().min(99).max(1_000_000),
  /** Wrong accusations over all tries. */
  alpha: z.number().gt(0).max(0.1),
  allowedTries: z.int().min(1).max(1000),
  /** N-grams or contexts below which the answer is `insufficient`. */
  leastScored: z.int().min(1),
});
export type RadioactivityPlan = z.infer<typeof RadioactivityPlan>;

/**
 * Checks a plan: besides its shape, that its statistic can reach its own threshold, and may be stopped as it says.
 *
 * @throws PhalanxError `MARK_ARGUMENT`
 */
export function checkPlan(plan: RadioactivityPlan): RadioactivityPlan {
  const parsed = RadioactivityPlan.safeParse(plan);
  if (!parsed.success)
    return refuse('MARK_ARGUMENT', `a plan: ${z.prettifyError(parsed.error).slice(0, 300)}`, 'Fix the plan.');
  const { statistic, stopping, decoys } = parsed.data;
  if (stopping === 'e-process' && statistic !== 'texts' && statistic !== 'mass')
    return refuse('MARK_ARGUMENT', `${statistic} has no e-process`, 'Ask all prompts: stopping "fixed".');
  if (isRanked(parsed.data) && Math.log(1 / (decoys + 1)) > logThreshold(parsed.data))
    return refuse(
      'MARK_ARGUMENT',
      `${decoys} decoys cannot show p below ${1 / (decoys + 1)}`,
      `Take ${Math.ceil(Math.exp(-logThreshold(parsed.data)))} or more.`,
    );
  return parsed.data;
}

/** ln of the p-value that one try has to reach: Bonferroni over the allowed tries. */
export function logThreshold({
  alpha,
  allowedTries,
}: Pick<RadioactivityPlan, 'alpha' | 'allowedTries'>): number {
  return Math.log(alpha) - Math.log(allowedTries);
}

/** Whether the p-value that counts is the rank among decoys. */
export function isRanked({
  statistic,
  stopping,
}: Pick<RadioactivityPlan, 'statistic' | 'stopping'>): boolean {
  return isContrast(statistic) || (statistic === 'mass' && stopping === 'fixed');
}

/** Whether the statistic needs a reference model. */
export function isContrast(statistic: RadioactivityPlan['statistic']): boolean {
  return statistic === 'contrast' || statistic === 'text-contrast';
}

/** SHA-256, hex, of a plan's canonical JSON. */
export function digestPlan(plan: RadioactivityPlan): string {
  return sha256(plan as Json);
}

/** SHA-256, hex, of the canonical JSON of the prompts in order: texts as strings, token ids as lists. */
export function digestPrompts(prompts: readonly Passage[]): string {
  return sha256(prompts.map((prompt) => (typeof prompt === 'string' ? prompt : [...prompt])));
}

function sha256(value: Json): string {
  return toHex(
    createHash('sha256')
      .update(utf8(canonicalJson(value)))
      .digest(),
  );
}
