import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as identity from './index.js';

it('the example of who asks in the README runs and prints what the README says', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('\n## Who asks'), readme.indexOf('\n## Private matching'));
  const code = /```ts\n([\s\S]*?)```/.exec(section)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(section)![1]!.split('\n');
  const body = code.replace(
    /import (\{[^}]*\}) from '@phalanx\/coalition\/identity';/,
    'const $1 = identity;',
  );
  const lines: string[] = [];
  const run = new Function('identity', 'console', `return (async () => {${body}})()`);
  await run(identity, { log: (line: unknown) => lines.push(String(line)) });
  expect(lines).toEqual(printed);
});
