import { PhalanxError, type Repairs, repairText } from '@phalanx/core';
import type { Mark } from '../mark.js';
import { NgramCollector, type Ngrams } from '../ngrams.js';
import { refuse } from '../watermark-error.js';
import { findMasked, type Masked, maskTokens } from './masked-ranges.js';
import type { Tokenizer } from './tokenizer.js';

/** What was undone of a text, in characters; `spaces`: runs of spaces between words, where most gaps are such runs. */
export interface TextRepairs extends Repairs {
  readonly spaces: number;
}

/** A text as a detector sees it. */
export interface ReadText {
  /** The text that the tokens spell: as given, or repaired. */
  readonly text: string;
  /** What was repaired; null: nothing, the text is as given. */
  readonly repairs: TextRepairs | null;
  readonly tokens: Int32Array;
  /** Where each token begins in the text, and its end; null when the vocabulary cannot say. */
  readonly starts: Uint32Array | null;
  /** 0 for tokens of parts that are left out; null: none are. */
  readonly mask: Uint8Array | null;
  /** Why there are no tokens: the vocabulary cannot spell the text, or it is too long. Null: it was read. */
  readonly unread: string | null;
}

/**
 * Tokens of a text, without those of masked parts. A text with homoglyphs or invisible characters, or with more double spaces between
 * words than single ones, which no model writes by itself, is repaired first: each would cost the score of a few tokens. Whether it is depends on the text alone, so no test loses its validity.
 *
 * A text that cannot be read has no tokens and says why: it is one of many, and its writer's doing.
 *
 * Tokens made again from text differ in a few places from those that were generated; where a log has the generated ids, they read better.
 *
 * @throws PhalanxError `MARK_ARGUMENT` when parts are to be masked and the vocabulary cannot say where tokens lie
 */
export function readText(tokenizer: Tokenizer, given: string, masked: readonly Masked[] = []): ReadText {
  const { text, repairs } = undoDisguise(given);
  const { tokens, unread } = encodeText(tokenizer, text);
  const starts = tokenizer.locate(text, tokens);
  const read = { text, repairs, tokens, starts, unread };
  if (masked.length === 0 || unread !== null) return { ...read, mask: null };
  if (starts === null)
    return refuse(
      'MARK_ARGUMENT',
      'this vocabulary does not say where its tokens lie, so no part can be masked',
      'Cut code and JSON out of the text first.',
    );
  return { ...read, mask: maskTokens(starts, findMasked(text, masked)) };
}

/** The n-grams of texts that a mark scores, each once in all of them together. */
export function gatherTexts(mark: Mark, texts: readonly ReadText[]): Ngrams {
  const collector = new NgramCollector(mark);
  for (const { tokens, mask } of texts) collector.add(tokens, mask ?? undefined);
  const ngrams = collector.collect();
  return mark.distinct?.(ngrams) ?? ngrams;
}

function encodeText(tokenizer: Tokenizer, text: string): Pick<ReadText, 'tokens' | 'unread'> {
  try {
    return { tokens: tokenizer.encode(text), unread: null };
  } catch (error) {
    if (!PhalanxError.is(error, 'MARK_ARGUMENT') && !PhalanxError.is(error, 'MARK_LIMIT')) throw error;
    return { tokens: new Int32Array(0), unread: error.message };
  }
}

const GAP = /(?<=\S) +(?=\S)/g;

function undoDisguise(given: string): Pick<ReadText, 'text' | 'repairs'> {
  const { text, repairs } = repairText(given);
  const isAltered = repairs.homoglyphs + repairs.invisible > 0;
  const shown = isAltered ? text : given;
  let gaps = 0;
  let runs = 0;
  for (const [gap] of shown.matchAll(GAP)) {
    gaps++;
    if (gap.length > 1) runs++;
  }
  const isSpaced = runs * 2 > gaps;
  if (!isAltered && !isSpaced) return { text: given, repairs: null };
  return {
    text: isSpaced ? shown.replace(GAP, ' ') : shown,
    repairs: { ...repairs, spaces: isSpaced ? runs : 0 },
  };
}
