import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as coalition from '../index.js';
import * as taxii from './index.js';

it('the example of a TAXII server in the README runs and prints what the README says', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('## A TAXII server'));
  const code = /```ts\n([\s\S]*?)```/.exec(section)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(section)![1]!.split('\n');
  const body = code
    .replace(/import (\{[^}]*\}) from '@phalanx\/coalition';/, 'const $1 = coalition;')
    .replace(/import (\{[^}]*\}) from '@phalanx\/coalition\/taxii';/, 'const $1 = taxii;');
  const lines: string[] = [];
  const run = new Function('coalition', 'taxii', 'console', `return (async () => {${body}})();`);
  await run(coalition, taxii, { log: (line: unknown) => lines.push(String(line)) });
  expect(lines).toEqual(printed);
});
