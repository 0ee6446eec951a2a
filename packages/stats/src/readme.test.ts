import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as stats from './index.js';

it('the README example runs and prints what the README says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(readme)![1]!.split('\n');
  const body = code.replace(/^import (\{[^}]*\}) from '@phalanx\/stats';/, 'const $1 = stats;');
  expect(body).not.toBe(code);
  const lines: string[] = [];
  new Function('stats', 'console', body)(stats, { log: (line: unknown) => lines.push(String(line)) });
  expect(lines).toEqual(printed);
});
