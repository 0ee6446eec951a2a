import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import { afterAll, expect, it } from 'vitest';
import { makePlain } from './age.test.support.js';
import { generateIdentity, recipientOf } from './age-key.js';
import { openPath, sealPath } from './seal.js';
import { writeWholeFile } from './whole-file.js';

const folder = mkdtempSync(join(tmpdir(), 'phalanx-seal-'));
const at = (...names: string[]) => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

const identity = await generateIdentity('X25519');
const recipient = await recipientOf(identity);

async function run(files: AsyncIterable<{ path: string }>): Promise<string[]> {
  const paths = [];
  for await (const { path } of files) paths.push(path.slice(folder.length + 1));
  return paths;
}
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (PhalanxError.is(error)) return error.code;
    throw error;
  }
  return 'none';
};

it('seals and opens a folder file by file, links to files included', async () => {
  mkdirSync(at('model', 'inner'), { recursive: true });
  mkdirSync(at('blobs'));
  const plain = makePlain(100_000);
  writeFileSync(at('model', 'a.safetensors'), plain);
  writeFileSync(at('model', 'inner', 'empty.json'), '');
  writeFileSync(at('blobs', 'b'), 'linked');
  symlinkSync('../blobs/b', at('model', 'b.bin'));
  expect(await run(sealPath(at('model'), at('sealed'), [recipient]))).toEqual([
    'sealed/a.safetensors.age',
    'sealed/b.bin.age',
    'sealed/inner/empty.json.age',
  ]);
  await run(openPath(at('sealed'), at('opened'), [identity]));
  expect(Buffer.compare(readFileSync(at('opened', 'a.safetensors')), plain)).toBe(0);
  expect(readFileSync(at('opened', 'b.bin'), 'utf8')).toBe('linked');
  expect(readFileSync(at('opened', 'inner', 'empty.json'), 'utf8')).toBe('');
  if (process.platform !== 'win32') expect(statSync(at('opened', 'b.bin')).mode & 0o777).toBe(0o600);
});

it('writes over nothing, and leaves nothing half-done', async () => {
  writeFileSync(at('there'), 'mine');
  expect(await codeOf(run(sealPath(at('blobs', 'b'), at('there'), [recipient])))).toBe('WEIGHTS_ARGUMENT');
  expect(readFileSync(at('there'), 'utf8')).toBe('mine');
  writeFileSync(at('long'), makePlain(300_000));
  await run(sealPath(at('long'), at('long.age'), [recipient]));
  const sealed = readFileSync(at('long.age'));
  sealed[sealed.length - 1]! ^= 1;
  mkdirSync(at('altered'));
  writeFileSync(at('altered', 'long.age'), sealed);
  expect(await codeOf(run(openPath(at('altered'), at('half'), [identity])))).toBe('WEIGHTS_SEAL');
  expect(readdirSync(at('half'))).toEqual([]);
});

it('refuses folders with what cannot be sealed or opened', async () => {
  mkdirSync(at('loop'));
  symlinkSync('.', at('loop', 'again'));
  expect(await codeOf(run(sealPath(at('loop'), at('x'), [recipient])))).toBe('WEIGHTS_ARGUMENT');
  mkdirSync(at('plain'));
  writeFileSync(at('plain', 'README.md'), 'not sealed');
  expect(await codeOf(run(openPath(at('plain'), at('y'), [identity])))).toBe('WEIGHTS_ARGUMENT');
  expect(await codeOf(run(openPath(at('absent'), at('y'), [identity])))).toBe('WEIGHTS_SOURCE');
  const endless = (async function* () {
    yield makePlain(10);
  })();
  expect(await codeOf(writeWholeFile(at('there', 'below'), endless))).toBe('WEIGHTS_SOURCE');
});
