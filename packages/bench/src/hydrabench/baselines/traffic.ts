import type { World } from '@phalanx/testing';

/** What a baseline may look at: the world without labels and without the simulator's flags. */
export interface Traffic {
  readonly accounts: number;
  readonly days: number;
  /** Columns, one entry an exchange, ascending by time. */
  readonly account: Uint32Array;
  readonly offsetMs: Uint32Array;
  /** The /24 network of the request. */
  readonly network: Uint32Array;
  /** Which of the world's distinct request configurations (system prompt, tools, parameters) it carried. */
  readonly configuration: Uint32Array;
  readonly promptText: (row: number) => string;
  /** Rows of each account, ascending. */
  readonly rowsOf: readonly Uint32Array[];
}

export function readTraffic(world: World): Traffic {
  const { account, offsetMs, address, system, tools, parameters } = world.columns;
  const counts = new Uint32Array(world.accounts.length);
  for (let row = 0; row < world.size; row++) counts[account[row]!]!++;
  const rowsOf = Array.from(counts, (n) => new Uint32Array(n));
  counts.fill(0);
  const configuration = new Uint32Array(world.size);
  const numbers = new Map<string, number>();
  for (let row = 0; row < world.size; row++) {
    rowsOf[account[row]!]![counts[account[row]!]!++] = row;
    const key = `${system[row]} ${tools[row]} ${parameters[row]}`;
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = numbers.size));
    configuration[row] = number;
  }
  return {
    accounts: world.accounts.length,
    days: world.days,
    account: account.subarray(0, world.size),
    offsetMs: offsetMs.subarray(0, world.size),
    network: address.subarray(0, world.size).map((a) => a >>> 8),
    configuration,
    promptText: (row) => world.promptText(row),
    rowsOf,
  };
}

/** At most `limit` of the rows, evenly spaced in time. */
export function spreadRows(rows: Uint32Array, limit: number): Uint32Array {
  if (rows.length <= limit) return rows;
  return Uint32Array.from({ length: limit }, (_, i) => rows[Math.floor((i * rows.length) / limit)]!);
}
