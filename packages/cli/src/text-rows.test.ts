import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readTextRows } from './text-rows.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'phalanx-rows-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

it('reads rows with their labels, and whole files', async () => {
  const rows = write('rows.jsonl', '{"text":"a","lang":"en","n":3}\r\n\n{"text":"b","lang":null}');
  const whole = write('essay.txt', '\uFEFFone\ntwo\n');
  const { rows: found, rejected } = await readTextRows([rows, whole], {
    field: 'text',
    labels: ['lang', 'n'],
  });
  expect(found).toEqual([
    { file: rows, line: 1, text: 'a', labels: { lang: 'en', n: '3' } },
    { file: rows, line: 3, text: 'b', labels: {} },
    { file: whole, line: null, text: '\uFEFFone\ntwo\n', labels: {} },
  ]);
  expect(rejected).toBe(0);
});

it('sets aside what it cannot use, with line and reason, and forgets it once it is mended', async () => {
  const lines: (string | Buffer)[] = [
    '{"text":"good"}',
    '{"text":',
    '["text"]',
    '{"text":7}',
    '{"toString":"x"}',
    '{"text":"x","lang":{}}',
    `{"text":"x","lang":"${'y'.repeat(300)}"}`,
    Buffer.from([0x22, 0xff, 0x22]),
    `{"text":"${'z'.repeat(9 << 20)}"}`,
    '{"text":"good too"}',
  ];
  const path = write(
    'bad.jsonl',
    Buffer.concat(lines.map((line) => Buffer.concat([Buffer.from(line), Buffer.from('\n')]))),
  );
  const { rows, rejected, rejectedFiles } = await readTextRows([path], { field: 'text', labels: ['lang'] });
  expect(rows.map(({ line, text }) => [line, text])).toEqual([
    [1, 'good'],
    [10, 'good too'],
  ]);
  expect([rejected, rejectedFiles]).toEqual([8, [`${path}.rejected`]]);
  const reasons = readFileSync(`${path}.rejected`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ line, reason }) => `${line} ${reason}`);
  expect(reasons).toEqual([
    '2 not JSON',
    '3 not an object',
    '4 text is not a string',
    '5 text is not a string',
    '6 lang is not a label',
    '7 lang is longer than 256 characters',
    '8 not UTF-8',
    '9 longer than 8 MiB',
  ]);
  const inherited = await readTextRows([path], { field: 'toString', rejectedDir: dir });
  expect(inherited.rows.map(({ text }) => text)).toEqual(['x']);
  writeFileSync(path, '{"text":"good"}\n');
  await readTextRows([path], { field: 'text' });
  expect(existsSync(`${path}.rejected`)).toBe(false);
});

it('refuses what it cannot read', async () => {
  await expect(readTextRows([join(dir, 'absent.jsonl')], { field: 'text' })).rejects.toMatchObject({
    code: 'CLI_FILE',
  });
  await expect(readTextRows([dir], { field: 'text' })).rejects.toMatchObject({ code: 'CLI_FILE' });
});
