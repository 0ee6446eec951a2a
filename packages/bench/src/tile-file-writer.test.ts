import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderDisk, formatTilePath, SegmentLog, tilesOf, tileWidth } from '@phalanx/ledger';
import { expect, it } from 'vitest';
import { makeEntries } from './bench-log.js';
import { formatTimes, percentile } from './percentiles.js';
import { TileFileWriter } from './tile-file-writer.js';

it('the peer writes the tiles that our log serves', () => {
  const root = mkdtempSync(join(tmpdir(), 'phalanx-tiles-'));
  try {
    const writer = new TileFileWriter(join(root, 'tiles'));
    const log = SegmentLog.open(new FolderDisk(join(root, 'log')));
    for (const n of [1, 300, 255, 2000]) {
      const batch = makeEntries(log.size, n, 40);
      writer.append(batch);
      log.append(batch);
      for (const tile of tilesOf(log.size))
        expect(new Uint8Array(readFileSync(join(root, 'tiles', formatTilePath(tile))))).toEqual(
          log.readTile(tile),
        );
      const index = Math.floor((log.size - 1) / 256);
      const last = { level: 'entries' as const, index, width: tileWidth('entries', index, log.size) };
      expect(new Uint8Array(readFileSync(join(root, 'tiles', formatTilePath(last))))).toEqual(
        log.readTile(last),
      );
      expect(new Uint8Array(readFileSync(join(root, 'tiles/checkpoint')))).toEqual(log.root());
    }
    log.close();
  } finally {
    rmSync(root, { recursive: true });
  }
});

it('a percentile is one of the values', () => {
  expect([0.5, 0.99, 1].map((share) => percentile([3, 1, 2, 10], share))).toEqual([2, 10, 10]);
  expect(percentile([], 0.5)).toBeNaN();
  expect(formatTimes([0.001, 0.002], 'us')).toBe('p50 1.0, p99 2.0, max 2.0 us');
});
