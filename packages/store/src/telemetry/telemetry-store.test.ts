import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExchangeRecord, type KeyedCounts, type ObjectKind, signatureOf } from '@phalanx/domain';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ExchangeBlock } from './exchange-block.js';
import { openTelemetryStore } from './open.js';
import { hashOf, randomExchanges } from './random-exchanges.test.support.js';
import type { TelemetryStore } from './telemetry-store.js';

let directory: string;
let store: TelemetryStore;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'phalanx-store-'));
  store = await openTelemetryStore({ path: directory });
});
afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

function encode(records: readonly ExchangeRecord[]): Uint8Array {
  const block = new ExchangeBlock();
  for (const record of records) block.push(record);
  return block.encode();
}

async function empty(): Promise<void> {
  await store.tables.maintain(
    { name: 'exchanges', columns: [], orderBy: '' },
    (target) => `TRUNCATE TABLE ${target}`,
  );
}

const EVER = { fromMs: 0, toMs: 10_000_000_000_000 };
const KINDS: readonly ObjectKind[] = [
  'network',
  'fingerprint',
  'parameters',
  'signature',
  'system',
  'tools',
  'prompt',
  'template',
];

/** What the engine is asked for, computed row by row. */
function countByHand(
  records: readonly ExchangeRecord[],
  keysOf: (record: ExchangeRecord) => readonly (bigint | number)[],
): string[] {
  const counts = new Map<string, number>();
  for (const record of records)
    for (const key of keysOf(record)) {
      const cell = `${record.account} ${key}`;
      counts.set(cell, (counts.get(cell) ?? 0) + 1);
    }
  return [...counts].map(([cell, count]) => `${cell} ${count}`).sort();
}

function listCounts({ account, key, count }: KeyedCounts): string[] {
  return Array.from(account, (value, row) => `${value} ${key[row]} ${count[row]}`).sort();
}

function objectsOf(record: ExchangeRecord, kind: ObjectKind): bigint[] {
  if (kind === 'template') {
    if (record.promptHash === 0n) return [];
    const view = new DataView(record.minhash.buffer, record.minhash.byteOffset, 64);
    return Array.from(
      { length: 16 },
      (_, band) => (BigInt(band + 1) << 32n) + BigInt(view.getUint32(band * 4, true)),
    );
  }
  const value = {
    network: record.network,
    fingerprint: record.fingerprint,
    parameters: record.parameters,
    signature: signatureOf(record.parameters, record.systemHash),
    system: record.systemHash,
    tools: record.toolsHash,
    prompt: record.promptHash,
  }[kind];
  return value === 0n ? [] : [value];
}

function sharedByHand(
  records: readonly ExchangeRecord[],
  kind: ObjectKind,
  minAccounts: number,
  maxAccounts: number,
): string[] {
  const owners = new Map<bigint, Set<bigint>>();
  for (const record of records)
    for (const object of objectsOf(record, kind))
      owners.set(object, (owners.get(object) ?? new Set()).add(record.account));
  return countByHand(records, (record) =>
    objectsOf(record, kind).filter((object) => {
      const size = owners.get(object)!.size;
      return size >= minAccounts && size <= maxAccounts;
    }),
  );
}

describe('an empty store', () => {
  it('answers with nothing instead of an error', async () => {
    expect(await store.span()).toBeNull();
    expect(await store.countExchanges(EVER)).toBe(0);
    expect((await store.accountActivity(EVER)).account).toHaveLength(0);
    expect((await store.shapeCounts(EVER)).key).toHaveLength(0);
    expect(
      (await store.sharedObjects(EVER, 'template', { minAccounts: 2, maxAccounts: 9 })).key,
    ).toHaveLength(0);
    expect((await store.sampleExchanges({ ...EVER, draws: [{ share: 1 }] })).topics).toHaveLength(0);
    expect((await store.accountFacts()).accountId).toEqual([]);
    expect(await store.interventions()).toEqual([]);
    expect(await store.readProgress('nothing')).toBeNull();
    expect(await store.listFindings()).toEqual([]);
  });
});

describe('readers against a computation by hand, each row written one to three times', () => {
  beforeEach(empty);

  it('agree on random rows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1e9 }),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        async (seed, rows, fromDay, days) => {
          await empty();
          const all = randomExchanges(seed, rows);
          await store.insertExchanges(encode(all));
          await store.insertExchanges(encode(all.filter((_, row) => row % 2 === 0)));
          await store.insertExchanges(encode(all.filter((_, row) => row % 3 === 0)));

          const fromMs = Date.UTC(2026, 0, 5 + fromDay, 3);
          const window = { fromMs, toMs: fromMs + days * 86_400_000 };
          const inside = all.filter((row) => row.atMs >= window.fromMs && row.atMs < window.toMs);
          const times = all.map((row) => row.atMs);

          expect(await store.span()).toEqual({ fromMs: Math.min(...times), toMs: Math.max(...times) + 1 });
          expect(await store.countExchanges(window)).toBe(inside.length);
          expect(listCounts(await store.shapeCounts(window))).toEqual(countByHand(inside, (r) => [r.shape]));
          expect(listCounts(await store.timeCounts(window, 3_600_000))).toEqual(
            countByHand(inside, (r) => [Math.floor((r.atMs - fromMs) / 3_600_000)]),
          );
          expect(listCounts(await store.intentCounts(window))).toEqual(
            countByHand(inside, (r) => [...Array(32).keys()].filter((bit) => r.intents & (1 << bit))),
          );
          for (const kind of KINDS)
            for (const [minAccounts, maxAccounts] of [
              [1, 3],
              [2, 5],
              [4, 100],
            ] as const)
              expect(
                listCounts(await store.sharedObjects(window, kind, { minAccounts, maxAccounts })),
                `${kind} of ${minAccounts} to ${maxAccounts}`,
              ).toEqual(sharedByHand(inside, kind, minAccounts, maxAccounts));

          const asked = [0n, 12_345n, ...all.slice(0, 5).map((row) => row.network)];
          expect(listCounts(await store.objectHits(window, 'network', BigUint64Array.from(asked)))).toEqual(
            countByHand(inside, (r) => objectsOf(r, 'network').filter((object) => asked.includes(object))),
          );

          const activity = await store.accountActivity(window);
          const accounts = [...new Set(inside.map((r) => r.account))].sort((a, b) => (a < b ? -1 : 1));
          expect([...activity.account]).toEqual(accounts);
          accounts.forEach((account, index) => {
            const mine = inside.filter((r) => r.account === account);
            const distinct = (of: (r: ExchangeRecord) => bigint) =>
              new Set(mine.map(of).filter((value) => value !== 0n)).size;
            expect({
              exchanges: activity.exchanges[index],
              firstMs: activity.firstMs[index],
              lastMs: activity.lastMs[index],
              outputTokens: activity.outputTokens[index],
              fingerprints: activity.distinctFingerprints[index],
              contradictions: activity.contradictions[index],
              endUsers: activity.distinctEndUsers[index],
            }).toEqual({
              exchanges: mine.length,
              firstMs: Math.min(...mine.map((r) => r.atMs)),
              lastMs: Math.max(...mine.map((r) => r.atMs)),
              outputTokens: mine.reduce((total, r) => total + r.outputTokens, 0),
              fingerprints: distinct((r) => r.fingerprint),
              contradictions: mine.filter((r) => r.contradiction).length,
              endUsers: distinct((r) => r.endUser),
            });
          });
        },
      ),
      { numRuns: 6 },
    );
  });

  it('sample the same rows again, in time order, and honour every filter', async () => {
    const all = randomExchanges(7, 600);
    await store.insertExchanges(encode(all));
    await store.insertExchanges(encode(all));
    const tenth = [{ share: 0.1 }];
    const some = await store.sampleExchanges({ ...EVER, draws: tenth });
    expect(some.account.length).toBeGreaterThan(30);
    expect(some.account.length).toBeLessThan(90);
    expect(some.topics).toHaveLength(16 * some.account.length);
    expect([...some.atMs]).toEqual([...some.atMs].sort((a, b) => a - b));
    expect(await store.sampleExchanges({ ...EVER, draws: tenth })).toEqual(some);

    const everybody = [{ share: 1 }];
    const { model, lot, ...whole } = await store.sampleExchanges({ ...EVER, draws: everybody });
    const byTime = [...all].sort((a, b) => a.atMs - b.atMs || Buffer.compare(a.id, b.id));
    expect(whole).toEqual({
      account: BigUint64Array.from(byTime, (r) => r.account),
      atMs: Float64Array.from(byTime, (r) => r.atMs),
      shape: Uint32Array.from(byTime, (r) => r.shape),
      intents: Uint32Array.from(byTime, (r) => r.intents),
      promptHash: BigUint64Array.from(byTime, (r) => r.promptHash),
      ok: Uint8Array.from(byTime, (r) => Number(r.ok)),
      topics: Uint8Array.from(byTime.flatMap((r) => [...r.topics])),
      systemHash: BigUint64Array.from(byTime, (r) => r.systemHash),
      fingerprint: BigUint64Array.from(byTime, (r) => r.fingerprint),
      parameters: BigUint64Array.from(byTime, (r) => r.parameters),
      network: BigUint64Array.from(byTime, (r) => r.network),
      outputTokens: Uint32Array.from(byTime, (r) => r.outputTokens),
    });
    expect(new Set(model).size).toBe(3);
    expect(new Set(byTime.map((r, row) => `${r.model} ${model[row]}`)).size).toBe(3);
    const { minhash } = await store.sampleExchanges({ ...EVER, draws: everybody, minhash: true });
    expect(minhash).toEqual(Uint8Array.from(byTime.flatMap((r) => [...r.minhash])));

    const two = BigUint64Array.of(hashOf('account1'), hashOf('account2'));
    const isOfTwo = (account: bigint) => two.includes(account);
    const only = await store.sampleExchanges({ ...EVER, draws: [{ accounts: two, share: 1 }] });
    expect(only.account).toHaveLength(all.filter((r) => isOfTwo(r.account)).length);
    const both = await store.sampleExchanges({ ...EVER, draws: [{ accounts: two, share: 1 }, ...tenth] });
    expect(both.account).toHaveLength(
      only.account.length + some.account.filter((account) => !isOfTwo(account)).length,
    );
    expect(some.lot.every((value) => value < 0.1 * 2 ** 32)).toBe(true);
    expect(lot.filter((value) => value < 0.1 * 2 ** 32)).toEqual(some.lot);
    const signature = signatureOf(all[0]!.parameters, all[0]!.systemHash);
    const isSigned = (r: ExchangeRecord) => signatureOf(r.parameters, r.systemHash) === signature;
    const signatures = BigUint64Array.of(signature);
    const signed = await store.sampleExchanges({ ...EVER, draws: [{ signatures, share: 1 }] });
    expect(signed.lot).toEqual(lot.filter((_, row) => isSigned(byTime[row]!)));
    expect(
      (await store.sampleExchanges({ ...EVER, draws: [{ accounts: two, signatures, share: 1 }, ...tenth] }))
        .lot,
    ).toEqual(
      lot.filter((value, row) => {
        const record = byTime[row]!;
        return value < 0.1 * 2 ** 32 || (isOfTwo(record.account) && isSigned(record));
      }),
    );
    for (const draws of [[], [{ accounts: new BigUint64Array(0), share: 1 }], [{ share: 0 }]])
      expect((await store.sampleExchanges({ ...EVER, draws })).account).toHaveLength(0);
    for (const share of [-0.1, 1.1, Number.NaN])
      await expect(store.sampleExchanges({ ...EVER, draws: [{ share }] })).rejects.toMatchObject({
        code: 'STORE_ARGUMENT',
      });

    expect(await store.arrivals(EVER, two)).toEqual({ account: only.account, atMs: only.atMs });
    expect(await store.arrivals(EVER)).toEqual({ account: whole.account, atMs: whole.atMs });

    const many = BigUint64Array.from({ length: 100_000 }, (_, index) => hashOf(`account${index}`));
    const all100k = await store.sampleExchanges({ ...EVER, draws: [{ accounts: many, share: 1 }] });
    expect(all100k.account).toHaveLength(600);
  });

  it('take a record to its last bit', async () => {
    const [record] = randomExchanges(3, 1);
    const extreme: ExchangeRecord = {
      ...record!,
      account: 2n ** 64n - 1n,
      atMs: 10_413_791_999_999,
      inputTokens: 2 ** 40,
      durationMs: 12.6,
      turns: 1e6,
      model: 'm\0\n;\'"',
    };
    await store.insertExchanges(encode([extreme]));
    const block = await store.tables.read(
      (relation) =>
        `SELECT account, toFloat64(toUnixTimestamp64Milli(at)) AS at, input_tokens, duration_ms, turns,
         CAST(model, 'String') AS model, id, response_minhash
         FROM ${relation({ name: 'exchanges', columns: [], orderBy: '' })}`,
    );
    expect(block.columns.map((column) => Array.from(column.values as ArrayLike<unknown>))).toEqual([
      [2n ** 64n - 1n],
      [10_413_791_999_999],
      [2 ** 32 - 1],
      [13],
      [65_535],
      ['m\0\n;\'"'],
      [...extreme.id],
      [...extreme.responseMinhash],
    ]);
    expect(await store.countExchanges({ fromMs: 10_413_791_999_999, toMs: 10_413_792_000_000 })).toBe(1);
    expect(await store.countExchanges({ fromMs: 0, toMs: 10_413_791_999_999 })).toBe(0);
  });

  it('spread over more days than the engine admits by default', async () => {
    const rows = randomExchanges(5, 400).map((row, index) => ({ ...row, atMs: index * 86_400_000 }));
    await store.insertExchanges(encode(rows));
    expect(await store.countExchanges(EVER)).toBe(400);
    await store.compact();
    expect(await store.countExchanges(EVER)).toBe(400);
  });

  it('refuse bytes that are no block, and odd arguments', async () => {
    await expect(store.insertExchanges(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({
      code: 'STORE_QUERY',
    });
    await expect(store.timeCounts(EVER, 0)).rejects.toMatchObject({ code: 'STORE_ARGUMENT' });
    await expect(store.countExchanges({ fromMs: Number.NaN, toMs: 1 })).rejects.toMatchObject({
      code: 'STORE_ARGUMENT',
    });
    await expect(
      store.sharedObjects(EVER, 'network', { minAccounts: 3, maxAccounts: 2 }),
    ).rejects.toMatchObject({ code: 'STORE_ARGUMENT' });
  });
});

describe('small tables', () => {
  it('keep the last word on accounts, interventions, progress and findings', async () => {
    await store.insertAccounts([
      { account: 1n, accountId: 'a', emailDomain: 'old.example' },
      { account: 2n, accountId: 'b', createdAtMs: 5, payment: 9n, declaration: 'class' },
    ]);
    await store.insertAccounts([{ account: 1n, accountId: 'a', emailDomain: "new'.example\\" }]);
    expect(await store.accountFacts()).toEqual({
      account: BigUint64Array.of(1n, 2n),
      accountId: ['a', 'b'],
      organisation: BigUint64Array.of(0n, 0n),
      createdAtMs: Float64Array.of(0, 5),
      payment: BigUint64Array.of(0n, 9n),
      signupNetwork: BigUint64Array.of(0n, 0n),
      signupDevice: BigUint64Array.of(0n, 0n),
      emailDomain: ["new'.example\\", ''],
      programme: ['', ''],
      declaration: ['', 'class'],
    });

    const first = { id: 'x', account: 1n, kind: 'delay', arm: 'treated', fromMs: 20, toMs: 30 } as const;
    const second = { id: 'y', account: 2n, kind: 'suspend', arm: '', fromMs: 10, toMs: 30 } as const;
    await store.insertInterventions([first, second]);
    await store.insertInterventions([{ ...first, toMs: 25 }]);
    expect(await store.interventions()).toEqual([second, { ...first, toMs: 25 }]);

    const half = { offset: 2 ** 40, rows: 10, rejected: 1, finished: false };
    await store.writeProgress("d'", half);
    expect(await store.readProgress("d'")).toEqual(half);
    for (let rows = 11; rows < 20; rows++) await store.writeProgress("d'", { ...half, rows });
    expect(await store.readProgress("d'")).toEqual({ ...half, rows: 19 });

    await store.putFinding({ id: 'f1', atMs: 1, json: '{"a":1}' });
    await store.putFinding({ id: 'f2', atMs: 2, json: '{}' });
    await store.putFinding({ id: 'f1', atMs: 3, json: '{"a":2}' });
    expect(await store.listFindings()).toEqual([
      { id: 'f1', atMs: 3, json: '{"a":2}' },
      { id: 'f2', atMs: 2, json: '{}' },
    ]);
    expect(await store.listFindings(1)).toHaveLength(1);
    expect(await store.readFinding('f1')).toEqual({ id: 'f1', atMs: 3, json: '{"a":2}' });
    expect(await store.readFinding("f1' OR id = 'f2")).toBeNull();
  });
});
