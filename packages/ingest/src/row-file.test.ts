import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { type FileRow, openRowFile } from './row-file.js';

const folder = mkdtempSync(join(tmpdir(), 'phalanx-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function readAll(name: string, content: string | Uint8Array): Promise<FileRow[]> {
  const path = join(folder, name);
  writeFileSync(path, content);
  const file = await openRowFile(path);
  const rows: FileRow[] = [];
  for await (const row of file.read()) rows.push(row);
  file.close();
  return rows;
}

const values = (rows: readonly FileRow[]) => rows.map(({ number, row }) => [number, row]);

describe('openRowFile', () => {
  it('numbers rows by their lines, whatever the container', async () => {
    const lines = '{"a":"x"}\n\n{"a":"y"}\n';
    const expected = [
      [1, { a: 'x' }],
      [3, { a: 'y' }],
    ];
    expect(values(await readAll('a.jsonl', lines))).toEqual(expected);
    expect(values(await readAll('a.jsonl.gz', gzipSync(lines)))).toEqual(expected);
    expect(values(await readAll('a.json', '[\n{"a":"x"},\n{"a":"y"}]'))).toEqual([
      [1, { a: 'x' }],
      [2, { a: 'y' }],
    ]);
    expect(values(await readAll('a.csv', 'a,b\nx,1\n"y\nz",2\n'))).toEqual([
      [2, { a: 'x', b: '1' }],
      [3, { a: 'y\nz', b: '2' }],
    ]);
    expect(values(await readAll('a.txt', '{"a":"x"}\nplain\n'))).toEqual([
      [1, { text: '{"a":"x"}' }],
      [2, { text: 'plain' }],
    ]);
  });

  it('says why a row cannot be read and goes on', async () => {
    const deep = '['.repeat(100) + ']'.repeat(100);
    const rows = await readAll('b.jsonl', `{"a":1}\nbroken\n[1]\n{"a":${deep}}\n{"a":2}\n`);
    expect(rows.map(({ number, row, reason }) => [number, row !== null, reason])).toEqual([
      [1, true, ''],
      [2, false, 'not JSON'],
      [3, false, 'not an object'],
      [4, false, 'nested deeper than 64'],
      [5, true, ''],
    ]);
  });

  it('passes over a row longer than 8 MiB', async () => {
    const rows = await readAll('c.jsonl', `{"a":"${'x'.repeat(9 * 2 ** 20)}"}\n{"a":1}\n`);
    expect(rows.map(({ number, reason }) => [number, reason])).toEqual([
      [1, 'longer than 8 MiB'],
      [2, ''],
    ]);
  });

  it('shows first rows and reads standard input', async () => {
    const file = await openRowFile('-', Readable.from([Buffer.from('{"a":"x"}\n{"a":"y"}\n')]));
    expect(file.sample).toEqual([{ a: 'x' }, { a: 'y' }]);
    const rows: FileRow[] = [];
    for await (const row of file.read()) rows.push(row);
    expect(rows).toHaveLength(2);
  });
});
