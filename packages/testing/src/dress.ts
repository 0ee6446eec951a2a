import { mistype } from './grammar/grammar.js';
import { hashString, stream } from './random.js';

/** How a prompt's bare text is put into a request. Plain data, so that equal dresses share one number. */
export interface Dress {
  readonly prefix?: string;
  readonly suffix?: string;
  /** Share of this dress's prompts turned to lower case. */
  readonly lowerShare?: number;
  /** Share of letters mistyped. */
  readonly typos?: number;
  /** Share of prompts whose final punctuation is dropped. */
  readonly dropEnd?: number;
}

/** Puts a text into its dress. The same text in the same dress is always the same request. */
export function dressText(text: string, dress: Dress): string {
  if (dress.lowerShare !== undefined || dress.typos !== undefined || dress.dropEnd !== undefined) {
    const random = stream('dress', hashString(text), dress.prefix ?? '', dress.typos ?? 0);
    if (random.chance(dress.lowerShare ?? 0)) text = text.toLowerCase();
    if (random.chance(dress.dropEnd ?? 0)) text = text.replace(/[.!?]+$/, '');
    if (dress.typos) text = mistype(text, dress.typos, random);
  }
  return `${dress.prefix ?? ''}${text}${dress.suffix ?? ''}`;
}

/** Ways in which distillers are known to ask for written-out reasoning; suffixes, except that one is put in front. */
export const ELICITATIONS: readonly Dress[] = [
  { suffix: "\n\nLet's think step by step." },
  { suffix: '\n\nThink step by step and explain your reasoning before the final answer.' },
  {
    prefix:
      'Imagine and articulate the internal reasoning behind a completed response to the request below, and write it out step by step.\n\n',
  },
  { suffix: '\n\nPlease reason step by step, and put your final answer within \\boxed{}.' },
  { suffix: '\n\nFirst write your full thought process in <think> tags, then the answer.' },
];

/** Small talk that people put before a request. */
export const OPENERS: readonly string[] = [
  '',
  '',
  '',
  'hi, ',
  'Hello! ',
  'hey ',
  'quick one: ',
  'Please help: ',
  'ok so ',
  'I have a question. ',
  'pls ',
  'Thanks in advance. ',
];
