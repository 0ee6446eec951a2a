import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import * as weights from './index.js';

it('the README example runs and prints what the README says', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(readme)![1]!.split('\n');
  const body = code
    .replace("import { buffer } from 'node:stream/consumers';\n", '')
    .replace(/^import (\{[^}]*\}) from '@phalanx\/weights';/, 'const $1 = weights;');
  expect(body).not.toBe(code);
  const lines: string[] = [];
  const run = new Function('weights', 'buffer', 'console', `return (async () => {${body}})();`);
  await run(weights, buffer, { log: (...parts: unknown[]) => lines.push(parts.join(' ')) });
  expect(lines).toEqual(printed);
});
