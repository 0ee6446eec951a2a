import { type AccountFacts, type ExchangeRecord, type KeyedCounts, signatureOf } from '@phalanx/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrayTelemetry } from './array-telemetry.js';
import { HashIndex } from './hash-index.js';
import { type Random, stream } from './random.js';

const FACTS: AccountFacts = {
  account: BigUint64Array.of(11n, 12n),
  accountId: ['a', 'b'],
  organisation: new BigUint64Array(2),
  createdAtMs: new Float64Array(2),
  payment: new BigUint64Array(2),
  signupNetwork: new BigUint64Array(2),
  signupDevice: new BigUint64Array(2),
  emailDomain: ['', ''],
  programme: ['', ''],
  declaration: ['', ''],
};

const bytes = (random: Random, n: number, top: number) =>
  Uint8Array.from({ length: n }, () => random.integer(0, top));
const hash = (random: Random, n: number) =>
  (BigInt(random.integer(0, n)) * 0x1234567890abcdefn) & 0xffffffffffffffffn;

function makeRecords(seed: number, count: number): ExchangeRecord[] {
  const random = stream('records', seed);
  return Array.from({ length: count }, (_, i) => ({
    id: Uint8Array.from({ length: 16 }, (_, b) => (b < 4 ? (i >>> (8 * b)) & 255 : seed & 255)),
    account: hash(random, 9) + 1n,
    organisation: 0n,
    endUser: hash(random, 3),
    atMs: 1_700_000_000_000 + random.integer(0, 999),
    model: ['', 'm', 'n'][i % 3]!,
    operation: 'chat',
    ok: true,
    streamed: false,
    inputTokens: 1,
    outputTokens: random.integer(0, 99),
    promptBytes: 1,
    responseBytes: 1,
    durationMs: 1,
    turns: 1,
    promptHash: hash(random, 30),
    minhash: bytes(random, 64, 1),
    topics: bytes(random, 16, 255),
    shape: random.integer(0, 5),
    intents: random.integer(0, 8191),
    systemHash: hash(random, 4),
    toolsHash: hash(random, 2),
    responseHash: 1n,
    responseMinhash: new Uint8Array(32),
    fingerprint: hash(random, 5),
    contradiction: random.chance(0.3),
    network: hash(random, 12),
    parameters: hash(random, 6),
  }));
}

const asMap = ({ account, key, count }: KeyedCounts) =>
  new Map([...account].map((a, i) => [`${a} ${key[i]}`, count[i]!] as const));

function brute(records: ExchangeRecord[], keys: (r: ExchangeRecord) => bigint[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const r of records)
    for (const key of keys(r))
      counts.set(`${r.account} ${key}`, (counts.get(`${r.account} ${key}`) ?? 0) + 1);
  return counts;
}

function bounded(counts: Map<string, number>, low: number, high: number): Map<string, number> {
  const degree = new Map<string, number>();
  for (const key of counts.keys()) degree.set(key.split(' ')[1]!, (degree.get(key.split(' ')[1]!) ?? 0) + 1);
  return new Map(
    [...counts].filter(([key]) => {
      const d = degree.get(key.split(' ')[1]!)!;
      return d >= low && d <= high;
    }),
  );
}

describe('ArrayTelemetry', () => {
  it('answers every question as counting by hand does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 0, max: 150 }),
        fc.integer({ min: 0, max: 500 }),
        async (seed, count, from) => {
          const records = makeRecords(seed, count);
          const telemetry = ArrayTelemetry.fromRecords(records, FACTS);
          const window = { fromMs: 1_700_000_000_000 + from, toMs: 1_700_000_000_800 };
          const inside = records.filter((r) => r.atMs >= window.fromMs && r.atMs < window.toMs);
          expect(await telemetry.countExchanges(window)).toBe(inside.length);
          expect(asMap(await telemetry.shapeCounts(window))).toEqual(brute(inside, (r) => [BigInt(r.shape)]));
          expect(asMap(await telemetry.timeCounts(window, 70))).toEqual(
            brute(inside, (r) => [BigInt(Math.floor((r.atMs - window.fromMs) / 70))]),
          );
          expect(asMap(await telemetry.intentCounts(window))).toEqual(
            brute(inside, (r) =>
              Array.from({ length: 13 }, (_, b) => b)
                .filter((b) => (r.intents >>> b) & 1)
                .map(BigInt),
            ),
          );
          const objects = {
            network: 'network',
            fingerprint: 'fingerprint',
            parameters: 'parameters',
            system: 'systemHash',
            tools: 'toolsHash',
            prompt: 'promptHash',
          } as const;
          expect(
            asMap(await telemetry.sharedObjects(window, 'signature', { minAccounts: 2, maxAccounts: 4 })),
          ).toEqual(
            bounded(
              brute(inside, (r) => [signatureOf(r.parameters, r.systemHash)].filter((h) => h !== 0n)),
              2,
              4,
            ),
          );
          for (const [kind, column] of Object.entries(objects) as [
            keyof typeof objects,
            keyof ExchangeRecord,
          ][])
            expect(
              asMap(await telemetry.sharedObjects(window, kind, { minAccounts: 2, maxAccounts: 4 })),
            ).toEqual(
              bounded(
                brute(inside, (r) => [r[column] as bigint].filter((h) => h !== 0n)),
                2,
                4,
              ),
            );
          expect(
            asMap(await telemetry.sharedObjects(window, 'template', { minAccounts: 2, maxAccounts: 5 })),
          ).toEqual(
            bounded(
              brute(inside, (r) =>
                Array.from({ length: 16 }, (_, j) => {
                  const view = new DataView(r.minhash.buffer, r.minhash.byteOffset);
                  return BigInt(view.getUint32(4 * j, true)) | (BigInt(j) << 32n);
                }),
              ),
              2,
              5,
            ),
          );
          const activity = await telemetry.accountActivity(window);
          const accounts = [...new Set(inside.map((r) => r.account))].sort((a, b) => (a < b ? -1 : 1));
          expect([...activity.account]).toEqual(accounts);
          accounts.forEach((account, i) => {
            const own = inside.filter((r) => r.account === account);
            expect(activity.exchanges[i]).toBe(own.length);
            expect(activity.firstMs[i]).toBe(Math.min(...own.map((r) => r.atMs)));
            expect(activity.lastMs[i]).toBe(Math.max(...own.map((r) => r.atMs)));
            expect(activity.outputTokens[i]).toBe(own.reduce((sum, r) => sum + r.outputTokens, 0));
            expect(activity.contradictions[i]).toBe(own.filter((r) => r.contradiction).length);
            expect(activity.distinctFingerprints[i]).toBe(
              new Set(own.map((r) => r.fingerprint).filter((h) => h !== 0n)).size,
            );
            expect(activity.distinctEndUsers[i]).toBe(
              new Set(own.map((r) => r.endUser).filter((h) => h !== 0n)).size,
            );
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('draws by account and share, the same rows whatever the order of loading', async () => {
    const records = makeRecords(3, 400);
    const window = { fromMs: 0, toMs: 2e12 };
    const telemetry = ArrayTelemetry.fromRecords(records, FACTS);
    const accounts = BigUint64Array.of(records[0]!.account, records[1]!.account, 999n);
    const all = await telemetry.sampleExchanges({ ...window, draws: [{ accounts, share: 1 }] });
    const sorted = records.filter((r) => accounts.includes(r.account)).sort((a, b) => a.atMs - b.atMs);
    expect([...all.atMs]).toEqual(sorted.map((r) => r.atMs));
    expect([...all.ok]).toEqual(sorted.map((r) => Number(r.ok)));
    expect(all.topics.subarray(16, 32)).toEqual(sorted[1]!.topics);
    expect(new Set(sorted.map((r, row) => `${r.model} ${all.model[row]}`)).size).toBe(3);
    expect(sorted.every((r, row) => (r.model === '') === (all.model[row] === 0n))).toBe(true);
    const signature = signatureOf(sorted[0]!.parameters, sorted[0]!.systemHash);
    const signatures = BigUint64Array.of(signature);
    const signed = await telemetry.sampleExchanges({
      ...window,
      draws: [{ accounts, signatures, share: 1 }],
    });
    const isSigned = (r: ExchangeRecord) => signatureOf(r.parameters, r.systemHash) === signature;
    expect([...signed.atMs]).toEqual(sorted.filter(isSigned).map((r) => r.atMs));
    expect(all.minhash).toBeUndefined();
    expect(await telemetry.arrivals(window, accounts)).toEqual({ account: all.account, atMs: all.atMs });
    const draws = [{ share: 1 }];
    const withLanes = await telemetry.sampleExchanges({ ...window, draws, minhash: true });
    const every = [...records].sort((a, b) => a.atMs - b.atMs);
    expect(withLanes.minhash).toEqual(Uint8Array.from(every.flatMap((r) => [...r.minhash])));
    const some = await telemetry.sampleExchanges({ ...window, draws: [{ share: 0.2 }] });
    expect(some.atMs.length).toBeGreaterThan(40);
    expect(some.atMs.length).toBeLessThan(130);
    expect([...some.atMs]).toEqual([...some.atMs].sort((a, b) => a - b));
    const reversed = ArrayTelemetry.fromRecords([...records].reverse(), FACTS);
    const again = await reversed.sampleExchanges({ ...window, draws: [{ share: 0.2 }] });
    expect([...again.promptHash].sort()).toEqual([...some.promptHash].sort());
  });

  it('is empty when nothing was read', async () => {
    const telemetry = ArrayTelemetry.fromRecords([], FACTS);
    expect(await telemetry.span()).toBeNull();
    expect((await telemetry.accountFacts()).accountId).toEqual(['a', 'b']);
    expect(
      (await telemetry.sharedObjects({ fromMs: 0, toMs: 1 }, 'template', { minAccounts: 1, maxAccounts: 9 }))
        .key,
    ).toHaveLength(0);
  });
});

describe('HashIndex', () => {
  it('numbers hashes by arrival as a map does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 })), {
          maxLength: 3000,
        }),
        (pairs) => {
          const index = new HashIndex();
          const map = new Map<string, number>();
          for (const [low, high] of pairs) {
            const key = `${low} ${high}`;
            if (!map.has(key)) map.set(key, map.size);
            expect(index.add(low, high)).toBe(map.get(key));
          }
          expect(index.size).toBe(map.size);
          expect(index.find(41, 41)).toBe(-1);
        },
      ),
    );
  });
});
