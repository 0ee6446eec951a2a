import { DAY_MS } from '@phalanx/core';
import type { Account } from '@phalanx/domain';
import type { Client } from './client-profile.js';
import { type Dress, dressText } from './dress.js';
import type { ExchangeColumns } from './exchange-columns.js';
import type { PromptSource } from './prompt-source.js';

/** Ground truth of one account. Only what scores a detector may read it. */
export interface AccountLabel {
  readonly accountId: string;
  /** 'ordinary', 'organisation', 'app', 'B1'..'B10', 'aggregator-undeclared', ..., or 'A1'..'A10'. */
  readonly class: string;
  /** Name of the pool or campaign that the account is part of, or ''. */
  readonly campaign: string;
  /** Whether its operator distils: true for every account of a campaign, even one that only carried cover so far. */
  readonly attacker: boolean;
}

/** What a provider was made to do to an account in the simulation. */
export interface Suspension {
  readonly accountId: string;
  readonly atMs: number;
}

/**
 * A built world: accounts, their labels, and all exchanges in time order, in columns; texts are made on demand, so that
 * 4.5 M exchanges take some 200 MB. Row i of `columns` is exchange i.
 */
export class World {
  readonly seed: string;
  readonly startMs: number;
  readonly days: number;
  readonly accounts: readonly Account[];
  /** One for each account, in the same order. */
  readonly labels: readonly AccountLabel[];
  readonly suspensions: readonly Suspension[];
  readonly sources: readonly PromptSource[];
  readonly clients: readonly Client[];
  readonly systems: readonly string[];
  readonly parameters: readonly Readonly<Record<string, string | number | boolean>>[];
  readonly tools: readonly (readonly string[])[];
  readonly models: readonly string[];
  readonly #dresses: readonly Dress[];
  readonly #rows: ExchangeColumns;

  constructor(
    parts: Pick<
      World,
      | 'seed'
      | 'startMs'
      | 'days'
      | 'accounts'
      | 'labels'
      | 'suspensions'
      | 'sources'
      | 'clients'
      | 'systems'
      | 'parameters'
      | 'tools'
      | 'models'
    >,
    dresses: readonly Dress[],
    rows: ExchangeColumns,
  ) {
    this.seed = parts.seed;
    this.startMs = parts.startMs;
    this.days = parts.days;
    this.accounts = parts.accounts;
    this.labels = parts.labels;
    this.suspensions = parts.suspensions;
    this.sources = parts.sources;
    this.clients = parts.clients;
    this.systems = parts.systems;
    this.parameters = parts.parameters;
    this.tools = parts.tools;
    this.models = parts.models;
    this.#dresses = dresses;
    this.#rows = rows;
  }

  /** Number of exchanges. */
  get size(): number {
    return this.#rows.length;
  }

  get columns(): ExchangeColumns['columns'] {
    return this.#rows.columns;
  }

  get endMs(): number {
    return this.startMs + this.days * DAY_MS;
  }

  /** Text of the last user message of exchange `row`. */
  promptText(row: number): string {
    const { source, prompt, dress } = this.columns;
    return dressText(this.sources[source[row]!]!.text(prompt[row]!), this.#dresses[dress[row]!]!);
  }
}
