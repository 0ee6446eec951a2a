import { DAY_MS } from '@phalanx/core';
import type { Account } from '@phalanx/domain';
import type { ArrivalModel } from './arrival-clock.js';
import type { Client } from './client-profile.js';
import type { Dress } from './dress.js';
import { planError } from './error.js';
import { ExchangeColumns, type ExchangeRow } from './exchange-columns.js';
import { InternTable } from './intern-table.js';
import type { PromptSource } from './prompt-source.js';
import { hashString, mixPair, type Random, stream } from './random.js';
import { orderByTime } from './time-order.js';
import { type AccountLabel, type Suspension, World } from './world.js';

/** Cell number of a row whose prompt is named outright and not drawn by ticket. */
export const LITERAL_CELL = 0xffff;

/** Where an honest or hostile part of the world puts its accounts and exchanges. Not public. */
export class WorldBuilder {
  readonly seed: string;
  readonly startMs: number;
  readonly days: number;
  /** Day on which a new model appears, or infinite. */
  readonly releaseDay: number;
  readonly arrivals: ArrivalModel;
  readonly sources: readonly PromptSource[];
  readonly rows = new ExchangeColumns();
  readonly clients = new InternTable<Client>();
  readonly systems = new InternTable<string>();
  readonly parameters = new InternTable<Readonly<Record<string, string | number | boolean>>>();
  readonly tools = new InternTable<readonly string[]>();
  readonly dresses = new InternTable<Dress>();
  readonly accounts: Account[] = [];
  readonly labels: AccountLabel[] = [];
  readonly suspensions: Suspension[] = [];
  /** The model before and after the release, then a small one. */
  readonly models = ['sonata-4', 'sonata-5', 'sonata-4-mini'] as const;
  #endUsers = 0;
  #organisations = 0;
  readonly #tickets: Uint32Array[];

  constructor(
    options: Pick<WorldBuilder, 'seed' | 'startMs' | 'days' | 'releaseDay' | 'arrivals' | 'sources'>,
  ) {
    this.seed = options.seed;
    this.startMs = options.startMs;
    this.days = options.days;
    this.releaseDay = options.releaseDay;
    this.arrivals = options.arrivals;
    this.sources = options.sources;
    this.#tickets = this.sources.map((source) => new Uint32Array(source.cells.length));
    for (const source of this.sources)
      if (source.cells.length >= LITERAL_CELL)
        throw planError(`source ${source.name} has too many style cells`);
    // Number 0 of these tables means "none".
    this.systems.intern('', () => '');
    this.tools.intern('', () => []);
    this.dresses.intern('', () => ({}));
    this.parameters.intern('', () => ({}));
  }

  get spanMs(): number {
    return this.days * DAY_MS;
  }

  random(...names: (string | number)[]): Random {
    return stream(this.seed, ...names);
  }

  /** Number of a source by name. @throws PhalanxError `TESTING_PLAN` when the world has no such source. */
  findSource(name: string): number {
    const index = this.sources.findIndex((source) => source.name === name);
    if (index < 0) throw planError(`the world has no prompt source ${name}`, 'add it to sources');
    return index;
  }

  /** Adds an account; its id tells nothing about class or order. */
  addAccount(facts: Omit<Account, 'accountId'>, label: Omit<AccountLabel, 'accountId'>): number {
    const index = this.accounts.length;
    const half = (salt: number) => mixPair(hashString(this.seed, salt), index).toString(16).padStart(8, '0');
    const accountId = half(1) + half(2);
    this.accounts.push({ accountId, ...facts });
    this.labels.push({ accountId, ...label });
    return index;
  }

  suspend(account: number, atMs: number): void {
    this.suspensions.push({ accountId: this.accounts[account]!.accountId, atMs });
  }

  /** Reserves `count` end-user numbers; returns the first. 0 is nobody. */
  reserveEndUsers(count: number): number {
    const first = this.#endUsers + 1;
    this.#endUsers += count;
    return first;
  }

  nextOrganisation(): number {
    return this.#organisations++;
  }

  internDress(dress: Dress): number {
    return this.dresses.intern(JSON.stringify(dress), () => dress);
  }

  internParameters(parameters: Readonly<Record<string, string | number | boolean>>): number {
    return this.parameters.intern(JSON.stringify(parameters), () => parameters);
  }

  internSystem(text: string): number {
    return this.systems.intern(text, () => text);
  }

  internTools(names: readonly string[]): number {
    return this.tools.intern(names.join(' '), () => names);
  }

  /** A ticket for a prompt of this cell that nobody else in the world gets. */
  drawTicket(source: number, cell: number): number {
    return this.#tickets[source]![cell]!++;
  }

  push(row: ExchangeRow): void {
    this.rows.push(row);
  }

  /**
   * Turns tickets into prompts and sorts by time. The k tickets of a cell are matched at random with the first
   * max(k, size) prompts of the cell (its corpus, then round after round of variations), so that no part of the world
   * gets more of the corpus, or more of the variations, than another, whenever it was built.
   */
  finish(): World {
    const { source, cell, prompt, offsetMs } = this.rows.columns;
    const shuffled = this.#tickets.map((counts, s) =>
      this.sources[s]!.cells.map((members, c) => {
        if (counts[c] === 0) return new Uint32Array(0);
        const places = new Uint32Array(Math.max(counts[c]!, members.length));
        for (let i = 0; i < places.length; i++) places[i] = i;
        return this.random('tickets', s, c).shuffle(places);
      }),
    );
    for (let i = 0; i < this.rows.length; i++) {
      if (cell[i] === LITERAL_CELL) continue;
      const { size, cells } = this.sources[source[i]!]!;
      const members = cells[cell[i]!]!;
      const place = shuffled[source[i]!]![cell[i]!]![prompt[i]!]!;
      prompt[i] = Math.floor(place / members.length) * size + members[place % members.length]!;
    }
    this.rows.reorder(orderByTime(offsetMs.subarray(0, this.rows.length)));
    return new World(
      {
        seed: this.seed,
        startMs: this.startMs,
        days: this.days,
        accounts: this.accounts,
        labels: this.labels,
        suspensions: this.suspensions,
        sources: this.sources,
        clients: this.clients.values,
        systems: this.systems.values,
        parameters: this.parameters.values,
        tools: this.tools.values,
        models: this.models,
      },
      this.dresses.values,
      this.rows,
    );
  }
}
