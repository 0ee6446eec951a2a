import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { buildBenchmarkIndex } from '@phalanx/sketch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildBenchmarks } from './build-benchmarks.js';

const passages = Array.from({ length: 200 }, (_, i) =>
  Array.from({ length: 20 }, (_, j) => createHash('sha1').update(`${i} ${j}`).digest('hex').slice(0, 5)).join(
    ' ',
  ),
);
const expected = buildBenchmarkIndex(passages);
const rows = passages.map((passage, id) => ({ id, question: passage, answer: 'C' }));
const jsonl = rows.map((row) => JSON.stringify(row)).join('\n');

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'phalanx-benchmark-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

describe('buildBenchmarks', () => {
  it.each<[string, string | Uint8Array]>([
    ['rows.jsonl', jsonl],
    ['rows.jsonl.gz', gzipSync(jsonl)],
    ['backwards.jsonl', `\uFEFF${jsonl.split('\n').reverse().join('\r\n\n')}\r\n`],
    ['rows.json', JSON.stringify(rows, null, 2)],
    [
      'rows.csv',
      `id,question\n${rows.map((row) => `${row.id},"${row.question.replace(' ', '\n')}"`).join('\n')}\n`,
    ],
    ['lines.txt', `${passages.join('\n')}\n\n`],
    ['lines.TXT.gz', gzipSync(passages.join('\r\n'))],
  ])('makes the same index from %s', async (name, content) => {
    const path = write(name, content);
    const build = await buildBenchmarks([path]);
    expect(build.index).toEqual(expected);
    expect([build.passages, build.rejected, build.rejectedFiles]).toEqual([200, 0, []]);
    expect(existsSync(`${path}.rejected`)).toBe(false);
  });

  it('joins files and reads standard input', async () => {
    const [first, second] = [passages.slice(0, 120), passages.slice(100)].map((part) => part.join('\n'));
    const lines = (text: string) =>
      text
        .split('\n')
        .map((input) => JSON.stringify({ input }))
        .join('\n');
    const stdin = Readable.from([Buffer.from(lines(second!))]);
    expect((await buildBenchmarks([write('a.txt', first!), '-'], { stdin })).index).toEqual(expected);
  });

  it('reads Parquet', async () => {
    const path = new URL('../fixtures/exchanges.parquet', import.meta.url).pathname;
    const build = await buildBenchmarks([path], { rejectedDir: dir });
    // Fifty questions of five words.
    expect([build.passages, build.unrecognisable, build.rejected]).toEqual([50, 50, 0]);
    const keys = await buildBenchmarks([path], { rejectedDir: dir, field: 'tokens' });
    expect([keys.passages, keys.rejected]).toEqual([0, 50]);
  });

  it('takes the first of its fields, or the one it is told', async () => {
    const path = write(
      'two.jsonl',
      rows
        .map((row) => JSON.stringify({ ...row, input: 'x', context: row.question, question: 'y' }))
        .join('\n'),
    );
    expect((await buildBenchmarks([path])).unrecognisable).toBe(200);
    expect((await buildBenchmarks([path], { field: 'context' })).index).toEqual(expected);
  });

  it('sets bad rows aside with their line and counts what cannot be recognised', async () => {
    const lines = jsonl.split('\n');
    const bad = [
      ...lines.slice(0, 5),
      '{"question":',
      '',
      '{"question":7}',
      '{"id":1}',
      '"a text"',
      '["x"]',
      ...lines.slice(5),
      '{"question":"too short for a shingle"}',
    ];
    const path = write('bad.jsonl', bad.join('\n'));
    const silent = passages.filter((passage) => buildBenchmarkIndex([passage]).hashes.length === 0).length;
    expect(silent).toBeGreaterThan(0);
    const build = await buildBenchmarks([path]);
    expect(build).toMatchObject({ passages: 201, unrecognisable: silent + 1, rejected: 5 });
    expect(build.index).toEqual(expected);
    const rejected = readFileSync(build.rejectedFiles[0]!, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rejected.map(({ line, reason }) => `${line} ${reason}`)).toEqual([
      '6 not JSON',
      '8 the passage is not a string',
      '9 no text, prompt, question, input',
      '10 not an object',
      '11 not an object',
    ]);
    expect(rejected[1].row).toBe('{"question":7}');
    writeFileSync(path, jsonl);
    await buildBenchmarks([path]);
    expect(existsSync(`${path}.rejected`)).toBe(false);
  });

  it('counts CSV lines after the header, and where rejected rows go', async () => {
    const path = write('bad.csv', `question;n\n${passages[0]};1\none;two;three\n`);
    const rejectedDir = mkdtempSync(join(dir, 'r-'));
    const { rejectedFiles } = await buildBenchmarks([path], { rejectedDir });
    expect(rejectedFiles).toEqual([join(rejectedDir, 'bad.csv.rejected')]);
    expect(JSON.parse(readFileSync(rejectedFiles[0]!, 'utf8'))).toMatchObject({
      line: 3,
      row: 'one;two;three\n',
    });
  });

  it('passes over a row above 8 MiB', async () => {
    const path = write(
      'long.txt',
      `${passages[0]}\n${'a '.repeat(5 << 20)}\n${passages.slice(1).join('\n')}`,
    );
    const build = await buildBenchmarks([path]);
    expect(build).toMatchObject({ passages: 200, rejected: 1 });
    expect(build.index).toEqual(expected);
  });

  it.each<[string, string | Uint8Array, object, string, RegExp]>([
    [
      'other.jsonl',
      '{"query":"a","id":1}',
      {},
      'INGEST_FORMAT_UNKNOWN',
      /no member is called text, prompt, question, input/,
    ],
    ['other.csv', 'query,text\na,b', { field: 'Text' }, 'INGEST_FORMAT_UNKNOWN', /no column is called Text/],
    ['prose.md', `${passages[0]}\n`, {}, 'INGEST_FORMAT_UNKNOWN', /no column is called/],
    ['torn.jsonl.gz', gzipSync(jsonl).subarray(0, 3000), {}, 'INGEST_CONTAINER', /broken gzip/],
    ['wide.txt', new Uint8Array([0xff, 0xfe, 0x61, 0]), {}, 'INGEST_CONTAINER', /UTF-16/],
  ])('refuses %s', async (name, content, options, code, message) => {
    await expect(buildBenchmarks([write(name, content)], options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('names what a file has instead', async () => {
    const advice = expect.stringMatching(/query, id.*\.txt/);
    await expect(buildBenchmarks([write('q.jsonl', '{"query":"a","id":1}')])).rejects.toMatchObject({
      advice,
    });
  });
});
