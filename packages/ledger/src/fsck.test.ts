import { utf8 } from '@phalanx/core';
import { expect, it } from 'vitest';
import { formatCheckpoint } from './checkpoint.js';
import { checkLog } from './fsck.js';
import { SegmentLog } from './segment-log.js';
import { type NoteVerifier, signNote } from './signed-note.js';
import { Dice, SimulatedDisk } from './simulated-disk.test.support.js';

/** A key whose signature is the text itself; what is checked here is the log. */
const key = { keyName: 'log.example', keyId: 7, sign: utf8 };
const verifier: NoteVerifier = {
  ...key,
  verify: (text, signature) => Buffer.from(signature).equals(utf8(text)),
};

async function makeLog(size: number): Promise<{ disk: SimulatedDisk; log: SegmentLog }> {
  const disk = new SimulatedDisk(new Dice(1));
  const log = SegmentLog.open(disk, 256);
  for (let done = 0; done < size; done += 100)
    log.append(Array.from({ length: Math.min(100, size - done) }, (_, i) => utf8(`entry ${done + i}`)));
  const text = formatCheckpoint({ origin: 'log.example', size: log.size, root: log.root(), extensions: [] });
  disk.replace('checkpoint', await signNote(text, [key]));
  return { disk, log };
}

it('a whole log has no fault', async () => {
  for (const size of [0, 1, 256, 700]) {
    const { disk } = await makeLog(size);
    expect(await checkLog(disk, [verifier], 256)).toEqual({ size, signedSize: size, fault: null });
  }
  const { disk, log } = await makeLog(300);
  log.append([utf8('later')]);
  expect(await checkLog(disk, [verifier], 256)).toEqual({ size: 301, signedSize: 300, fault: null });
});

it('one bit is enough to have one, wherever it is', async () => {
  const dice = new Dice(2);
  const paths = [
    'entries/000000000',
    'entries/000000001',
    'entries/000000002',
    'hashes/0/000000000',
    'hashes/1/000000000',
    'checkpoint',
  ];
  for (const path of paths)
    for (let round = 0; round < 40; round++) {
      const { disk } = await makeLog(700);
      // Synced at a full segment; later hashes are made again whenever the log is opened.
      const synced =
        path === 'hashes/0/000000000' ? 256 * 32 : path === 'hashes/1/000000000' ? 2 * 32 : disk.size(path)!;
      disk.damage(path, dice.integer(synced), dice.integer(8));
      const { fault } = await checkLog(disk, [verifier], 256);
      expect(fault, path).not.toBeNull();
    }
});

it('entries that are gone are missed', async () => {
  const { disk } = await makeLog(700);
  disk.truncate('entries/000000002', 0);
  expect((await checkLog(disk, [verifier], 256)).fault).toBe('700 entries were signed, 512 are there');
});
