import type { Mark } from '../mark.js';
import { NgramCollector, type Ngrams } from '../ngrams.js';
import { refuse } from '../watermark-error.js';
import { findMasked, type Masked, maskTokens } from './masked-ranges.js';
import type { Tokenizer } from './tokenizer.js';

/** A text as a detector sees it. */
export interface ReadText {
  readonly tokens: Int32Array;
  /** Where each token begins in the text, and its end; null when the vocabulary cannot say. */
  readonly starts: Uint32Array | null;
  /** 0 for tokens of parts that are left out; null: none are. */
  readonly mask: Uint8Array | null;
}

/**
 * Tokens of a text, without those of masked parts. Tokens made again from text differ in a few places from those that were
 * generated; where a log has the generated ids, they read better.
 *
 * @throws PhalanxError `MARK_ARGUMENT` when parts are to be masked and the vocabulary cannot say where tokens lie
 */
export function readText(tokenizer: Tokenizer, text: string, masked: readonly Masked[] = []): ReadText {
  const tokens = tokenizer.encode(text);
  const starts = tokenizer.locate(text, tokens);
  if (masked.length === 0) return { tokens, starts, mask: null };
  if (starts === null)
    return refuse(
      'MARK_ARGUMENT',
      'this vocabulary does not say where its tokens lie, so no part can be masked',
      'Cut code and JSON out of the text first.',
    );
  return { tokens, starts, mask: maskTokens(starts, findMasked(text, masked)) };
}

/** The n-grams of texts that a mark scores, each once in all of them together. */
export function gatherTexts(mark: Mark, texts: readonly ReadText[]): Ngrams {
  const collector = new NgramCollector(mark);
  for (const { tokens, mask } of texts) collector.add(tokens, mask ?? undefined);
  const ngrams = collector.collect();
  return mark.distinct?.(ngrams) ?? ngrams;
}
