import { type MarkTest, testKey } from '../detect/log-p.js';
import type { Mark } from '../mark.js';
import { NgramCollector, type Ngrams } from '../ngrams.js';
import { scoreValues } from './centred-score.js';
import { TiltProcess } from './tilt-process.js';

/** What the texts of a suspect say about one key. */
export interface ClosedFigures extends MarkTest {
  /** ln of the e-value after the last answer; null for a mark whose n-grams share values, which has no such process. */
  readonly logE: number | null;
  /** ln of the p-value that holds whenever one stops: 1 over the highest e-value. Null as `logE`. */
  readonly logSequentialP: number | null;
  readonly answers: number;
  /** Tokens left out: their n-gram came before, in an answer or a prompt. */
  readonly repeated: number;
}

/**
 * Test of a suspect by its answers alone. Null: the suspect learned from nothing that depends on the key. N-grams count once over
 * all answers, and none that stands in a prompt, since prompts may be marked and models copy what they are asked. That an n-gram of a
 * prompt is left out by itself and not with its context is right for lists and for Gumbel choices: that another token was chosen
 * after the same context makes a green or high value less likely, if anything. For layers the whole context is left out.
 *
 * After each answer the e-value may be looked at; `test().logP` holds only when the number of answers was fixed before.
 */
export class ClosedTest {
  readonly #mark: Mark;
  readonly #ngrams: NgramCollector;
  readonly #process: TiltProcess | null;
  #answers = 0;
  #read = 0;

  constructor(mark: Mark) {
    this.#mark = mark;
    this.#ngrams = new NgramCollector({
      contextWidth: mark.contextWidth,
      unit: mark.pivot.kind === 'layers' ? 'context' : mark.unit,
      padding: mark.padding,
    });
    this.#process = mark.test === undefined ? new TiltProcess(mark.pivot) : null;
  }

  /** Lets what a prompt says count as seen. All prompts of a test belong here before its first answer. */
  excludePrompt(tokens: Int32Array): void {
    this.#ngrams.exclude(tokens);
  }

  /** Adds an answer; `mask` 0 leaves a token out. */
  addAnswer(tokens: Int32Array, mask?: Uint8Array): void {
    this.#ngrams.add(tokens, mask);
    this.#answers++;
  }

  /** Takes the answers added since the last call into the e-process and returns `logE`; null as in `ClosedFigures`. */
  update(): number | null {
    if (this.#process === null) return null;
    const fresh = cutRows(this.collect(), this.#read);
    this.#read += fresh.count;
    return this.#process.add(scoreValues(this.#mark.pivot, this.#mark.read(fresh)));
  }

  test(): ClosedFigures {
    this.update();
    const ngrams = this.collect();
    return {
      ...testKey(this.#mark, ngrams),
      logE: this.#process?.logE ?? null,
      logSequentialP: this.#process?.logP ?? null,
      answers: this.#answers,
      repeated: ngrams.repeated,
    };
  }

  /** The n-grams that count, for tests of other keys on the same answers. */
  collect(): Ngrams {
    return keepDistinct(this.#mark, this.#ngrams.collect());
  }
}

/** The n-grams of which no two share a draw: the first of each draw, so that more text only adds to them. */
export function keepDistinct(mark: Mark, ngrams: Ngrams): Ngrams {
  return mark.distinct?.(ngrams) ?? ngrams;
}

function cutRows(ngrams: Ngrams, from: number): Ngrams {
  return {
    ...ngrams,
    count: ngrams.count - from,
    tokens: ngrams.tokens.subarray(from * ngrams.width),
    text: ngrams.text.subarray(from),
    position: ngrams.position.subarray(from),
  };
}
