import { type MarkRank, rankMark } from '../detect/key-rank.js';
import { testKey } from '../detect/log-p.js';
import type { Mark } from '../mark.js';
import type { Ngrams } from '../ngrams.js';
import { scoreValues } from './centred-score.js';
import { boundWeightedSum } from './chernoff.js';
import { keepDistinct } from './closed-test.js';
import { TiltProcess } from './tilt-process.js';
import { WeightedNgramTable } from './weighted-ngrams.js';

/** Tokens of the marked vocabulary and their probabilities, summing to at most 1: the rest was not told. */
export type TokenMass = ReadonlyMap<number, number>;

/** What a suspect and a reference model say about the token after one context. */
export interface ReferencedContext {
  readonly context: Int32Array;
  readonly mass: TokenMass;
  readonly reference: TokenMass;
  /** Root of how often the context came up. */
  readonly weight: number;
}

/** What the probabilities of a suspect say about one key. */
export interface OpenFigures {
  /** Contexts that counted. */
  readonly contexts: number;
  /** Mean probability that was told and is in the marked vocabulary, an effect of truncation: 1 is all. */
  readonly coverage: number;
  /** Mean over contexts of the mean score under the suspect's distribution: mass on green minus gamma, and the like. */
  readonly massExcess: number;
  /** The key among decoys by mass. */
  readonly mass: MarkRank;
  /** The key among decoys by how the suspect departs from a reference model; null without one. */
  readonly contrast: MarkRank | null;
  /** Chernoff's upper bound for mass; see `boundWeightedSum`. Null where n-grams share values. */
  readonly logMassBound: number | null;
  /** E-process over contexts in the order they were added, and its bound on p at any time; null where n-grams share values. */
  readonly logE: number | null;
  readonly logSequentialP: number | null;
  /** Only the likeliest token of each context, tested as text ("reading mode"): what is left when no probabilities are told. */
  readonly logReadingP: number;
}

/**
 * Test of a suspect by its distributions of the next token, each distinct context once. Null: the suspect learned from nothing
 * that depends on the key.
 *
 * - Mass: sum over contexts of the mean score. Its rank among decoy keys is exact when the contexts do not depend on the key.
 * - Contrast: the same with p - r in place of p, r from a model that never saw marks (best: the marked model without its mark), and with
 *   the root of how often the context came up as weight. What both models share cancels, which is most of the noise. As exact as mass.
 * - E-process: exact even when the contexts come from marked text, as long as each context is new when it is asked for: its scores are then
 *   independent of everything before it. The rank is not quite exact there: later contexts follow from earlier scores.
 *
 * Truncated distributions leave p - r wrong for tokens that only one side told; this costs power and not validity.
 */
export class OpenTest {
  readonly #mark: Mark;
  readonly #mass: WeightedNgramTable;
  readonly #argmax: WeightedNgramTable;
  readonly #process: TiltProcess | null;
  readonly #contexts: { context: Int32Array; mass: TokenMass; reference: TokenMass | null }[] = [];
  readonly #counts = new Map<string, number>();
  #told = 0;
  #read = 0;

  /** @throws PhalanxError `MARK_ARGUMENT` for a mark without context. */
  constructor(mark: Mark) {
    this.#mark = mark;
    this.#mass = new WeightedNgramTable(mark.contextWidth);
    this.#argmax = new WeightedNgramTable(mark.contextWidth);
    this.#process = mark.test === undefined ? new TiltProcess(mark.pivot) : null;
  }

  get contextWidth(): number {
    return this.#mark.contextWidth;
  }

  /** Lets the contexts of a prompt count as seen. */
  excludePrompt(tokens: Int32Array): void {
    this.#mass.exclude(tokens);
  }

  /** Whether the context is worth asking about: not seen, not excluded. Counts how often it came up. */
  claim(context: Int32Array): boolean {
    const name = context.join();
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return this.#mass.claim(context);
  }

  /** Adds what the suspect, and a reference model, say follows a claimed context. */
  add(context: Int32Array, mass: TokenMass, reference: TokenMass | null = null): void {
    if (mass.size === 0) return;
    this.#mass.add(context, mass);
    let best: readonly [number, number] = [-1, -1];
    for (const [token, p] of mass) {
      this.#told += p;
      if (p > best[1]) best = [token, p];
    }
    this.#argmax.add(context, [[best[0], 1]]);
    this.#contexts.push({ context, mass, reference });
  }

  /** Takes the contexts added since the last call into the e-process and returns `logE`; null as in `OpenFigures`. */
  update(): number | null {
    if (this.#process === null) return null;
    // Where n-grams may share draws, what an earlier one took must be in view.
    const from = this.#mark.distinct === undefined ? this.#read : 0;
    const { ngrams, weights, starts } = this.#mass.collect(from);
    const skip = starts[this.#read - from]!;
    this.#read = this.#mass.size;
    const scores = scoreValues(this.#mark.pivot, this.#mark.read(ngrams));
    return this.#process.add(scores.subarray(skip), weights.subarray(skip));
  }

  /**
   * @param openDecoy the mark under a fresh key, drawn as the tested one was
   * @param decoys for the rank of contrast, if there is a reference
   * @param massDecoys for the rank of mass; fewer where it does not count
   */
  test(openDecoy: () => Mark, decoys: number, massDecoys: number = decoys): OpenFigures {
    this.update();
    const { ngrams, mass, contrast } = this.#collectWeights();
    const rank = (weights: Float64Array, count: number) =>
      rankMark(ngrams, this.#mark, openMany(openDecoy, count), {
        score: (mark) => sumProducts(scoreValues(mark.pivot, mark.read(ngrams)), weights),
      });
    const byMass = rank(mass, massDecoys);
    const contexts = this.#mass.size;
    return {
      contexts,
      coverage: contexts === 0 ? 0 : this.#told / contexts,
      massExcess: contexts === 0 ? 0 : byMass.score / contexts,
      mass: byMass,
      contrast: contrast === null ? null : rank(contrast, decoys),
      logMassBound: this.#process === null ? null : boundWeightedSum(this.#mark, this.#mass.collect()),
      logE: this.#process?.logE ?? null,
      logSequentialP: this.#process?.logP ?? null,
      logReadingP: testKey(this.#mark, keepDistinct(this.#mark, this.#argmax.collect().ngrams)).logP,
    };
  }

  /** Contexts that have a reference, for an estimate of the dose. */
  listReferenced(): ReferencedContext[] {
    return this.#contexts.flatMap(({ context, mass, reference }) =>
      reference === null ? [] : [{ context, mass, reference, weight: this.#weigh(context) }],
    );
  }

  /** N-grams of both statistics with the weights of each; `contrast` null when no context has a reference. */
  #collectWeights(): { ngrams: Ngrams; mass: Float64Array; contrast: Float64Array | null } {
    const table = new WeightedNgramTable(this.#mark.contextWidth);
    const byMass: number[] = [];
    for (const { context, mass, reference } of this.#contexts) {
      const weight = reference === null ? 0 : this.#weigh(context);
      const rows = new Map<number, number>();
      for (const [token, p] of mass) rows.set(token, weight * p);
      for (const [token, r] of reference ?? []) rows.set(token, (rows.get(token) ?? 0) - weight * r);
      for (const token of rows.keys()) byMass.push(mass.get(token) ?? 0);
      table.add(context, rows);
    }
    const { ngrams, weights } = table.collect();
    const hasReference = this.#contexts.some(({ reference }) => reference !== null);
    return { ngrams, mass: Float64Array.from(byMass), contrast: hasReference ? weights : null };
  }

  #weigh(context: Int32Array): number {
    return Math.sqrt(this.#counts.get(context.join()) ?? 1);
  }
}

function* openMany(openDecoy: () => Mark, count: number): Generator<Mark> {
  for (let k = 0; k < count; k++) yield openDecoy();
}

function sumProducts(scores: Float64Array, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i]! * weights[i]!;
  return sum;
}
