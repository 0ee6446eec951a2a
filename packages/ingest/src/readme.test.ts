import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { parse } from 'smol-toml';
import { expect, it } from 'vitest';
import { parseMapping } from './formats/mapping.js';
import { formats } from './formats/registry.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('shows an example that runs and prints what it says', async () => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
  // Inside the package, so that its own imports resolve.
  const file = new URL(`../dist/readme-example-${process.pid}.mjs`, import.meta.url).pathname;
  writeFileSync(file, code);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file]);
    expect(stdout.trim()).toBe(/\/\/ (.*)\n$/.exec(code)![1]);
  } finally {
    rmSync(file);
  }
});

it('shows a mapping that is valid, and names every format', () => {
  expect(() => parseMapping(parse(/```toml\n([\s\S]*?)```/.exec(readme)![1]!))).not.toThrow();
  for (const { name } of formats) expect(readme).toContain(`\`${name}\``);
});
