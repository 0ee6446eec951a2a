import { type ExchangeSample, Intent, type IntentName } from '@phalanx/domain';
import { RepeatDeficit, repeatProbability } from '@phalanx/stats';
import { matchesComponent, SOUGHT } from './component.js';
import type { ChosenComponent } from './component-choice.js';
import { findBoilerplate, NearRepeatIndex, topicList } from './near-repeats.js';

const CAPACITY = 20_000;
/**
 * Among more earlier prompts than this the null asks for no more repeats: people's repeats concentrate on favourites, and
 * the rate a pair was checked on corpora of 4,000 prompts, not beyond.
 */
const SATURATION = 3_000;
/** Topics kept for the novelty question. */
const MAX_TOPICS = 20_000;

/**
 * Watches one component of one pool: does it ever ask the same thing twice?
 *
 * Null: each prompt has a near-repeat among the m earlier ones with probability at least 1 - exp(-lambda0 min(m, 3000)). The past
 * that chose the component counts among the earlier prompts but is not itself evidence.
 */
export class DemandProcess {
  readonly #chosen: ChosenComponent;
  #index: NearRepeatIndex;
  readonly #deficit = new RepeatDeficit();
  readonly #intents = new Map<IntentName, number>();
  readonly #byAccount = new Map<bigint, number>();
  readonly topics: number[] = [];
  /** Rows of past and test together. */
  seen = 0;
  rows = 0;
  repeats = 0;
  benchmarkRows = 0;

  constructor(chosen: ChosenComponent, past: ExchangeSample) {
    this.#chosen = chosen;
    const rows: number[] = [];
    this.#eachRow(past, (row) => rows.push(row));
    this.#index = new NearRepeatIndex(CAPACITY, findBoilerplate(past, rows));
    this.#eachRow(past, (row) => {
      this.#index.add(past, row);
      this.#describe(past, row);
    });
  }

  /** Adds a later slot's exchanges. */
  add(slot: ExchangeSample): void {
    this.#eachRow(slot, (row) => {
      const earlier = this.#index.size;
      const repeat = this.#index.add(slot, row);
      if (repeat === null) return;
      this.#deficit.addItem(repeat, repeatProbability(this.#chosen.lambda0, Math.min(earlier, SATURATION)));
      this.rows++;
      if (repeat) this.repeats++;
      this.#describe(slot, row);
    });
  }

  /** Lets go of the prompts, after which nothing may be added; what was learned stays. */
  forget(): void {
    this.#index = new NearRepeatIndex(0, new Set());
  }

  get logE(): number {
    return this.#deficit.logE;
  }

  /** Share of all rows seen that carry the intent. */
  intentShare(name: IntentName): number {
    return (this.#intents.get(name) ?? 0) / Math.max(1, this.seen);
  }

  /** Largest share of the component that one account asked. */
  get largestAccountShare(): number {
    return Math.max(0, ...this.#byAccount.values()) / Math.max(1, this.seen);
  }

  get benchmarkShare(): number {
    return this.benchmarkRows / Math.max(1, this.seen);
  }

  #describe(sample: ExchangeSample, row: number): void {
    this.seen++;
    const intents = sample.intents[row]!;
    for (const name of Object.keys(Intent) as IntentName[])
      if (intents & Intent[name]) this.#intents.set(name, (this.#intents.get(name) ?? 0) + 1);
    if (intents & Intent.BENCHMARK) this.benchmarkRows++;
    const account = sample.account[row]!;
    this.#byAccount.set(account, (this.#byAccount.get(account) ?? 0) + 1);
    if (this.topics.length < MAX_TOPICS) this.topics.push(...topicList(sample.topics, row));
  }

  #eachRow(sample: ExchangeSample, visit: (row: number) => void): void {
    for (let row = 0; row < sample.shape.length; row++)
      if (sample.ok[row] === 1 && matchesComponent(this.#chosen.component, sample, row)) visit(row);
  }
}

/** Intents that by themselves say "training data": what resolves a component of unfamiliar content. */
export function strongIntentShare(process: DemandProcess): number {
  return Math.max(...SOUGHT.map((name) => process.intentShare(name)));
}
