import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as coalition from '../index.js';
import * as policy from './index.js';

it('the example of the sharing policy in the README runs and prints what the README says', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('## What may leave'));
  const code = /```ts\n([\s\S]*?)```/.exec(section)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(section)![1]!.split('\n');
  const body = code
    .replace("import { generateKeyPairSync } from 'node:crypto';\n", '')
    .replace(/import (\{[^}]*\}) from '@phalanx\/coalition';/, 'const $1 = coalition;')
    .replace(/import (\{[^}]*\}) from '@phalanx\/coalition\/policy';/, 'const $1 = policy;');
  const lines: string[] = [];
  const run = new Function(
    'coalition',
    'policy',
    'generateKeyPairSync',
    'console',
    `return (async () => {${body}})();`,
  );
  await run(coalition, policy, generateKeyPairSync, { log: (line: unknown) => lines.push(String(line)) });
  expect(lines).toEqual(printed);
});
