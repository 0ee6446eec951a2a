import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDirectory } from './directory-lock.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'phalanx-lock-'));
});
afterEach(() => rm(directory, { recursive: true }));

const LOCKED = { code: 'STORE_LOCKED', retryable: true };

describe('lockDirectory', () => {
  it('has one holder at a time, and leaves nothing behind', async () => {
    const lock = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toMatchObject(LOCKED);
    await lock.release();
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
    await (await lockDirectory(directory)).release();
  });

  it('lets exactly one of many through', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockDirectory(directory)));
    expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  });

  it('respects a living process and takes over from a dead one, through one of many at once', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await writeFile(
      join(directory, 'lock'),
      JSON.stringify({ pid: child.pid, started: '', nonce: 'theirs' }),
    );
    await expect(lockDirectory(directory)).rejects.toMatchObject(LOCKED);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockDirectory(directory)));
    expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  });

  it.runIf(process.platform === 'linux')('knows a recycled pid by its start time', async () => {
    await writeFile(
      join(directory, 'lock'),
      JSON.stringify({ pid: process.pid, started: '1', nonce: 'former' }),
    );
    await (await lockDirectory(directory)).release();
  });

  it('takes over from a torn lock file', async () => {
    await writeFile(join(directory, 'lock'), '{"pid":');
    await (await lockDirectory(directory)).release();
  });
});
