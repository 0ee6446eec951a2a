import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as attestation from './index.js';

it('the README example runs and prints what the README says', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const body = code
    .replace("import { generateKeyPairSync } from 'node:crypto';\n", '')
    .replaceAll(/^import (\{[^}]*\}) from '@phalanx\/attestation';/gm, 'const $1 = attestation;')
    .replaceAll(']!', ']');
  const lines: string[] = [];
  const run = new Function(
    'attestation',
    'generateKeyPairSync',
    'console',
    `return (async () => {${body}})();`,
  );
  await run(attestation, generateKeyPairSync, { log: (line: unknown) => lines.push(String(line)) });
  expect(lines).toEqual([/\/\/ (.*)$/m.exec(code)![1]]);
});
