import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { FolderDisk } from './disk.js';
import { hashLeaf } from './merkle-hash.js';
import { verifyInclusion } from './merkle-proof.js';
import { proveInclusion, TreeFrontier } from './merkle-tree.js';
import { SegmentLog } from './segment-log.js';
import { Dice, type Faults, PowerLoss, SimulatedDisk } from './simulated-disk.test.support.js';

const SMALL = 256;

function rootOf(entries: readonly Uint8Array[]): Uint8Array {
  const tree = new TreeFrontier();
  for (const entry of entries) tree.append(hashLeaf(entry));
  return tree.root();
}

function readAll(log: SegmentLog, segment: number): string[] {
  const out: string[] = [];
  for (let from = 0; from < log.size; from += segment)
    for (const entry of log.readEntries(from, Math.min(log.size, from + segment)))
      out.push(Buffer.from(entry).toString('hex'));
  return out;
}

const hex = (entries: readonly Uint8Array[]): string[] =>
  entries.map((entry) => Buffer.from(entry).toString('hex'));

function makeBatch(random: Dice, most: number): Uint8Array[] {
  return Array.from({ length: 1 + random.integer(most) }, () =>
    Uint8Array.from({ length: random.integer(60) }, () => random.integer(256)),
  );
}

describe('a log in a folder', () => {
  it('keeps entries, hashes and proofs over restarts, across segments', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'phalanx-log-'));
    const random = new Dice(1);
    const entries: Uint8Array[] = [];
    try {
      for (let start = 0; start < 6; start++) {
        const log = SegmentLog.open(new FolderDisk(folder), SMALL);
        expect(log.size).toBe(entries.length);
        expect(log.root()).toEqual(rootOf(entries));
        for (let b = 0; b < 5; b++) {
          const batch = makeBatch(random, 200);
          expect(log.append(batch)).toBe(entries.length);
          entries.push(...batch);
        }
        expect(readAll(log, SMALL)).toEqual(hex(entries));
        const index = random.integer(log.size);
        const proof = await proveInclusion(index, log.size, log.hashReader());
        expect(verifyInclusion(hashLeaf(entries[index]!), index, log.size, proof, rootOf(entries))).toBe(
          true,
        );
        log.close();
      }
      expect(entries.length).toBeGreaterThan(4 * SMALL);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('serves tiles and bundles, and nothing that it has not', () => {
    const log = SegmentLog.open(new SimulatedDisk(new Dice(2)));
    log.append(Array.from({ length: 300 }, (_, i) => utf8(String(i))));
    expect(log.readTile({ level: 0, index: 0, width: 256 })).toHaveLength(8192);
    expect(log.readTile({ level: 0, index: 1, width: 44 })).toHaveLength(44 * 32);
    expect(log.readTile({ level: 1, index: 0, width: 1 })).toHaveLength(32);
    expect(Buffer.from(log.readTile({ level: 'entries', index: 1, width: 1 })!)).toEqual(
      Buffer.from([0, 3, ...utf8('256')]),
    );
    for (const tile of [
      { level: 0, index: 1, width: 45 },
      { level: 0, index: 2, width: 1 },
      { level: 1, index: 0, width: 2 },
      { level: 2, index: 0, width: 1 },
    ])
      expect(log.readTile(tile)).toBeNull();
    expect(() => log.readEntries(299, 301)).toThrow(RangeError);
  });

  it('takes no entry that no bundle could hold, and then goes on', () => {
    const log = SegmentLog.open(new SimulatedDisk(new Dice(3)));
    expect(() => log.append([utf8('a'), new Uint8Array(65_536)])).toThrow(
      expect.objectContaining({ code: 'LEDGER_TILE' }),
    );
    expect(log.size).toBe(0);
    expect(log.append([new Uint8Array(65_535)])).toBe(0);
    expect(log.append([])).toBe(1);
  });

  it('splits a batch that is larger than a frame', () => {
    const log = SegmentLog.open(new SimulatedDisk(new Dice(4)));
    const entry = new Uint8Array(60_000).fill(7);
    log.append(Array.from({ length: 300 }, () => entry));
    expect(log.readEntries(299, 300)[0]).toEqual(entry);
  });
});

describe('a log whose power goes', () => {
  /** Appends until the disk fails, and says what was acknowledged and what was under way. */
  function run(disk: SimulatedDisk, random: Dice, before: readonly Uint8Array[]) {
    const acknowledged = [...before];
    let underWay: Uint8Array[] = [];
    try {
      const log = SegmentLog.open(disk, SMALL);
      acknowledged.splice(log.size);
      for (let b = 0; b < 12; b++) {
        underWay = makeBatch(random, 120);
        log.append(underWay);
        acknowledged.push(...underWay);
        underWay = [];
      }
    } catch (error) {
      const cause = (error as Error).cause ?? error;
      if (!(cause instanceof PowerLoss)) throw error;
    }
    return { acknowledged, underWay };
  }

  it.each([0, 0.3])(
    'keeps all that was acknowledged, and no part of an entry (short writes %d)',
    (shortWrites) => {
      const random = new Dice(5);
      let losses = 0;
      for (let round = 0; round < 150; round++) {
        let disk = new SimulatedDisk(random, { powerLossAt: random.integer(60), shortWrites });
        let kept: Uint8Array[] = [];
        for (let life = 0; life < 3; life++) {
          const { acknowledged, underWay } = run(disk, random, kept);
          const isKill = random.bernoulli(0.3);
          const faults: Faults = { powerLossAt: random.integer(60), shortWrites };
          const found = isKill ? disk.afterKill() : disk.afterPowerLoss();
          const log = SegmentLog.open(found, SMALL);
          const possible = [...acknowledged, ...underWay];
          expect(log.size).toBeGreaterThanOrEqual(acknowledged.length);
          expect(readAll(log, SMALL)).toEqual(hex(possible.slice(0, log.size)));
          expect(log.root()).toEqual(rootOf(possible.slice(0, log.size)));
          if (log.size > acknowledged.length || underWay.length > 0) losses++;
          kept = possible.slice(0, log.size);
          disk = found.afterPowerLoss(faults);
        }
      }
      expect(losses).toBeGreaterThan(50);
    },
  );

  it('would lose entries without its syncs, so that the simulation can tell', () => {
    const random = new Dice(6);
    let lost = 0;
    for (let round = 0; round < 200; round++) {
      const disk = new SimulatedDisk(random);
      disk.sync = () => {};
      const log = SegmentLog.open(disk, SMALL);
      for (let b = 0; b < 4; b++) log.append(makeBatch(random, 20));
      const found = disk.afterPowerLoss();
      try {
        if (SegmentLog.open(found, SMALL).size < log.size) lost++;
      } catch {
        lost++;
      }
    }
    expect(lost).toBeGreaterThan(50);
  });
});

describe('a log whose disk fails', () => {
  it('acknowledges nothing more after an error', () => {
    const random = new Dice(7);
    for (let errorAt = 1; errorAt < 40; errorAt++) {
      const disk = new SimulatedDisk(random, { errorAt });
      const log = SegmentLog.open(disk, SMALL);
      let acknowledged = 0;
      let failures = 0;
      for (let b = 0; b < 20; b++)
        try {
          log.append(makeBatch(random, 40));
          acknowledged = log.size;
          expect(failures).toBe(0);
        } catch (error) {
          expect(error).toMatchObject({ code: 'LEDGER_DISK' });
          failures++;
        }
      expect(failures).toBeGreaterThan(0);
      expect(SegmentLog.open(disk.afterPowerLoss(), SMALL).size).toBeGreaterThanOrEqual(acknowledged);
    }
  });

  it('does not take damage in acknowledged entries for the end of the log', () => {
    const random = new Dice(8);
    for (let round = 0; round < 300; round++) {
      const disk = new SimulatedDisk(random);
      const log = SegmentLog.open(disk, SMALL);
      log.append(makeBatch(random, 20));
      const before = disk.size('entries/000000000')!;
      log.append(makeBatch(random, 20));
      disk.damage('entries/000000000', random.integer(before), random.integer(8));
      expect(() => SegmentLog.open(disk.afterPowerLoss(), SMALL)).toThrow(
        expect.objectContaining({ code: 'LEDGER_CORRUPT' }),
      );
    }
  });
});
