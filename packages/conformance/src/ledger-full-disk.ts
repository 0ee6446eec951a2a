import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PhalanxError } from '@phalanx/core';
import { FolderDisk, TransparencyLog } from '@phalanx/ledger';
import type { Checks } from './checks.js';
import { inspectLog } from './ledger-aftermath.js';
import { entryOf, rootsUpTo, settingsOf } from './ledger-workload.js';

const run = promisify(execFile);
const SIZES_KIB = [512, 640, 1000, 1024, 2000, 3072];
const BATCH = 100;

/** Fills file systems of a few sizes, so that the space ends at different writes, and gives them more. */
export async function checkFullDisk(checks: Checks): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-full-'));
  try {
    for (const kib of SIZES_KIB) {
      try {
        await run('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'phalanx', folder]);
      } catch (error) {
        checks.skip(`no tmpfs can be mounted: ${String((error as Error).message).split('\n')[1] ?? ''}`);
        return;
      }
      try {
        await fill(checks, kib, folder);
      } finally {
        await run('umount', [folder]);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(checks: Checks, kib: number, folder: string): Promise<void> {
  const folders = { log: join(folder, 'log'), state: join(folder, 'state') };
  const open = (): Promise<TransparencyLog> =>
    TransparencyLog.open(settingsOf(new FolderDisk(folders.log), new FolderDisk(folders.state)));
  const promised = { acknowledged: 0, shown: 0 };
  let log = await open();
  let failure = '';
  const tries = async (): Promise<boolean> => {
    try {
      log.append(Array.from({ length: BATCH }, (_, i) => entryOf(promised.acknowledged + i)));
      promised.acknowledged = log.size;
      await log.publish();
      promised.shown = log.signed!.checkpoint.size;
      return true;
    } catch (error) {
      failure = PhalanxError.is(error) ? error.code : String(error);
      return false;
    }
  };
  while (await tries());
  const name = `tmpfs of ${kib} KiB`;
  checks.equal(`${name}: full`, failure, 'LEDGER_DISK');
  checks.check(`${name}: takes nothing more`, !(await tries()) && !(await tries()));
  const whenFull = { ...promised };
  log.close();
  await run('mount', ['-o', `remount,size=${kib * 3}k`, folder]);
  const roots = rootsUpTo(whenFull.acknowledged + 2 * BATCH);
  log = await open();
  const recovered = log.size;
  promised.acknowledged = recovered;
  checks.check(
    `${name}: keeps what it acknowledged`,
    recovered >= whenFull.acknowledged,
    () => `${recovered} of ${whenFull.acknowledged}`,
  );
  checks.check(`${name}: goes on when there is space`, await tries(), () => failure);
  log.close();
  const { faults, unreadable } = await inspectLog(folders, promised, roots);
  const wrong = [...faults, ...unreadable];
  checks.check(`${name}: nothing is lost`, wrong.length === 0, () => wrong.join('; '));
  checks.note(
    `${name}: full after ${whenFull.acknowledged} entries, ${whenFull.shown} shown; ${recovered} recovered`,
  );
}
