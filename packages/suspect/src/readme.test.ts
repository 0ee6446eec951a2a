import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as suspect from './index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

it('the README example runs and prints what the README says', async () => {
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(readme)![1]!.split('\n');
  const body = code.replace(/^import (\{[^}]*\}) from '@phalanx\/suspect';/, 'const $1 = exported;');
  expect(body).not.toBe(code);
  const lines: string[] = [];
  await new AsyncFunction('exported', 'console', body)(suspect, {
    log: (line: unknown) => lines.push(String(line)),
  });
  expect(lines).toEqual(printed);
});
