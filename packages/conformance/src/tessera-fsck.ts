import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toHex } from '@phalanx/core';
import type { Checkpoint } from '@phalanx/ledger';

const FSCK_MS = 120_000;
/** One that finds a fault stops, and with none left fsck waits for ever: a flipped bit in an entry shows at each of the levels. */
const WORKERS = 8;
const MAX_FAULT = 300;

/**
 * Tessera's fsck over a served log.
 *
 * Its exit code is 0 whatever it finds, so what it writes decides.
 *
 * @returns null when it accepts a log of exactly this checkpoint, else what it says was wrong
 */
export async function runFsck(
  folder: string,
  url: string,
  key: string,
  { size, root }: Checkpoint,
): Promise<string | null> {
  const keyFile = join(folder, 'log.vkey');
  writeFileSync(keyFile, key);
  const { stderr } = await promisify(execFile)(
    join(folder, 'fsck'),
    ['--ui=false', `--N=${WORKERS}`, `--storage_url=${url}/`, `--public_key=${keyFile}`],
    { timeout: FSCK_MS },
  );
  const fault = /fsck failed: .*/.exec(stderr)?.[0];
  const isAccepted =
    fault === undefined &&
    stderr.includes(`Successfully fsck'd log with size ${size} and root `) &&
    stderr.includes(`(${toHex(root)})`);
  return isAccepted ? null : (fault ?? stderr).trim().slice(0, MAX_FAULT);
}
