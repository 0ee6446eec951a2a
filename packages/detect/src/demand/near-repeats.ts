import { TOPIC_BYTES } from '@phalanx/domain';

/** The columns of a sample that decide whether two prompts are near-repeats. */
export interface PromptColumns {
  readonly promptHash: BigUint64Array;
  readonly topics: Uint8Array;
}

const TOPICS = TOPIC_BYTES / 2;
/** Of a full sample of eight, this many words must not be boilerplate. */
const MIN_INFORMATIVE = 4;
const BOILERPLATE_SHARE = 0.2;
const BOILERPLATE_ROWS = 3_000;

/**
 * Says of each prompt whether one seen earlier is a near-repeat of it: equal keyed hashes, or the same sampled content
 * words and numbers once a template's own words are left out.
 *
 * Prompts with up to eight such words are compared whole (order, case and stop words do not count); of longer ones the
 * eight sampled must all agree, which texts of Jaccard similarity J do with probability about J^8. Loose similarity is
 * not used on purpose: people repeat themselves nearly to the word, while lists made by a machine are full of cousins
 * (a public coding set has 3.2e-5 pairs at similarity 0.75, as chat has; at equal words 0.3e-5 against 3.7e-5).
 */
export class NearRepeatIndex {
  readonly #hashes = new Set<bigint>();
  readonly #words = new Set<string>();
  readonly #boilerplate: ReadonlySet<number>;
  readonly capacity: number;
  #size = 0;

  /**
   * @param capacity prompts remembered at most
   * @param boilerplate content words that say nothing here (see `findBoilerplate`)
   */
  constructor(capacity: number, boilerplate: ReadonlySet<number>) {
    this.capacity = capacity;
    this.#boilerplate = boilerplate;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Whether row `row` of `prompts` repeats something earlier; then remembers it, unless the index is full. Null, and not
   * remembered, when the sampled words are nearly all boilerplate: neither a repeat nor the absence of one can be told.
   */
  add(prompts: PromptColumns, row: number): boolean | null {
    const hash = prompts.promptHash[row]!;
    const sampled = topicList(prompts.topics, row);
    const words = sampled.filter((topic) => !this.#boilerplate.has(topic));
    if (sampled.length === TOPICS && words.length < MIN_INFORMATIVE)
      return this.#hashes.has(hash) ? true : null;
    const key = String.fromCharCode(...(words.length > 0 ? words : sampled));
    const repeat = this.#hashes.has(hash) || this.#words.has(key);
    if (this.#size < this.capacity) {
      this.#size++;
      this.#hashes.add(hash);
      if (sampled.length > 0) this.#words.add(key);
    }
    return repeat;
  }
}

/** Content words in more than a fifth of the prompts: a template's own, such as "think step by step" behind each task. */
export function findBoilerplate(
  prompts: Pick<PromptColumns, 'topics'>,
  rows: readonly number[],
): Set<number> {
  const counts = new Map<number, number>();
  const some = rows.slice(0, BOILERPLATE_ROWS);
  for (const row of some)
    for (const topic of topicList(prompts.topics, row)) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  const boilerplate = new Set<number>();
  for (const [topic, n] of counts) if (n > BOILERPLATE_SHARE * some.length) boilerplate.add(topic);
  return boilerplate;
}

/** Sampled content words of one row, ascending; at most eight. */
export function topicList(topics: Uint8Array, row: number): number[] {
  const out: number[] = [];
  for (let i = row * TOPIC_BYTES; i < (row + 1) * TOPIC_BYTES; i += 2) {
    const topic = topics[i]! | (topics[i + 1]! << 8);
    if (topic !== 0) out.push(topic);
  }
  return out;
}
