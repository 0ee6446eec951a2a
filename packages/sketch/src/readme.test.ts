import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as sketch from './index.js';

describe('README', () => {
  it('has an example that runs and prints what it says', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!.replace(/^import .*\n/m, '');
    const printed: string[] = [];
    const log = (...values: unknown[]) => printed.push(values.join(' '));
    new Function('createSketcher', 'sketchExchange', 'console', code)(
      sketch.createSketcher,
      sketch.sketchExchange,
      { log },
    );
    const [, first, second] = /This prints `(.*?)`, then `(.*?)`/.exec(readme)!;
    expect(printed).toEqual([first, second]);
  });
});
