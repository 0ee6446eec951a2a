import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as blackBox from './index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

it('the README example runs and prints what the README says', async () => {
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(readme)![1]!.split('\n');
  const body = code.replace(/^import (\{[^}]*\}) from '@phalanx\/black-box';/, 'const $1 = blackBox;');
  expect(body).not.toBe(code);
  const lines: string[] = [];
  await new AsyncFunction('blackBox', 'console', body)(blackBox, {
    log: (...words: unknown[]) => lines.push(words.join(' ')),
  });
  expect(lines).toEqual(printed);
});
