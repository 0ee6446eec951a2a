import { TOPIC_BYTES } from '@phalanx/domain';

/** The columns of a sample that decide whether two prompts are near-repeats. */
export interface PromptColumns {
  readonly promptHash: BigUint64Array;
  readonly topics: Uint8Array;
}

const TOPICS = TOPIC_BYTES / 2;
const JACCARD = 0.75;
const MAX_CANDIDATES = 100;
/** Of a full sample of eight, this many words must not be boilerplate. */
const MIN_INFORMATIVE = 4;
const BOILERPLATE_SHARE = 0.2;
const BOILERPLATE_ROWS = 3_000;
/** Pairs of positions in the ascending topic list that serve as keys: similar lists share several. */
const KEYS: readonly (readonly [number, number])[] = [
  [0, 1],
  [1, 2],
  [2, 3],
  [0, 2],
  [1, 3],
  [3, 4],
  [2, 4],
];

/**
 * Says of each prompt whether a prompt seen earlier is a near-repeat of it: equal keyed hashes, or content words in common
 * to an estimated Jaccard similarity of at least 0.75.
 *
 * The estimate is the bottom-k one on the eight sampled content words: of the eight smallest of both lists together, the
 * share that both hold. Prompts with up to eight content words are compared exactly. At most 100 candidates are compared,
 * newest first, so a flood of one template costs bounded time. A template's own words are left out.
 */
export class NearRepeatIndex {
  readonly #byHash = new Set<bigint>();
  readonly #buckets = new Map<number, number[]>();
  readonly #topics: Uint16Array;
  readonly #length: Uint8Array;
  readonly capacity: number;
  readonly #boilerplate: ReadonlySet<number>;
  #size = 0;

  /**
   * @param capacity prompts remembered at most
   * @param boilerplate content words that say nothing here (see `findBoilerplate`)
   */
  constructor(capacity: number, boilerplate: ReadonlySet<number>) {
    this.capacity = capacity;
    this.#boilerplate = boilerplate;
    this.#topics = new Uint16Array(capacity * TOPICS);
    this.#length = new Uint8Array(capacity);
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
    const sampled = topicList(prompts.topics.subarray(row * TOPIC_BYTES, (row + 1) * TOPIC_BYTES));
    const topics = sampled.filter((topic) => !this.#boilerplate.has(topic));
    if (sampled.length === TOPICS && topics.length < MIN_INFORMATIVE)
      return this.#byHash.has(hash) ? true : null;
    const keys = bucketKeys(topics);
    const repeat = this.#byHash.has(hash) || this.#hasNear(topics, keys);
    if (this.#size < this.capacity) {
      const item = this.#size++;
      this.#byHash.add(hash);
      this.#topics.set(topics, item * TOPICS);
      this.#length[item] = topics.length;
      for (const key of keys) {
        const bucket = this.#buckets.get(key);
        if (bucket) bucket.push(item);
        else this.#buckets.set(key, [item]);
      }
    }
    return repeat;
  }

  #hasNear(topics: readonly number[], keys: readonly number[]): boolean {
    let compared = 0;
    for (const key of keys) {
      const bucket = this.#buckets.get(key);
      if (!bucket) continue;
      for (let i = bucket.length - 1; i >= 0 && compared < MAX_CANDIDATES; i--, compared++) {
        const at = bucket[i]! * TOPICS;
        if (similarity(topics, this.#topics.subarray(at, at + this.#length[bucket[i]!]!)) >= JACCARD)
          return true;
      }
    }
    return false;
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
    for (const topic of topicList(prompts.topics.subarray(row * TOPIC_BYTES, (row + 1) * TOPIC_BYTES)))
      counts.set(topic, (counts.get(topic) ?? 0) + 1);
  const boilerplate = new Set<number>();
  for (const [topic, n] of counts) if (n > BOILERPLATE_SHARE * some.length) boilerplate.add(topic);
  return boilerplate;
}

/** Keys of a list with one topic are that topic; 2^32 keeps them apart from pairs. */
function bucketKeys(topics: readonly number[]): number[] {
  if (topics.length === 1) return [2 ** 32 + topics[0]!];
  const keys: number[] = [];
  for (const [i, j] of KEYS) if (j < topics.length) keys.push(topics[i]! * 65_536 + topics[j]!);
  return keys;
}

/** Bottom-k estimate of the Jaccard similarity of two ascending lists. */
function similarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let i = 0;
  let j = 0;
  let seen = 0;
  let common = 0;
  const full = a.length === TOPICS || b.length === TOPICS;
  while ((i < a.length || j < b.length) && !(full && seen === TOPICS)) {
    const x = i < a.length ? a[i]! : 65_536;
    const y = j < b.length ? b[j]! : 65_536;
    if (x === y) common++;
    if (x <= y) i++;
    if (y <= x) j++;
    seen++;
  }
  return seen === 0 ? 0 : common / seen;
}

/** The topics of a sketch, ascending; at most eight. */
export function topicList(bytes: Uint8Array): number[] {
  const out: number[] = [];
  for (let i = 0; i < TOPIC_BYTES; i += 2) {
    const topic = bytes[i]! | (bytes[i + 1]! << 8);
    if (topic !== 0) out.push(topic);
  }
  return out;
}
