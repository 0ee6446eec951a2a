import type { AccountActivity, AccountFacts, ExchangeSample, TelemetryReader } from '@phalanx/domain';
import { expect, it } from 'vitest';
import { setAsideReason } from './gates.js';
import { Population } from './population/population.js';

const ACCOUNTS = 40;
const ROWS = 100;

interface Pool {
  /** Organisation of each account; 0n: unknown. */
  readonly organisation?: (account: number) => bigint;
  readonly systemHash?: (row: number) => bigint;
  readonly promptHash?: (row: number) => bigint;
}

async function reasonFor({ organisation, systemHash, promptHash }: Pool): Promise<string | null> {
  const account = BigUint64Array.from({ length: ACCOUNTS }, (_, a) => BigInt(a + 1));
  const blank = new Array<string>(ACCOUNTS).fill('');
  const facts = {
    account,
    accountId: blank,
    declaration: blank,
    organisation: account.map((_, a) => organisation?.(a) ?? 0n),
  };
  const reader: Partial<TelemetryReader> = {
    accountActivity: async () => ({ account }) as AccountActivity,
    accountFacts: async () => facts as unknown as AccountFacts,
  };
  const population = await Population.load(reader as TelemetryReader, { fromMs: 0, toMs: 1 });
  const members = Int32Array.from(account.keys());
  const rows = (of: (row: number) => bigint) => BigUint64Array.from({ length: ROWS }, (_, row) => of(row));
  const sample = {
    systemHash: rows(systemHash ?? (() => 0n)),
    promptHash: rows(promptHash ?? ((row) => BigInt(row + 1))),
    topics: new Uint8Array(16 * ROWS),
  };
  const proposal = { members, strength: new Float64Array(ACCOUNTS), by: '' };
  return setAsideReason(population, proposal, sample as ExchangeSample);
}

it('lets strangers be tested', async () => {
  expect(await reasonFor({})).toBeNull();
  expect(
    await reasonFor({ organisation: (a) => BigInt(a + 1), systemHash: (row) => BigInt(row + 1) }),
  ).toBeNull();
});

it('sets aside four of five accounts of one organisation, and no fewer', async () => {
  const inside = (n: number) => reasonFor({ organisation: (a) => (a < n ? 7n : BigInt(100 + a)) });
  expect(await inside(32)).toBe('32 of 40 accounts belong to one organisation');
  expect(await inside(31)).toBeNull();
});

it('sets aside one application, told by four of five exchanges under one system prompt', async () => {
  const under = (n: number) => reasonFor({ systemHash: (row) => (row < n ? 7n : 0n) });
  expect(await under(80)).toMatch(/^one application/);
  expect(await under(79)).toBeNull();
});

it('sets aside one task list, told by half of the prompts repeating an earlier one', async () => {
  const repeating = (n: number) =>
    reasonFor({ promptHash: (row) => BigInt(row < n ? row + 1 : row - n + 1) });
  expect(await repeating(50)).toBe(
    'one task list: 50 % of the prompts repeat one that was asked before, as classes, benchmarks and products do',
  );
  expect(await repeating(51)).toBeNull();
});
