import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as triage from './index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('the README example runs and prints what the README says', () => {
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(readme)![1]!.split('\n');
  const body = code.replace(/^import (\{[^}]*\}) from '@phalanx\/triage';/, 'const $1 = triage;');
  expect(body).not.toBe(code);
  const lines: string[] = [];
  new Function('triage', 'console', body)(triage, { log: (line: unknown) => lines.push(String(line)) });
  expect(lines).toEqual(printed);
});

it('says everywhere that it is triage and never evidence', () => {
  expect(readme).toContain('Triage, never evidence');
  expect(triage.TRIAGE_NOTICE).toContain('Triage, never evidence');
});
