import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const PRINTED = [
  '3\nBigUint64Array(2) [ 1n, 2n ] Uint32Array(2) [ 2, 1 ]\n',
  "[ 'added', 'present' ]\n[ 'ipv4-addr: 98 bytes' ]\n",
];

it.each([0, 1])('README example %i runs on the built package and prints what it says', async (place) => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = [...readme.matchAll(/```js\n([\s\S]*?)```/g)][place]![1]!;
  const file = fileURLToPath(new URL(`../dist/readme-example-${place}-${process.pid}.mjs`, import.meta.url));
  const cwd = await mkdtemp(join(tmpdir(), 'phalanx-readme-'));
  await writeFile(file, example);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd });
    expect(stdout).toBe(PRINTED[place]);
  } finally {
    await rm(file);
    await rm(cwd, { recursive: true });
  }
});
