import { Random } from '@phalanx/stats';
import type { Answer, Passage, Prediction, SuspectModel } from '@phalanx/suspect';
import type { Candidates, Mark } from '../mark.js';
import { demand, refuse, requireInteger } from '../watermark-error.js';

export interface NgramStudentOptions {
  readonly id?: string;
  /** Tokens that it looks back: 1 for bigrams. 1 to 4. */
  readonly contextWidth: number;
  /** Ids are below it; `vocabularySize ** contextWidth` must be exact. */
  readonly vocabularySize: number;
  /** Tokens of an answer that `complete` gives. Default 64. */
  readonly answerTokens?: number;
  /** Seed of what `complete` draws. Default 1. */
  readonly seed?: number;
}

interface Row {
  readonly counts: Map<number, number>;
  total: number;
  drawn: Drawn | null;
}

interface Drawn extends Candidates {
  readonly cumulative: Float64Array;
}

/**
 * A language model that is counted, not trained: relative frequencies of the token after each context, of the longest
 * context that was seen. A student with a known dose of marked text for calibrating a test, and a suspect that answers at once.
 */
export class NgramStudent implements SuspectModel {
  readonly id: string;
  readonly contextWidth: number;
  readonly #size: number;
  readonly #answerTokens: number;
  readonly #random: Random;
  /** By length of context, then by its number in base `vocabularySize`. */
  readonly #rows: readonly Map<number, Row>[];

  /** @throws PhalanxError `MARK_ARGUMENT` for options outside their ranges. */
  constructor(options: NgramStudentOptions) {
    const { id = 'n-gram student', contextWidth, vocabularySize, answerTokens = 64, seed = 1 } = options;
    requireInteger(contextWidth, 'context width', 1, 4);
    requireInteger(vocabularySize, 'vocabulary size', 2, 2 ** 24);
    requireInteger(answerTokens, 'answer tokens', 1, 1_000_000);
    demand(
      vocabularySize ** contextWidth <= Number.MAX_SAFE_INTEGER,
      'MARK_ARGUMENT',
      'contexts have no exact numbers',
      'Take a smaller vocabulary.',
    );
    this.id = id;
    this.contextWidth = contextWidth;
    this.#size = vocabularySize;
    this.#answerTokens = answerTokens;
    this.#random = new Random(seed);
    this.#rows = Array.from({ length: contextWidth + 1 }, () => new Map());
  }

  /** Counts the n-grams of a text, each context length on its own. Negative ids stand for nothing. */
  learn(text: Int32Array): void {
    for (let at = 0; at < text.length; at++)
      for (let back = 0; back <= Math.min(at, this.contextWidth); back++) {
        const rows = this.#rows[back]!;
        const key = this.#number(text, at, back);
        let row = rows.get(key);
        if (row === undefined) rows.set(key, (row = { counts: new Map(), total: 0, drawn: null }));
        row.counts.set(text[at]!, (row.counts.get(text[at]!) ?? 0) + 1);
        row.total++;
        row.drawn = null;
      }
  }

  /**
   * Distribution after `context`, ascending by id; shared, not to be changed.
   *
   * @throws PhalanxError `MARK_ARGUMENT` when nothing has been learned.
   */
  predict(context: Int32Array): Candidates {
    return this.#draw(context, context.length);
  }

  /** Times that the last `contextWidth` tokens of `context` were seen with a token after them. */
  countContext(context: Int32Array): number {
    if (context.length < this.contextWidth) return 0;
    return (
      this.#rows[this.contextWidth]!.get(this.#number(context, context.length, this.contextWidth))?.total ?? 0
    );
  }

  /** Draws `length` tokens that follow `prompt`, shaped by a mark if one is given. The prompt is not returned. */
  generate(
    length: number,
    random: Random,
    mark: Mark | null = null,
    prompt: Int32Array = new Int32Array(0),
  ): Int32Array {
    const width = mark?.contextWidth ?? 0;
    const all = new Int32Array(prompt.length + length);
    all.set(prompt);
    for (let at = prompt.length; at < all.length; at++) {
      const drawn = this.#draw(all, at);
      all[at] =
        mark !== null && (at >= width || mark.padding !== null)
          ? drawMarked(mark, readContext(all, at, width, mark.padding ?? 0), drawn, random)
          : drawn.tokens[search(drawn.cumulative, random.uniform())]!;
    }
    return all.slice(prompt.length);
  }

  async complete(prompt: Passage): Promise<Answer> {
    const tokens = requireTokens(prompt);
    return { passage: this.generate(this.#answerTokens, this.#random, null, tokens) };
  }

  async logProbabilities(context: Passage): Promise<Prediction> {
    const { tokens, logProbabilities } = this.predict(requireTokens(context));
    return { candidates: tokens, logProbabilities };
  }

  #draw(text: Int32Array, end: number): Drawn {
    for (let back = Math.min(end, this.contextWidth); back >= 0; back--) {
      const row = this.#rows[back]!.get(this.#number(text, end, back));
      if (row === undefined) continue;
      row.drawn ??= describe(row);
      return row.drawn;
    }
    return refuse('MARK_ARGUMENT', 'the model has learned nothing', 'Give it a text.');
  }

  #number(text: Int32Array, end: number, back: number): number {
    let number = 0;
    for (let i = end - back; i < end; i++) number = number * this.#size + text[i]!;
    return number;
  }
}

/** The `width` tokens before `at`, with padding where the text has none. */
export function readContext(text: Int32Array, at: number, width: number, padding: number): Int32Array {
  const context = new Int32Array(width).fill(padding);
  const from = Math.max(0, at - width);
  context.set(text.subarray(from, at), width - (at - from));
  return context;
}

function describe({ counts, total }: Row): Drawn {
  const tokens = Int32Array.from(counts.keys()).sort();
  const logProbabilities = Float64Array.from(tokens, (token) => Math.log(counts.get(token)! / total));
  let sum = 0;
  const cumulative = Float64Array.from(tokens, (token) => (sum += counts.get(token)!) / total);
  return { tokens, logProbabilities, cumulative };
}

function drawMarked(mark: Mark, context: Int32Array, drawn: Drawn, random: Random): number {
  const shaped = { tokens: drawn.tokens, logProbabilities: drawn.logProbabilities.slice() };
  mark.reshape(context, shaped, () => random.uniform());
  let highest = Number.NEGATIVE_INFINITY;
  for (const logProbability of shaped.logProbabilities) highest = Math.max(highest, logProbability);
  let sum = 0;
  const cumulative = shaped.logProbabilities.map(
    (logProbability) => (sum += Math.exp(logProbability - highest)),
  );
  return drawn.tokens[search(cumulative, random.uniform() * sum)]!;
}

/** First index whose cumulative weight is above `value`. */
function search(cumulative: Float64Array, value: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function requireTokens(passage: Passage): Int32Array {
  if (typeof passage !== 'string') return passage;
  return refuse('MARK_ARGUMENT', 'an n-gram student reads token ids', 'Tokenise the prompt.');
}
