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
 * Says of each prompt how long ago a near-repeat of it was seen: equal keyed hashes, or the same sampled content
 * words and numbers once a template's own words are left out.
 *
 * Prompts with up to eight such words are compared whole (order, case and stop words do not count); of longer ones the
 * eight sampled must all agree, which texts of Jaccard similarity J do with probability about J^8. Loose similarity is
 * not used on purpose: people repeat themselves nearly to the word, while lists made by a machine are full of cousins
 * (a public coding set has 3.2e-5 pairs at similarity 0.75, as chat has; at equal words 0.3e-5 against 3.7e-5).
 */
export class NearRepeatIndex {
  /** Place of the last prompt with this hash, or with these words. */
  readonly #hashes = new Map<bigint, number>();
  readonly #words = new Map<string, number>();
  /** The last `capacity` prompts, in a ring. */
  readonly #remembered: { hash: bigint; key: string }[] = [];
  readonly #boilerplate: ReadonlySet<number>;
  readonly capacity: number;
  #seen = 0;

  /**
   * @param capacity prompts remembered at most, the youngest
   * @param boilerplate content words that say nothing here (see `findBoilerplate`)
   */
  constructor(capacity: number, boilerplate: ReadonlySet<number>) {
    this.capacity = capacity;
    this.#boilerplate = boilerplate;
  }

  /** Prompts remembered. */
  get size(): number {
    return this.#remembered.length;
  }

  /**
   * How many prompts ago the last near-repeat of row `row` of `prompts` came, from 1; 0 if none is remembered. Null, and not
   * remembered, when the sampled words are nearly all boilerplate: neither a repeat nor the absence of one can be told.
   */
  add(prompts: PromptColumns, row: number): number | null {
    const hash = prompts.promptHash[row]!;
    const sampled = topicList(prompts.topics, row);
    const words = sampled.filter((topic) => !this.#boilerplate.has(topic));
    const sameHash = this.#hashes.get(hash);
    if (sampled.length === TOPICS && words.length < MIN_INFORMATIVE)
      return sameHash === undefined ? null : this.#seen - sameHash;
    const key = String.fromCharCode(...(words.length > 0 ? words : sampled));
    const last = Math.max(sameHash ?? -1, this.#words.get(key) ?? -1);
    const ago = last < 0 ? 0 : this.#seen - last;
    this.#remember({ hash, key: sampled.length > 0 ? key : '' });
    return ago;
  }

  #remember(prompt: { hash: bigint; key: string }): void {
    if (this.capacity === 0) return;
    const place = this.#seen % this.capacity;
    const oldest = this.#remembered[place];
    if (oldest) {
      const gone = this.#seen - this.capacity;
      if (this.#hashes.get(oldest.hash) === gone) this.#hashes.delete(oldest.hash);
      if (this.#words.get(oldest.key) === gone) this.#words.delete(oldest.key);
    }
    this.#remembered[place] = prompt;
    this.#hashes.set(prompt.hash, this.#seen);
    if (prompt.key !== '') this.#words.set(prompt.key, this.#seen);
    this.#seen++;
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
