import { testKey } from './detect/log-p.js';
import type { Mark } from './mark.js';
import { NgramCollector } from './ngrams.js';
import { demand } from './watermark-error.js';

/** Most drafts of one piece. */
export const MAX_DRAFTS = 64;

/** The draft that is sent. */
export interface ChosenDraft {
  readonly index: number;
  /** ln p of each draft's own new n-grams under the mark; 0 for a draft without any. */
  readonly logP: Float64Array;
}

/**
 * Marks what a closed upstream says, which gives no logits: of k drafts of the next piece, asked for with the upstream's own
 * sampling, the one whose n-grams the key likes best is sent (WaterMax, Giboulot and Furon 2024). Each draft comes from the
 * model, so quality is that of its drafts; the key never touches a distribution. Cost: k times the output tokens.
 *
 * A detector tests the whole text as any other, and its null is untouched: over a key that was not used, what was chosen by
 * another key is ordinary text. Expected strength a piece, in standard deviations of the score: the largest of k normals, 1.03
 * for k = 4 and 1.42 for k = 8, so n pieces come to sqrt(n) times that.
 *
 * @param before tokens of the answer already sent; what repeats them does not count
 * @param drafts 1 to 64, in tokens of the profile's tokenizer, not of the upstream's
 * @throws PhalanxError `MARK_ARGUMENT` for none or more
 */
export function chooseDraft(mark: Mark, before: Int32Array, drafts: readonly Int32Array[]): ChosenDraft {
  demand(
    drafts.length >= 1 && drafts.length <= MAX_DRAFTS,
    'MARK_ARGUMENT',
    `1 to ${MAX_DRAFTS} drafts, not ${drafts.length}`,
    'Ask for as many.',
  );
  const logP = Float64Array.from(drafts, (draft) => {
    const collector = new NgramCollector(mark);
    collector.exclude(before);
    const text = new Int32Array(before.length + draft.length);
    text.set(before);
    text.set(draft, before.length);
    collector.add(text, new Uint8Array(text.length).fill(1, before.length));
    return testKey(mark, collector.collect()).logP;
  });
  return { index: logP.indexOf(logP.reduce((a, b) => Math.min(a, b))), logP };
}
