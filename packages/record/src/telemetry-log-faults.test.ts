import { utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { CrashingDisk } from './crashing-disk.test.support.js';
import { describeExchange, parseDetectorGroup } from './exchange-groups.js';
import { MemoryKeys } from './memory-keys.test.support.js';
import { observe } from './observation.js';
import { Retention } from './retention.js';
import { checkChains, exchange, idOf, makeKeys, open, readAll } from './telemetry-log.test.support.js';

/** Keys that cannot be made once `full`. */
class FullKeys extends MemoryKeys {
  full = false;

  override async findOrMake(accounts: readonly bigint[], day: number) {
    if (this.full) throw new Error('no space left on device');
    return super.findOrMake(accounts, day);
  }
}

/** A disk whose next append to openings writes half and fails. */
class HalfDisk extends CrashingDisk {
  half = false;

  override append(path: string, bytes: Uint8Array): number {
    if (!this.half || !path.startsWith('openings/')) return super.append(path, bytes);
    this.half = false;
    super.append(path, bytes.subarray(0, bytes.length >> 1));
    throw new Error('no space left on device');
  }
}

describe('a log that could not take an exchange', () => {
  it('takes no more, and its chains go on without a gap after the next start', async () => {
    const [disk, state] = [new CrashingDisk(), new CrashingDisk()];
    const keys = { rest: new FullKeys(), text: new MemoryKeys() };
    const telemetry = await open(disk, state, keys);
    await telemetry.append([exchange(3), exchange(10)]);
    keys.rest.full = true;
    await expect(telemetry.append([exchange(17)])).rejects.toThrow('no space');
    keys.rest.full = false;
    await expect(telemetry.append([exchange(17)])).rejects.toThrowError(
      expect.objectContaining({ code: 'RECORD_STOPPED' }),
    );
    await telemetry.close();
    const again = await open(disk, state, keys);
    expect(await again.append([exchange(17)])).toBe(1);
    checkChains(await readAll(again));
    expect(again.chainOf(3n)!.leaves).toBe(3);
  });

  it('does not write behind openings that are torn', async () => {
    const [disk, state, keys] = [new HalfDisk(), new CrashingDisk(), makeKeys()];
    const telemetry = await open(disk, state, keys);
    await telemetry.append([exchange(1)]);
    disk.half = true;
    await expect(telemetry.append([exchange(2)])).rejects.toThrow('no space');
    await expect(telemetry.append([exchange(3)])).rejects.toThrowError(
      expect.objectContaining({ code: 'RECORD_STOPPED' }),
    );
    await telemetry.close();
    const again = await open(disk, state, keys);
    await again.append([exchange(2), exchange(3)]);
    expect((await readAll(again)).map(idOf)).toEqual([1, 2, 3]);
  });
});

describe('openings of a segment that is full', () => {
  it('are missed when a byte of a header is altered, and do not pass for erased', async () => {
    for (const at of [0, 11, 15]) {
      const [disk, state, keys] = [new CrashingDisk(), new CrashingDisk(), makeKeys()];
      const telemetry = await open(disk, state, keys);
      await telemetry.append(Array.from({ length: 300 }, (_, n) => exchange(n)));
      disk.damage('openings/000000000', at);
      await expect(readAll(telemetry)).rejects.toThrowError(
        expect.objectContaining({ code: 'RECORD_CORRUPT' }),
      );
    }
  });
});

describe('exchanges with an id that the caller chose', () => {
  it('are logged each, unless account and time are the same too', async () => {
    const telemetry = await open(new CrashingDisk(), new CrashingDisk());
    const one = exchange(1);
    const later = { ...exchange(8), id: one.id };
    const other = { ...exchange(2), id: one.id };
    expect(await telemetry.append([one, later, other, one])).toBe(3);
  });
});

describe('an erasure that is interrupted', () => {
  it('can be ended, wherever it was, though no snapshot had the account', async () => {
    for (const kind of ['rest', 'text'] as const) {
      const [disk, state, keys] = [new CrashingDisk(), new CrashingDisk(), makeKeys()];
      // Not closed: the chains are known from the log alone.
      await (await open(disk, state, keys)).append([exchange(3), exchange(10)]);
      const telemetry = await open(disk, state, keys);
      const real = keys[kind].erase.bind(keys[kind]);
      keys[kind].erase = () => Promise.reject(new Error('killed'));
      const erase = (log: typeof telemetry) =>
        Retention.open(log, disk, { nowMs: () => 5 }).eraseAccount(3n, 'Art. 17 GDPR', 'dpo');
      await expect(erase(telemetry)).rejects.toThrow('killed');
      keys[kind].erase = real;
      const again = await open(disk.afterCrash(), state, keys);
      await erase(again);
      expect(await keys.rest.erase(3n)).toBe(0);
      expect(await keys.text.erase(3n)).toBe(0);
    }
  });

  it('destroys nothing when it cannot be told', async () => {
    const disk = new CrashingDisk();
    const telemetry = await open(disk, new CrashingDisk());
    await telemetry.append([exchange(3)]);
    const retention = Retention.open(telemetry, disk, { nowMs: () => 5 });
    await expect(retention.eraseAccount(3n, '', 'dpo')).rejects.toThrowError(
      expect.objectContaining({ code: 'RECORD_LEAF' }),
    );
    expect((await readAll(telemetry))[0]!.exchange!.opened).not.toBeNull();
    await expect(retention.placeHold(3n, '', 'litigation', 'counsel')).rejects.toThrowError(
      expect.objectContaining({ code: 'RECORD_LEAF' }),
    );
    expect(retention.holds).toEqual([]);
  });
});

describe('an observation of values that are too large', () => {
  it('is committed to, and is opened without them', async () => {
    const telemetry = await open(new CrashingDisk(), new CrashingDisk());
    const [small, large] = [utf8('{}'), new Uint8Array(70_000_000)];
    const whole = new Uint8Array(20_000_000);
    const values = {
      who: large,
      request: whole,
      response: whole,
      prompt: large,
      completion: small,
      detector: small,
    };
    await telemetry.append([observe(exchange(1), values, true)]);
    const [entry] = await readAll(telemetry);
    const lengths = entry!.exchange!.opened!.values.map((value) => value?.length ?? null);
    expect(lengths).toEqual([null, 20_000_000, 20_000_000, null, 2, 2]);
  });
});

it('a duration that overflowed can be read again', () => {
  const record = {
    id: new Uint8Array(16),
    account: 1n,
    organisation: 2n,
    endUser: 3n,
    atMs: 4,
    model: 'm',
    operation: 'chat',
    ok: true,
    streamed: false,
    inputTokens: 1,
    outputTokens: 2,
    promptBytes: 3,
    responseBytes: 4,
    durationMs: Number.POSITIVE_INFINITY,
    turns: 1,
    promptHash: 5n,
    minhash: new Uint8Array(64),
    topics: new Uint8Array(16),
    shape: 1,
    intents: 0,
    systemHash: 6n,
    toolsHash: 7n,
    responseHash: 8n,
    responseMinhash: new Uint8Array(32),
    fingerprint: 9n,
    contradiction: false,
    network: 10n,
    parameters: 11n,
  };
  const exchange = {
    accountId: 'a',
    startedAtMs: 4,
    model: 'm',
    operation: 'chat',
    status: 'ok',
    messages: [],
  } as const;
  const groups = describeExchange({ ...exchange, messages: [] }, record);
  expect(parseDetectorGroup(groups.detector!)).toEqual({ ...record, durationMs: Number.MAX_SAFE_INTEGER });
});
