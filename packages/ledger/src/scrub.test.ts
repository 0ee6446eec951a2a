import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PhalanxError, systemClock } from '@phalanx/core';
import { afterEach, expect, it } from 'vitest';
import { FolderDisk } from './disk.js';
import { LogReader } from './log-reader.js';
import { type ScrubSettings, scrubLog } from './scrub.js';
import { SegmentReader } from './segment-reader.js';
import { makeDisk, makeEntries, openLog } from './served-log.test.support.js';
import type { SimulatedDisk } from './simulated-disk.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'phalanx-scrub-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function makeLog(size: number) {
  const disk = makeDisk();
  const log = await openLog({ disk });
  for (let done = 0; done < size; done += 100) log.append(makeEntries(Math.min(100, size - done), done));
  await log.publish();
  const { served } = log;
  const reader = new SegmentReader(disk, 256);
  return {
    disk,
    scrubbed: {
      served,
      frameEnd: (index: number) => reader.frameEnd(index),
      verifyEntries: (from: number, to: number) => reader.verifyEntries(from, to),
      readTile: (tile: Parameters<SegmentReader['readTile']>[0]) => reader.readTile(tile, size),
      hashReader: (to: number) => reader.hashReader(to),
    },
  };
}

/** Scrubs until so many passes are done or a fault is found. */
async function scrub(log: ScrubSettings['log'], passes: number, more: Partial<ScrubSettings> = {}) {
  const end = new AbortController();
  const steps: number[] = [];
  const fault = await scrubLog({
    log,
    state: makeDisk(),
    bytesPerSecond: 1e9,
    pauseMs: 0,
    recheckMs: 0,
    clock: systemClock,
    signal: end.signal,
    ...more,
    onStep: (next, _size, done) => {
      steps.push(next);
      if (done >= passes) end.abort();
    },
  });
  return { fault, steps };
}

it('goes through a log again and again', async () => {
  const { scrubbed } = await makeLog(700);
  const { fault, steps } = await scrub(scrubbed, 2);
  expect(fault).toBeNull();
  // Frames of 100 entries, and of what is left of a segment.
  const pass = [100, 200, 256, 300, 400, 500, 512, 600, 700, 0];
  expect(steps).toEqual([...pass, ...pass]);
});

it('finds any bit that is not what it was, in entries, leaf hashes and tiles above', async () => {
  const paths = [
    'entries/000000000',
    'entries/000000002',
    'hashes/0/000000000',
    'hashes/0/000000002',
    'hashes/1/000000000',
  ];
  for (const path of paths)
    for (const place of [0, 0.3, 0.77, 1]) {
      const { disk, scrubbed } = await makeLog(700);
      damage(disk, path, place);
      const { fault, steps } = await scrub(scrubbed, 1);
      expect(fault, `${path} ${place}`).not.toBeNull();
      // The root at the end of the pass would show it too, in a log that is so small.
      if (path === 'hashes/1/000000000' && place < 1) expect(steps.at(-1)).toBeLessThan(700);
    }
});

it('looks twice: a writer that starts makes hashes again', async () => {
  const { scrubbed } = await makeLog(700);
  let calls = 0;
  const restarting = {
    ...scrubbed,
    verifyEntries: (from: number, to: number) => {
      if (++calls === 3) throw new PhalanxError('LEDGER_CORRUPT', 'hashes are too short');
      return scrubbed.verifyEntries(from, to);
    },
  };
  expect((await scrub(restarting, 1)).fault).toBeNull();
  expect(calls).toBeGreaterThan(3);
});

/** Hash files are synced at full segments only; whatever is there may be hit. */
function damage(disk: SimulatedDisk, path: string, place: number): void {
  disk.sync(path);
  disk.damage(path, Math.floor(place * (disk.size(path)! - 1)), 3);
}

it('goes on where it was after a restart', async () => {
  const { scrubbed } = await makeLog(700);
  const state = makeDisk();
  const end = new AbortController();
  const onStep = (next: number) => {
    if (next >= 300) end.abort();
  };
  const settings = { log: scrubbed, state, bytesPerSecond: 1e9, pauseMs: 0, clock: systemClock };
  expect(await scrubLog({ ...settings, signal: end.signal, onStep })).toBeNull();
  const { steps } = await scrub(scrubbed, 1, { state });
  expect(steps).toEqual([400, 500, 512, 600, 700, 0]);
});

it('reads no faster than it may, and looks at a log that another process writes', async () => {
  const disk = new FolderDisk(join(folder, 'log'));
  const log = await openLog({ disk });
  const reader = new LogReader(join(folder, 'log'), 256);
  for (let done = 0; done < 2000; done += 100) log.append(makeEntries(100, done));
  await log.publish();
  const bytes = reader.verifyEntries(0, 2000);
  const began = performance.now();
  expect((await scrub(reader, 1, { bytesPerSecond: 2 * bytes })).fault).toBeNull();
  expect(performance.now() - began).toBeGreaterThan(450);
  reader.close();
  log.close();
});
