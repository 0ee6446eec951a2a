import type { ExchangeSample } from '@phalanx/domain';
import { type Component, matchesComponent } from './component.js';
import { NearRepeatIndex, topicList } from './near-repeats.js';

const MAX_ROWS = 20_000;
const BUCKETS = 65_536;

/**
 * What ordinary traffic of the same period looks like: how often it repeats itself and which words it uses. Built from a
 * sample of everybody, from which a pool's own members are left out when it is asked about.
 */
export class Reference {
  readonly #sample: ExchangeSample;
  readonly #topics: Float64Array;
  #topicTotal = 0;
  readonly #novelty: number;

  constructor(sample: ExchangeSample) {
    this.#sample = sample;
    this.#topics = new Float64Array(BUCKETS);
    for (let row = 0; row < sample.account.length; row++)
      for (const topic of rowTopics(sample, row)) {
        this.#topics[topic]!++;
        this.#topicTotal++;
      }
    this.#novelty = this.#honestCrossEntropy(0.95);
  }

  get rows(): number {
    return this.#sample.account.length;
  }

  /** Share of the reference, members left out, that lies in the component. */
  share(component: Component, members: ReadonlySet<bigint>): number {
    let all = 0;
    let inside = 0;
    for (let row = 0; row < this.rows; row++) {
      if (members.has(this.#sample.account[row]!)) continue;
      all++;
      if (matchesComponent(component, this.#sample, row)) inside++;
    }
    return (inside + 0.5) / (all + 1);
  }

  /**
   * Near-repeats a pair in the reference's share of the component. Where the reference has little of it, the estimate is
   * drawn towards the rate of the whole reference, with the weight of one expected repeat.
   */
  repeatRate(component: Component, members: ReadonlySet<bigint>): number {
    const overall = this.#overallRate();
    const { repeats, pairs } = this.#countRepeats(
      (row) => !members.has(this.#sample.account[row]!) && matchesComponent(component, this.#sample, row),
    );
    return (repeats + 1) / (pairs + 1 / overall);
  }

  #overall = 0;

  #overallRate(): number {
    if (this.#overall === 0) {
      const { repeats, pairs } = this.#countRepeats(() => true);
      this.#overall = (repeats + 1) / Math.max(1, pairs);
    }
    return this.#overall;
  }

  #countRepeats(wanted: (row: number) => boolean): { repeats: number; pairs: number } {
    const index = new NearRepeatIndex(MAX_ROWS);
    let repeats = 0;
    for (let row = 0; row < this.rows && index.size < MAX_ROWS; row++)
      if (wanted(row) && index.add(this.#sample, row)) repeats++;
    return { repeats, pairs: (index.size * (index.size - 1)) / 2 };
  }

  /**
   * How far the words of these prompts lie from everything the reference has seen, as mean surprise in nats a word, with
   * the limit that 95 % of ordinary accounts stay below when each is held out from the reference.
   */
  novelty(topics: Iterable<number>, members: ReadonlySet<bigint>): { surprise: number; limit: number } {
    const without = new Map<number, number>();
    let removed = 0;
    for (let row = 0; row < this.rows; row++) {
      if (!members.has(this.#sample.account[row]!)) continue;
      for (const topic of rowTopics(this.#sample, row)) {
        without.set(topic, (without.get(topic) ?? 0) + 1);
        removed++;
      }
    }
    return { surprise: this.#surprise(topics, without, removed), limit: this.#novelty };
  }

  #surprise(topics: Iterable<number>, without: ReadonlyMap<number, number>, removed: number): number {
    const total = this.#topicTotal - removed + 0.1 * BUCKETS;
    let sum = 0;
    let n = 0;
    for (const topic of topics) {
      sum -= Math.log((this.#topics[topic]! - (without.get(topic) ?? 0) + 0.1) / total);
      n++;
    }
    return n === 0 ? 0 : sum / n;
  }

  #honestCrossEntropy(quantile: number): number {
    const byAccount = new Map<bigint, number[]>();
    for (let row = 0; row < this.rows; row++) {
      const account = this.#sample.account[row]!;
      let list = byAccount.get(account);
      if (!list) byAccount.set(account, (list = []));
      list.push(...rowTopics(this.#sample, row));
    }
    const values: number[] = [];
    for (const topics of byAccount.values()) {
      if (topics.length < 20) continue;
      const own = new Map<number, number>();
      for (const topic of topics) own.set(topic, (own.get(topic) ?? 0) + 1);
      values.push(this.#surprise(topics, own, topics.length));
    }
    values.sort((a, b) => a - b);
    return values.length < 20 ? 0 : values[Math.floor(quantile * (values.length - 1))]!;
  }
}

export function rowTopics(sample: Pick<ExchangeSample, 'topics'>, row: number): number[] {
  return topicList(sample.topics.subarray(row * 16, row * 16 + 16));
}
