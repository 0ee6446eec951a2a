import { type ExchangeSample, signatureOf } from '@phalanx/domain';
import { type Component, familyOf, formOf, matchesComponent } from './component.js';
import { findBoilerplate, NearRepeatIndex, topicList } from './near-repeats.js';

const MAX_ROWS = 20_000;
const BUCKETS = 65_536;
const STREAM_ROWS = 100;
const MIN_STREAMS = 10;
/** Users of public chats and support desks repeat one another at 3.7e-5 to 1.1e-4 a pair. */
const STREAM_CEILING = 1e-4;

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
      for (const topic of topicList(sample.topics, row)) {
        this.#topics[topic]!++;
        this.#topicTotal++;
      }
    this.#novelty = this.#honestCrossEntropy(0.95);
  }

  get rows(): number {
    return this.#sample.account.length;
  }

  /** The reference as it is without a pool's own members. */
  without(members: ReadonlySet<bigint>): Strangers {
    const rows: number[] = [];
    for (let row = 0; row < this.rows; row++)
      if (this.#sample.ok[row] === 1 && !members.has(this.#sample.account[row]!)) rows.push(row);
    return new Strangers(this.#sample, rows, this.#overallRate(), this.#streamRate());
  }

  #stream = 0;

  /**
   * The rate within streams under one signature, which is how one product or job repeats itself; a mixture of many
   * repeats far less, since prompts of different products never meet. No stream counts for more than an ordinary rate of
   * repeating, so that a templated pipeline does not speak for all. The overall rate with fewer than ten long streams.
   */
  #streamRate(): number {
    if (this.#stream === 0) {
      const streams = new Map<bigint, number[]>();
      for (let row = 0; row < this.rows; row++) {
        if (this.#sample.ok[row] !== 1) continue;
        const signature = signatureOf(this.#sample.parameters[row]!, this.#sample.systemHash[row]!);
        const rows = streams.get(signature);
        if (rows) rows.push(row);
        else streams.set(signature, [row]);
      }
      const long = [...streams.values()]
        .filter((rows) => rows.length >= STREAM_ROWS)
        .map((rows) => countRepeats(this.#sample, rows));
      const repeats = long.reduce((sum, s) => sum + Math.min(s.repeats, STREAM_CEILING * s.pairs), 1);
      const pairs = long.reduce((sum, s) => sum + s.pairs, 1);
      this.#stream = long.length < MIN_STREAMS ? this.#overallRate() : repeats / pairs;
    }
    return this.#stream;
  }

  #overall = 0;

  #overallRate(): number {
    if (this.#overall === 0) {
      const { repeats, pairs } = countRepeats(
        this.#sample,
        Array.from({ length: this.rows }, (_, row) => row).filter((row) => this.#sample.ok[row] === 1),
      );
      this.#overall = (repeats + 1) / Math.max(1, pairs);
    }
    return this.#overall;
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
      for (const topic of topicList(this.#sample.topics, row)) {
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
      list.push(...topicList(this.#sample.topics, row));
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

/** Exchanges of everybody but one pool. */
export class Strangers {
  readonly #sample: ExchangeSample;
  readonly #rows: readonly number[];
  readonly #overallRate: number;
  readonly #streamRate: number;
  readonly #byForm = new Map<number, number>();
  #byFamily: Map<number, number[]> | undefined;

  constructor(sample: ExchangeSample, rows: readonly number[], overallRate: number, streamRate: number) {
    this.#sample = sample;
    this.#rows = rows;
    this.#overallRate = overallRate;
    this.#streamRate = streamRate;
    for (const row of rows) {
      const form = formOf(sample, row);
      this.#byForm.set(form, (this.#byForm.get(form) ?? 0) + 1);
    }
  }

  /** Share of these exchanges that lies in the component. */
  share(component: Component): number {
    let inside = 0;
    if (component.kind === 'form') {
      for (const [form, n] of this.#byForm) if (component.matches(form)) inside += n;
    } else inside = this.#inside(component).length;
    return (inside + 0.5) / (this.#rows.length + 1);
  }

  /**
   * Near-repeats a pair in the component. Where there is little of it, the estimate is drawn towards the rate of one
   * stream (for a signature) or of the whole reference, with the weight of one expected repeat.
   */
  repeatRate(component: Component): number {
    const { repeats, pairs } = countRepeats(this.#sample, this.#inside(component));
    const usual = component.kind === 'signature' ? this.#streamRate : this.#overallRate;
    return (repeats + 1) / (pairs + 1 / usual);
  }

  /**
   * How much these prompts look like those of strangers taken together: cosine of the shares of their families of form, about
   * 0 to 1, free of the bias that small samples give it. Near 1 for a mixture of many customers, mostly below 0.6 for one
   * customer or one list.
   */
  likeness(sample: ExchangeSample, prompts: readonly number[]): number {
    this.#byFamily ??= groupByFamily(this.#sample, this.#rows);
    const there = this.#byFamily;
    const here = groupByFamily(sample, prompts);
    let both = 0;
    for (const [family, rows] of here) both += rows.length * (there.get(family)?.length ?? 0);
    const meet = both / (prompts.length * this.#rows.length);
    const norm = Math.sqrt(chanceOfOneFamily(here) * chanceOfOneFamily(there));
    return norm === 0 ? 1 : meet / norm;
  }

  #inside(component: Component): number[] {
    return this.#rows.filter((row) => matchesComponent(component, this.#sample, row));
  }
}

function groupByFamily(sample: ExchangeSample, rows: readonly number[]): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const family = familyOf(formOf(sample, row));
    const group = groups.get(family);
    if (group) group.push(row);
    else groups.set(family, [row]);
  }
  return groups;
}

/** That two prompts, drawn without putting back, are of one family. */
function chanceOfOneFamily(groups: ReadonlyMap<number, readonly number[]>): number {
  let rows = 0;
  let pairs = 0;
  for (const { length } of groups.values()) {
    rows += length;
    pairs += length * (length - 1);
  }
  return pairs / Math.max(1, rows * (rows - 1));
}

function countRepeats(sample: ExchangeSample, rows: readonly number[]): { repeats: number; pairs: number } {
  const n = Math.min(MAX_ROWS, rows.length);
  const index = new NearRepeatIndex(n, findBoilerplate(sample, rows));
  let repeats = 0;
  for (let i = 0; i < n; i++) if (index.add(sample, rows[i]!)) repeats++;
  return { repeats, pairs: (index.size * (index.size - 1)) / 2 };
}
