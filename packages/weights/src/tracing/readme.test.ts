import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import * as weights from '../index.js';
import { drawLlama } from '../lineage/small-llama.test.support.js';
import { makeFolder, writeLlama } from './marked-llama.test.support.js';

const folder = makeFolder();
afterAll(() => folder.remove());

it('the example of tracing in the README names the copy that turned up', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('\n## Tracing\n'));
  const code = /```ts\n([\s\S]*?)```/.exec(section)![1]!;
  const body = code
    .replace(/^import (\{[^}]*\}) from '@phalanx\/weights';/, 'const $1 = weights;')
    .replaceAll("'model.safetensors'", JSON.stringify(folder.path('model.safetensors')))
    .replace(/`(?=\$\{lab\.name\})/, `\`${folder.path('')}/`)
    .replace("'Bea.safetensors'", JSON.stringify(folder.path('Bea.safetensors')));
  const [first, second] = [drawLlama(1), drawLlama(2)];
  const model = new Map([
    ...first,
    ...[...second].map(([name, tensor]) => [`second.${name}`, tensor] as const),
  ]);
  await writeLlama(folder.path('model.safetensors'), model);
  const lines: string[] = [];
  const run = new Function('weights', 'console', `return (async () => {${body}})();`);
  await run(weights, { log: (...parts: unknown[]) => lines.push(parts.join(' ')) });
  expect(section).toContain(`prints \`${lines[0]}\` first`);
  expect(lines).toHaveLength(3);
  expect(lines.slice(1).every((line) => line.includes('not named false'))).toBe(true);
});
