import { randomFillSync } from 'node:crypto';
import {
  drawCandidate,
  findLikeliest,
  type Truncation,
  truncateCandidates,
  truncateLogits,
} from './candidates.js';
import { openMark } from './dialects/registry.js';
import type { Candidates, Mark } from './mark.js';
import type { MarkProfile, Sampling } from './profile.js';
import { demand } from './watermark-error.js';

/** One step of generation: the model's distribution and what has been said. */
export interface SamplingStep {
  /** A row of the model's logits, one a token id; or `candidates` instead. */
  readonly logits?: ArrayLike<number>;
  /** The same as ids and ln of probabilities, ids ascending; tokens left out cannot come. */
  readonly candidates?: Candidates;
  /** Tokens of this answer so far, the prompt not among them. */
  readonly answer: Int32Array;
  /** Tokens before the answer; only `deduplicateContexts: 'all'` looks at them. */
  readonly prompt?: Int32Array;
  /** In place of the profile's null members; the profile's own values stand. */
  readonly request?: Partial<Truncation>;
}

/** What a step came to. A log of answers keeps both: ids are what a detector reads best. */
export interface DrawnToken {
  readonly token: number;
  /** False when the token was drawn without the mark: no whole context, a repeated one, or nothing to choose from. */
  readonly marked: boolean;
}

/** Draws tokens under a mark. A pure function but for `random`: what it needs to know of the past is in the step. */
export interface Sampler {
  readonly mark: Mark;
  /** @throws PhalanxError `MARK_ARGUMENT` for a distribution with NaN or without any token, or ids that do not ascend */
  next(step: SamplingStep): DrawnToken;
}

export interface SamplerOptions {
  /** Uniform on [0, 1); default: from the operating system's generator. */
  readonly random?: () => number;
}

/**
 * The sampler of a profile and its key. Order of an engine: temperature, top-k, top-p, the mark, the draw. A temperature of 0
 * takes the likeliest token, unmarked.
 *
 * With `deduplicateContexts` other than `none`, a context that occurred before is drawn from without the mark; then for
 * Gumbel-max, SynthID and multi-bit a whole answer has exactly the model's distribution over the key, and not only each token.
 *
 * @param key as the dialect writes it
 * @throws PhalanxError `MARK_KEY`, `MARK_PROFILE` as `Dialect.open`
 */
export function openSampler(profile: MarkProfile, key: string, options: SamplerOptions = {}): Sampler {
  return makeSampler(openMark(profile.dialect, profile.parameters, key), profile.sampling, options);
}

/** `openSampler` for a mark that is open. */
export function makeSampler(
  mark: Mark,
  sampling: Sampling,
  { random = drawUniform }: SamplerOptions = {},
): Sampler {
  return {
    mark,
    next({ logits, candidates, answer, prompt = NONE, request = {} }) {
      const temperature = sampling.temperature ?? request.temperature ?? 1;
      const topK = sampling.topK ?? request.topK ?? 0;
      const topP = sampling.topP ?? request.topP ?? 1;
      const truncation = { temperature: temperature === 0 ? 1 : temperature, topK, topP };
      demand(
        (logits === undefined) !== (candidates === undefined),
        'MARK_ARGUMENT',
        'a step has logits or candidates',
        'Give one.',
      );
      const left =
        logits === undefined
          ? truncateCandidates(candidates!, truncation)
          : truncateLogits(logits, truncation);
      if (temperature === 0) return { token: findLikeliest(left), marked: false };
      const context = findContext(mark, answer);
      const marked =
        context !== null && left.tokens.length > 1 && !isRepeated(context, mark, sampling, answer, prompt);
      if (marked) mark.reshape(context, left, random);
      return { token: drawCandidate(left, random()), marked };
    },
  };
}

const NONE = new Int32Array(0);
const pool = new Uint32Array(1024);
let drawn = pool.length;

/** 53 random bits over 2^53; drawn many at a time, since a call costs more than a number. */
function drawUniform(): number {
  if (drawn === pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  const high = pool[drawn++]! >>> 5;
  const low = pool[drawn++]! >>> 6;
  return (high * 67_108_864 + low) / 9_007_199_254_740_992;
}

/** The context of the next token, padded at the start of an answer where the dialect pads; null where it does not mark. */
function findContext({ contextWidth, padding }: Mark, answer: Int32Array): Int32Array | null {
  if (answer.length >= contextWidth) return answer.slice(answer.length - contextWidth);
  if (padding === null) return null;
  const context = new Int32Array(contextWidth).fill(padding);
  context.set(answer, contextWidth - answer.length);
  return context;
}

/**
 * Whether this context stood before an earlier token: of the answer, and for `all` of the prompt. Searched backwards, last
 * token first, so that a place costs one comparison as a rule.
 */
function isRepeated(
  context: Int32Array,
  { contextWidth, padding }: Mark,
  { deduplicateContexts, history }: Sampling,
  answer: Int32Array,
  prompt: Int32Array,
): boolean {
  if (deduplicateContexts === 'none' || contextWidth === 0) return false;
  if (deduplicateContexts === 'all' && answer.length < contextWidth) return true;
  if (isAmong(context, answer, padding, history)) return true;
  if (deduplicateContexts !== 'all') return false;
  // Contexts of the prompt, and those that reach from the prompt into the answer.
  const joint = new Int32Array(prompt.length + contextWidth);
  joint.set(prompt);
  joint.set(answer.subarray(0, contextWidth), prompt.length);
  return isAmong(context, joint, null, Math.max(0, history - answer.length) + contextWidth);
}

/** Whether `context` stood before one of the latest `history` tokens of a text; contexts end before the text does. */
function isAmong(context: Int32Array, text: Int32Array, padding: number | null, history: number): boolean {
  const width = context.length;
  const first = Math.max(padding === null ? width : 0, text.length - history);
  for (let at = text.length - 1; at >= first; at--) {
    let back = 1;
    while (back <= width && (at >= back ? text[at - back] : padding) === context[width - back]) back++;
    if (back > width) return true;
  }
  return false;
}
