import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as joint from './index.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const section = readme.slice(readme.indexOf('## Joint finding'));

it('the example of joint finding in the README runs and prints what the README says', () => {
  const code = /```ts\n([\s\S]*?)```/.exec(section)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(section)![1]!.split('\n');
  const body = code.replace(/import (\{[^}]*\}) from '@phalanx\/coalition\/joint';/, 'const $1 = joint;');
  expect(body).not.toBe(code);
  const lines: string[] = [];
  new Function('joint', 'console', body)(joint, { log: (line: unknown) => lines.push(String(line)) });
  expect(lines).toEqual(printed);
});
