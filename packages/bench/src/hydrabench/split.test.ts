import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJudge } from './split.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'phalanx-judge-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function judge(content: unknown) {
  const file = join(folder, 'judge.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readJudge(file);
}

describe("another judge's sources", () => {
  it('play every role, the honest ones in turn where the file is silent', () => {
    const roles = judge({ honest: ['a', 'b'], attack: ['x', 'y'], curated: 'b', documents: ['b'] });
    expect(roles).toMatchObject({ honest: ['a', 'b'], mixed: ['x', 'y'], leftOut: ['a', 'b'] });
    expect(roles).toMatchObject({ curated: 'b', documents: ['b'], templates: 'a', support: 'b', study: 'y' });
    expect(Object.values(roles).flat()).toEqual(
      Object.values(roles)
        .flat()
        .filter((name) => 'abxy'.includes(name as string)),
    );
  });

  it.each([
    'no JSON',
    'null',
    { honest: ['a'] },
    { honest: [], attack: ['x'] },
    { honest: ['a'], attack: ['x'], documents: 'a' },
    { honest: ['a'], attack: ['x'], curated: ['a'] },
    { honest: ['a'], attack: ['x'], currated: 'a' },
    '{"honest":["a"],"attack":["x"],"toString":"a"}',
    '{"honest":["a"],"attack":["x"],"curated":null}',
  ])('are refused when the file cannot mean them: %j', (content) => {
    expect(() => judge(content)).toThrow(expect.objectContaining({ code: 'BENCH_ARGUMENT' }));
  });
});
