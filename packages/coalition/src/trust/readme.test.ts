import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as trust from './index.js';

it('the example of trust in the README runs and prints what the README says', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('## Trust in what comes in'));
  const code = /```ts\n([\s\S]*?)```/.exec(section)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(section)![1]!.split('\n');
  const body = code.replace(/import (\{[^}]*\}) from '@phalanx\/coalition\/trust';/, 'const $1 = trust;');
  const lines: string[] = [];
  new Function('trust', 'console', body)(trust, { log: (line: unknown) => lines.push(String(line)) });
  expect(lines).toEqual(printed);
});
