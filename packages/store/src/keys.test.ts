import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSketchKey } from './keys.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'phalanx-keys-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('openSketchKey', () => {
  it('makes one key of 32 bytes that only the owner can read, and leaves nothing beside it', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => openSketchKey(directory)));
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1);
    expect(keys[0]).toHaveLength(32);
    expect(await openSketchKey(directory)).toEqual(keys[0]);
    expect((await stat(join(directory, 'sketch.key'))).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['sketch.key']);
  });

  it('differs between directories', async () => {
    expect(await openSketchKey(join(directory, 'a'))).not.toEqual(await openSketchKey(join(directory, 'b')));
  });

  it.each([0, 31, 33])('refuses a file of %i bytes', async (size) => {
    await writeFile(join(directory, 'sketch.key'), Buffer.alloc(size));
    await expect(openSketchKey(directory)).rejects.toMatchObject({ code: 'STORE_KEY_CORRUPT' });
  });
});
