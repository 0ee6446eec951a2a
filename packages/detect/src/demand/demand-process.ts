import { type ExchangeSample, Intent, type IntentName } from '@phalanx/domain';
import { RepeatDeficit, repeatProbability } from '@phalanx/stats';
import { matchesComponent, SOUGHT, TASK_INTENTS } from './component.js';
import type { ChosenComponent } from './component-choice.js';
import { findBoilerplate, NearRepeatIndex, topicList } from './near-repeats.js';

/**
 * Repeats count within so many prompts. At lambda0 = 2e-5 the null then asks for one repeat in 100 prompts at most, however many
 * there are: customers with many interests hardly ever meet a stranger's question, but they send their own again.
 */
const NEAR = 500;
/** Prompts remembered, to notice a list that is worked through again and again. */
const REMEMBERED = 20_000;
/** Training sets that never come back hold near-repeats at 0 to 1.1e-5 a pair (`npm run bench -- repeats`): of 20,000 prompts a fifth have one at most. */
const MAX_RETURNED = 0.2;
/** Topics kept for the novelty question. */
const MAX_TOPICS = 20_000;

/**
 * Watches one component of one pool: does it ever ask the same thing twice?
 *
 * Null: each prompt has a near-repeat among the m <= 500 before it with probability at least 1 - exp(-lambda0 m). The past
 * that chose the component counts among the earlier prompts but is not itself evidence. When a fifth of the prompts comes
 * back sooner or later, as those of a nightly job do, the evidence is held back.
 */
export class DemandProcess {
  readonly #chosen: ChosenComponent;
  #index: NearRepeatIndex;
  readonly #deficit = new RepeatDeficit();
  readonly #intents = new Map<IntentName, number>();
  readonly #byAccount = new Map<bigint, number>();
  #returned = 0;
  readonly topics: number[] = [];
  /** Rows of past and test together. */
  seen = 0;
  rows = 0;
  /** Of the rows, those that repeat one of the 500 before them. */
  repeats = 0;
  benchmarkRows = 0;
  /** Of all rows seen, those that set a task (see `TASK_INTENTS`). */
  taskRows = 0;

  constructor(chosen: ChosenComponent, past: ExchangeSample) {
    this.#chosen = chosen;
    const rows: number[] = [];
    this.#eachRow(past, (row) => rows.push(row));
    this.#index = new NearRepeatIndex(REMEMBERED, findBoilerplate(past, rows));
    this.#eachRow(past, (row) => {
      this.#index.add(past, row);
      this.#describe(past, row);
    });
  }

  /** Adds a later slot's exchanges. */
  add(slot: ExchangeSample): void {
    this.#eachRow(slot, (row) => {
      const earlier = this.#index.size;
      const ago = this.#index.add(slot, row);
      if (ago === null) return;
      const repeat = ago > 0 && ago <= NEAR;
      this.#deficit.addItem(repeat, repeatProbability(this.#chosen.lambda0, Math.min(earlier, NEAR)));
      this.rows++;
      if (ago > 0) this.#returned++;
      if (repeat) this.repeats++;
      this.#describe(slot, row);
    });
  }

  /** Lets go of the prompts, after which nothing may be added; what was learned stays. */
  forget(): void {
    this.#index = new NearRepeatIndex(0, new Set());
  }

  get logE(): number {
    const { logE } = this.#deficit;
    // Held back to at most 1: never above what it was, so still an e-value.
    return this.#returned > MAX_RETURNED * this.rows ? Math.min(0, logE) : logE;
  }

  /** Share of all rows seen that carry the intent. */
  intentShare(name: IntentName): number {
    return (this.#intents.get(name) ?? 0) / Math.max(1, this.seen);
  }

  /** Largest share of the component that one account asked. */
  get largestAccountShare(): number {
    return Math.max(0, ...this.#byAccount.values()) / Math.max(1, this.seen);
  }

  get taskShare(): number {
    return this.taskRows / Math.max(1, this.seen);
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
    if (intents & TASK_INTENTS) this.taskRows++;
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
