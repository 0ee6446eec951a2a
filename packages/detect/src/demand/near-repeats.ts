import { PROMPT_MINHASH_BYTES, TOPIC_BYTES } from '@phalanx/domain';

/** The columns of a sample that decide whether two prompts are near-repeats. */
export interface PromptColumns {
  readonly promptHash: BigUint64Array;
  readonly minhash: Uint8Array;
  readonly topics: Uint8Array;
}

const LANES = PROMPT_MINHASH_BYTES / 2;
const BANDS = 16;
/** Jaccard similarity of at least 0.7 in head and in tail. */
const EQUAL_LANES = Math.ceil(0.7 * LANES);
/** Of eight sampled content words, six in common: sees the middle, which head and tail do not. */
const COMMON_TOPICS = 6;
const MAX_CANDIDATES = 200;

/**
 * Says of each prompt whether a prompt seen earlier is a near-repeat of it.
 *
 * Near-repeat: equal keyed hashes, or head and tail sketches both at Jaccard >= 0.7 and at least 6 of 8 sampled content
 * words in common. Candidates come from 16 bands of 4 lanes; a pair at Jaccard 0.7 in both halves is found with
 * probability 1 - (1 - 0.24)^16 = 0.988. At most 200 candidates are compared, newest first, so a hostile flood of one
 * template costs bounded time.
 */
export class NearRepeatIndex {
  readonly #byHash = new Set<bigint>();
  readonly #bands: Map<number, number[]>[] = Array.from({ length: BANDS }, () => new Map());
  readonly #minhash: Uint8Array;
  readonly #topics: Uint8Array;
  readonly capacity: number;
  #size = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#minhash = new Uint8Array(capacity * PROMPT_MINHASH_BYTES);
    this.#topics = new Uint8Array(capacity * TOPIC_BYTES);
  }

  get size(): number {
    return this.#size;
  }

  /** Whether row `row` of `prompts` repeats something earlier; then remembers it, unless the index is full. */
  add(prompts: PromptColumns, row: number): boolean {
    const hash = prompts.promptHash[row]!;
    const view = prompts.minhash.subarray(row * PROMPT_MINHASH_BYTES, (row + 1) * PROMPT_MINHASH_BYTES);
    const topics = prompts.topics.subarray(row * TOPIC_BYTES, (row + 1) * TOPIC_BYTES);
    const repeat = this.#byHash.has(hash) || this.#hasNear(view, topics);
    if (this.#size < this.capacity) {
      const item = this.#size++;
      this.#byHash.add(hash);
      this.#minhash.set(view, item * PROMPT_MINHASH_BYTES);
      this.#topics.set(topics, item * TOPIC_BYTES);
      for (let band = 0; band < BANDS; band++) {
        const key = bandKey(view, band);
        const bucket = this.#bands[band]!.get(key);
        if (bucket) bucket.push(item);
        else this.#bands[band]!.set(key, [item]);
      }
    }
    return repeat;
  }

  #hasNear(view: Uint8Array, topics: Uint8Array): boolean {
    const seen = new Set<number>();
    for (let band = 0; band < BANDS; band++) {
      const bucket = this.#bands[band]!.get(bandKey(view, band));
      if (!bucket) continue;
      for (let i = bucket.length - 1; i >= 0 && seen.size < MAX_CANDIDATES; i--) {
        const item = bucket[i]!;
        if (seen.has(item)) continue;
        seen.add(item);
        if (this.#isNear(item, view, topics)) return true;
      }
    }
    return false;
  }

  #isNear(item: number, view: Uint8Array, topics: Uint8Array): boolean {
    const at = item * PROMPT_MINHASH_BYTES;
    let head = 0;
    let tail = 0;
    for (let lane = 0; lane < LANES; lane++) {
      if (this.#minhash[at + lane] === view[lane]) head++;
      if (this.#minhash[at + LANES + lane] === view[LANES + lane]) tail++;
    }
    if (head < EQUAL_LANES || tail < EQUAL_LANES) return false;
    return commonTopics(this.#topics.subarray(item * TOPIC_BYTES, (item + 1) * TOPIC_BYTES), topics);
  }
}

function bandKey(view: Uint8Array, band: number): number {
  const at = band * 4;
  return (view[at]! | (view[at + 1]! << 8) | (view[at + 2]! << 16) | (view[at + 3]! << 24)) >>> 0;
}

/** Six of eight, or all but a quarter of the shorter list when a text had fewer content words. */
function commonTopics(a: Uint8Array, b: Uint8Array): boolean {
  const left = topicList(a);
  const right = topicList(b);
  const smaller = Math.min(left.length, right.length);
  if (smaller === 0) return left.length === right.length;
  const common = left.filter((topic) => right.includes(topic)).length;
  return (
    common >= Math.ceil((COMMON_TOPICS / 8) * smaller) && common >= 0.5 * Math.max(left.length, right.length)
  );
}

export function topicList(bytes: Uint8Array): number[] {
  const out: number[] = [];
  for (let i = 0; i < TOPIC_BYTES; i += 2) {
    const topic = bytes[i]! | (bytes[i + 1]! << 8);
    if (topic !== 0) out.push(topic);
  }
  return out;
}
