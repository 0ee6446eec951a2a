import { toHex, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GROUPS, verifyOpening } from './commitment.js';
import { CrashingDisk, PowerLoss } from './crashing-disk.test.support.js';
import { commitmentOf } from './exchange-leaf.js';
import { Retention } from './retention.js';
import { parseStatement } from './statement-leaf.js';
import { checkChains, exchange, idOf, makeKeys, open, readAll } from './telemetry-log.test.support.js';

describe('TelemetryLog', () => {
  it('opens what was logged, group by group, across segments and days', async () => {
    const telemetry = await open(new CrashingDisk(), new CrashingDisk());
    const observations = Array.from({ length: 600 }, (_, n) => exchange(n));
    expect(await telemetry.append(observations)).toBe(600);
    const entries = await readAll(telemetry);
    expect(entries.map(idOf)).toEqual(observations.map((_, n) => n));
    checkChains(entries);
    for (const { index, exchange } of entries) {
      const { opened, leaf } = exchange!;
      GROUPS.forEach((group, i) => {
        const salt = opened!.salts.subarray(16 * i, 16 * i + 16);
        const value = opened!.values[i] ?? new Uint8Array(0);
        verifyOpening(commitmentOf(leaf, group), { group, salt, value });
        expect(opened!.values[i]).toEqual(observations[index]!.values[i]);
        expect(() => verifyOpening(commitmentOf(leaf, group), { group, salt, value: utf8('x') })).toThrow(
          'not what was logged',
        );
      });
    }
  });

  it('commits to text that it does not keep', async () => {
    const telemetry = await open(new CrashingDisk(), new CrashingDisk());
    await telemetry.append([exchange(1, 1, false)]);
    const [entry] = await readAll(telemetry);
    const { opened, leaf } = entry!.exchange!;
    expect(opened!.values[3]).toBeNull();
    const salt = opened!.salts.subarray(48, 64);
    verifyOpening(commitmentOf(leaf, 'prompt'), { group: 'prompt', salt, value: utf8('question 1') });
  });

  it('passes over what a source sends again, also after a restart', async () => {
    const [disk, state, keys] = [new CrashingDisk(), new CrashingDisk(), makeKeys()];
    const first = await open(disk, state, keys);
    await first.append([exchange(1), exchange(2), exchange(1)]);
    expect(first.size).toBe(2);
    await first.close();
    const second = await open(disk, state, keys);
    expect(await second.append([exchange(2), exchange(3)])).toBe(1);
    checkChains(await readAll(second));
  });

  it('opens some entries as it opens all of them', async () => {
    const telemetry = await open(new CrashingDisk(), new CrashingDisk());
    for (const count of [1, 1, 200, 3, 300]) {
      const from = telemetry.size;
      await telemetry.append(Array.from({ length: count }, (_, n) => exchange(from + n)));
      await telemetry.appendStatement(node());
    }
    const all = await readAll(telemetry);
    const exchanges = all.filter((entry) => entry.exchange !== null);
    await fc.assert(
      fc.asyncProperty(fc.subarray(exchanges), async (some) => {
        const found: unknown[] = [];
        for await (const entry of telemetry.readExchanges(some.map(({ index }) => index))) found.push(entry);
        expect(found).toEqual(some);
      }),
      { numRuns: 20 },
    );
    const part: unknown[] = [];
    for await (const entry of telemetry.read(100, 301)) part.push(entry);
    expect(part).toEqual(all.slice(100, 301));
  });

  it('finds the leaves of a chain', async () => {
    const telemetry = await open(new CrashingDisk(), new CrashingDisk());
    await telemetry.append(Array.from({ length: 700 }, (_, n) => exchange(n)));
    const { chain, leaves } = telemetry.chainOf(3n)!;
    const found = [...telemetry.findLeaves(new Set([toHex(chain)]))];
    expect(found.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, i) => 3 + 7 * i));
    expect(leaves).toBe(100);
  });

  it('loses nothing acknowledged and doubles nothing, wherever the power goes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 120 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }),
        async (crashAt, share, batches) => {
          const disk = new CrashingDisk(crashAt, share);
          const state = new CrashingDisk();
          const keys = makeKeys();
          let sent = 0;
          let acknowledged = 0;
          try {
            const telemetry = await open(disk, state, keys);
            for (const count of batches) {
              const batch = Array.from({ length: count }, () => exchange(sent++));
              await telemetry.append(batch);
              acknowledged = sent;
              await telemetry.appendStatement(node());
              await telemetry.publish();
            }
          } catch (error) {
            const cause = (error as Error).cause ?? error;
            expect(cause).toBeInstanceOf(PowerLoss);
          }
          const telemetry = await open(disk.afterCrash(), state, keys);
          const kept = (await readAll(telemetry)).filter((entry) => entry.exchange !== null);
          expect(kept.length).toBeGreaterThanOrEqual(acknowledged);
          // The source sends again what it has no word of, and some more.
          const again = Array.from({ length: sent + 5 - Math.max(0, acknowledged - 3) }, (_, i) =>
            exchange(Math.max(0, acknowledged - 3) + i),
          );
          await telemetry.append(again);
          const entries = await readAll(telemetry);
          checkChains(entries);
          expect(entries.filter((entry) => entry.exchange !== null).map(idOf)).toEqual(
            Array.from({ length: sent + 5 }, (_, n) => n),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('does not open over openings that were altered', async () => {
    const [disk, state, keys] = [new CrashingDisk(), new CrashingDisk(), makeKeys()];
    await (await open(disk, state, keys)).append([exchange(1), exchange(2)]);
    disk.damage('openings/000000000', 70);
    await expect(open(disk, state, keys)).rejects.toThrowError(
      expect.objectContaining({ code: 'RECORD_CORRUPT' }),
    );
  });
});

describe('Retention', () => {
  it('erases an account for good, and every proof stays', async () => {
    const [disk, state, keys] = [new CrashingDisk(), new CrashingDisk(), makeKeys()];
    const telemetry = await open(disk, state, keys);
    await telemetry.append(Array.from({ length: 50 }, (_, n) => exchange(n)));
    await telemetry.publish();
    const chain = toHex(telemetry.chainOf(3n)!.chain);
    const retention = Retention.open(telemetry, disk, { nowMs: () => 5 });
    const index = await retention.eraseAccount(3n, 'Art. 17 GDPR', 'dpo');
    await telemetry.publish();
    const entries = await readAll(telemetry);
    for (const { index, exchange } of entries.slice(0, 50))
      expect(exchange!.opened === null).toBe(index % 7 === 3);
    expect(parseStatement(entries[index]!.entry)).toMatchObject({ kind: 'erasure', chains: [chain] });
    checkChains(entries);
    await telemetry.close();

    // A customer who comes back is not connected with who they were.
    const later = await open(disk, state, keys);
    expect(later.chainOf(3n)).toBeNull();
    await later.append([exchange(101, 3)]);
    expect(toHex(later.chainOf(3n)!.chain)).not.toBe(chain);
    expect(later.chainOf(3n)!.leaves).toBe(1);
  });

  it('erases nothing when the list of holds is lost', async () => {
    const disk = new CrashingDisk();
    const telemetry = await open(disk, new CrashingDisk());
    await telemetry.append([exchange(3), exchange(4)]);
    const [first, second] = [new CrashingDisk(), new CrashingDisk()];
    await Retention.open(telemetry, first, { nowMs: () => 5 }).placeHold(
      3n,
      'case-7',
      'litigation',
      'counsel',
    );
    expect(() => Retention.open(telemetry, second, { nowMs: () => 6 })).toThrow('the log tells of case-7');
    await Retention.open(telemetry, first, { nowMs: () => 7 }).releaseHold('case-7', 'settled', 'counsel');
    expect(Retention.open(telemetry, second, { nowMs: () => 8 }).holds).toEqual([]);
  });

  it('refuses to erase what is held, and says so', async () => {
    const disk = new CrashingDisk();
    const telemetry = await open(disk, new CrashingDisk());
    await telemetry.append([exchange(3)]);
    const retention = Retention.open(telemetry, disk, { nowMs: () => 5 });
    await retention.placeHold(3n, 'case-7', 'litigation', 'counsel');
    await expect(
      Retention.open(telemetry, disk, { nowMs: () => 6 }).eraseAccount(3n, 'Art. 17 GDPR', 'dpo'),
    ).rejects.toThrowError(expect.objectContaining({ code: 'RECORD_HELD' }));
    const states = (await readAll(telemetry)).slice(1).map(({ entry }) => parseStatement(entry));
    expect(states).toMatchObject([{ state: 'placed' }, { state: 'erasure-refused', reason: 'Art. 17 GDPR' }]);
    expect((await readAll(telemetry))[0]!.exchange!.opened).not.toBeNull();
    await retention.releaseHold('case-7', 'settled', 'counsel');
    await retention.eraseAccount(3n, 'Art. 17 GDPR', 'dpo');
    expect((await readAll(telemetry))[0]!.exchange!.opened).toBeNull();
  });
});

function node() {
  return { kind: 'node', version: 1, atMs: 1, by: 'n', state: 'started', software: 'phalanx 0.1.0' } as const;
}
