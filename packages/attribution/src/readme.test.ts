import { readFileSync } from 'node:fs';
import { createSketcher } from '@phalanx/sketch';
import { expect, it } from 'vitest';
import * as attribution from './index.js';

it('has an example in its README that prints what it says', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!.replaceAll(/^import .*\n/gm, '');
  const expected = /prints\n\n```text\n([\s\S]*?)\n```/.exec(readme)![1]!;
  const printed: string[] = [];
  const console = { log: (...values: unknown[]) => printed.push(values.join(' ')) };
  const AsyncFunction = (async () => {}).constructor as new (
    ...parts: string[]
  ) => (...values: unknown[]) => Promise<void>;
  await new AsyncFunction('ArrayResponses', 'attributeDataset', 'createSketcher', 'console', code)(
    attribution.ArrayResponses,
    attribution.attributeDataset,
    createSketcher,
    console,
  );
  expect(printed.join('\n')).toBe(expected);
});
