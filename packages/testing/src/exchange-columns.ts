/** Bits of `ExchangeColumns.flags`. */
export const RowFlag = {
  /** The provider answered with an error. */
  ERROR: 1,
  STREAMED: 2,
  /** Ground truth: asked for the campaign, not for a cover customer. Never exported to a detector. */
  ATTACK: 4,
} as const;

const COLUMNS = {
  account: Uint32Array,
  /** Milliseconds since the start of the world. */
  offsetMs: Uint32Array,
  source: Uint8Array,
  /** Prompt number within the source; until the world is finished, a ticket (see `WorldBuilder.finish`). */
  prompt: Uint32Array,
  /** Style cell of the ticket; gone when the world is finished. */
  cell: Uint16Array,
  dress: Uint32Array,
  client: Uint32Array,
  address: Uint32Array,
  endUser: Uint32Array,
  system: Uint32Array,
  parameters: Uint16Array,
  tools: Uint8Array,
  model: Uint8Array,
  turns: Uint8Array,
  flags: Uint8Array,
  outputTokens: Uint32Array,
};

export type ColumnName = keyof typeof COLUMNS;
type ColumnArrays = { [Name in ColumnName]: InstanceType<(typeof COLUMNS)[Name]> };
export type ExchangeRow = { [Name in ColumnName]: number };

const NAMES = Object.keys(COLUMNS) as ColumnName[];

/** Exchanges in columns, 46 bytes each; grows by doubling. */
export class ExchangeColumns {
  length = 0;
  #capacity = 4096;
  #columns: ColumnArrays = Object.fromEntries(
    NAMES.map((name) => [name, new COLUMNS[name](4096)]),
  ) as unknown as ColumnArrays;

  get columns(): Readonly<ColumnArrays> {
    return this.#columns;
  }

  push(row: ExchangeRow): void {
    if (this.length === this.#capacity) this.#resize(this.#capacity * 2);
    const c = this.#columns;
    const i = this.length++;
    c.account[i] = row.account;
    c.offsetMs[i] = row.offsetMs;
    c.source[i] = row.source;
    c.prompt[i] = row.prompt;
    c.cell[i] = row.cell;
    c.dress[i] = row.dress;
    c.client[i] = row.client;
    c.address[i] = row.address;
    c.endUser[i] = row.endUser;
    c.system[i] = row.system;
    c.parameters[i] = row.parameters;
    c.tools[i] = row.tools;
    c.model[i] = row.model;
    c.turns[i] = row.turns;
    c.flags[i] = row.flags;
    c.outputTokens[i] = row.outputTokens;
  }

  /** Puts the rows into this order and drops spare capacity. */
  reorder(order: Uint32Array): void {
    for (const name of NAMES) {
      const from = this.#columns[name];
      const to = new COLUMNS[name](order.length);
      for (let i = 0; i < order.length; i++) to[i] = from[order[i]!]!;
      (this.#columns as Record<ColumnName, unknown>)[name] = to;
    }
    this.length = this.#capacity = order.length;
  }

  #resize(capacity: number): void {
    for (const name of NAMES) {
      const to = new COLUMNS[name](capacity);
      to.set(this.#columns[name]);
      (this.#columns as Record<ColumnName, unknown>)[name] = to;
    }
    this.#capacity = capacity;
  }
}
