import { copyFile, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openAccountDayKeys } from './account-day-keys.js';

const DAY = 20260105;
const ACCOUNTS = [1n, 2n, 3n, 2n ** 64n - 1n];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phalanx-keys-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** Makes files take what a disk that is nearly full takes. */
async function writeInPieces(take: (bytes: number) => number): Promise<void> {
  const probe = await open(join(folder, 'probe'), 'w');
  const prototype = Object.getPrototypeOf(probe);
  const { write } = prototype;
  vi.spyOn(prototype, 'write').mockImplementation(function (this: unknown, ...args: unknown[]) {
    const [bytes, from, length, at] = args as [Uint8Array, number, number, number];
    return write.call(this, bytes, from, take(length), at);
  });
  await probe.close();
}

it('keeps keys by account and by name, in files that another process reads', async () => {
  const keys = await openAccountDayKeys(folder, 'keys');
  const made = await keys.findOrMake(ACCOUNTS, DAY);
  expect(await keys.findOrMake([...ACCOUNTS].reverse(), DAY)).toEqual([...made].reverse());
  const again = await openAccountDayKeys(folder, 'keys');
  for (const [i, account] of ACCOUNTS.entries()) {
    expect(await again.find(account, DAY)).toEqual(made[i]);
    expect(await again.findNamed(made[i]!.id, DAY)).toEqual({ account, key: made[i]!.key });
  }
  expect(await again.find(1n, DAY + 1)).toBeNull();
  expect(await again.erase(1n)).toBe(1);
  expect(await again.findNamed(made[0]!.id, DAY)).toBeNull();
});

it('writes all of a key on a disk that takes it in pieces', async () => {
  await writeInPieces((bytes) => Math.ceil(bytes / 3));
  const keys = await openAccountDayKeys(folder, 'keys');
  const made = await keys.findOrMake(ACCOUNTS, DAY);
  expect(await keys.erase(2n)).toBe(1);
  const again = await openAccountDayKeys(folder, 'keys');
  expect(await again.find(3n, DAY)).toEqual(made[2]);
  expect(await again.find(2n, DAY)).toBeNull();
});

it('acknowledges no key that the disk did not take, and takes the next ones', async () => {
  const keys = await openAccountDayKeys(folder, 'keys');
  const [first] = await keys.findOrMake([1n], DAY);
  await writeInPieces(() => 0);
  await expect(keys.findOrMake([2n], DAY)).rejects.toThrow('takes no more');
  vi.restoreAllMocks();
  const [second] = await keys.findOrMake([2n], DAY);
  const again = await openAccountDayKeys(folder, 'keys');
  expect([await again.find(1n, DAY), await again.find(2n, DAY)]).toEqual([first, second]);
});

it('does not take the keys of one folder for those of another', async () => {
  await (await openAccountDayKeys(folder, 'keys')).findOrMake([1n], DAY);
  await (await openAccountDayKeys(folder, 'record-keys')).findOrMake([2n], DAY);
  const [name] = await readdir(join(folder, 'keys'));
  await copyFile(join(folder, 'keys', name!), join(folder, 'record-keys', name!));
  const moved = await openAccountDayKeys(folder, 'record-keys');
  await expect(moved.find(1n, DAY)).rejects.toMatchObject({ code: 'STORE_KEY_CORRUPT' });
});
