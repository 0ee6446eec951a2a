import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkReader } from './chunk-reader.js';
import type { ChunkResult } from './chunk-result.js';
import { formats } from './formats/registry.js';

const key = new Uint8Array(32).fill(7);
const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.jsonl`, import.meta.url), 'utf8');
const NAMES = formats.map((format) => format.name);
const samples = NAMES.flatMap((name) => {
  try {
    return fixture(name).trim().split('\n');
  } catch {
    return [];
  }
});

function read(reader: ChunkReader, name: string, text: string): ChunkResult {
  const bytes = new Uint8Array(Buffer.from(text));
  const format = formats.find((each) => each.name === name)!;
  const view = { format, context: {}, idScope: 's', header: null, parquet: null };
  return reader.readChunk({ kind: 'bytes', bytes, offset: 0, end: bytes.length, bounds: null }, view);
}

function sum(result: ChunkResult): number {
  const { exchanges, accounts, interventions, ignored, rejected } = result;
  return exchanges + accounts.length + interventions.length + ignored + rejected.length;
}

/** A fixture row with one member anywhere replaced by something else. */
const mutant = fc.tuple(fc.constantFrom(...samples), fc.nat(), fc.jsonValue()).map(([line, pick, value]) => {
  const row = JSON.parse(line);
  const places: [Record<string, unknown>, string][] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const name of Object.keys(node)) {
      places.push([node as Record<string, unknown>, name]);
      visit((node as Record<string, unknown>)[name]);
    }
  };
  visit(row);
  const [owner, name] = places[pick % places.length]!;
  owner[name] = value;
  return JSON.stringify(row);
});
const line = fc.oneof(
  { weight: 5, arbitrary: mutant },
  fc.json(),
  fc.string(),
  fc.constantFrom('', '[]', 'null', '[1,{}]', '{"a":', '\u0000', '{"__proto__":{"x":1}}'),
  fc.tuple(fc.constantFrom(...samples), fc.nat()).map(([text, at]) => text.slice(0, at % text.length)),
);

describe('ChunkReader', () => {
  it('rejects an exchange that starts more than a day ahead of the clock', () => {
    const nowMs = Date.parse('2026-03-01T00:00:00Z');
    const reader = new ChunkReader(key, false, { clock: { nowMs: () => nowMs } });
    const line = (ms: number): string =>
      JSON.stringify({ ...JSON.parse(fixture('litellm').split('\n')[0]!), startTime: ms / 1000 });
    const result = read(reader, 'litellm', [line(nowMs + 86_400_000), line(nowMs + 86_401_000)].join('\n'));
    expect(result.exchanges).toBe(1);
    expect(result.rejected.map(({ line, reason }) => [line, reason])).toEqual([
      [1, "starts at 2026-03-02T00:00:01.000Z, more than a day ahead of this machine's clock"],
    ]);
  });

  it('survives any rows in any format; the counts add up; no row finds a bug', () => {
    const reader = new ChunkReader(key, true);
    let exchanges = 0;
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), fc.array(line, { maxLength: 8 }), (name, lines) => {
        const result = read(reader, name, lines.map((each) => `${each.replaceAll('\n', ' ')}\n`).join(''));
        expect(result.records).toBe(sum(result));
        expect(result.lines).toBe(lines.length);
        expect(result.texts.length).toBe(result.exchanges);
        for (const { reason } of result.rejected) expect(reason).not.toMatch(/^internal error/);
        exchanges += result.exchanges;
      }),
      { numRuns: 2000 },
    );
    expect(exchanges).toBeGreaterThan(100);
  });

  it('gives a row without an id of its own the same id again, and different ones to equal rows', () => {
    const row = JSON.stringify({ accountId: 'a', startedAtMs: 1e12, messages: [], operation: 'chat' });
    const ids = (): string[] =>
      read(new ChunkReader(key, true), 'phalanx-exchanges', `${row}\n${row}\n`).texts.map(({ id }) =>
        Buffer.from(id).toString('hex'),
      );
    const [first, second] = ids();
    expect(ids()).toEqual([first, second]);
    expect(first).not.toBe(second);
  });

  it('rejects what nests too deep, and says where', () => {
    const deep = `${'['.repeat(70)}${']'.repeat(70)}`;
    const good = fixture('litellm').split('\n')[0];
    const result = read(new ChunkReader(key, false), 'litellm', `${good}\n\n{"id":${deep}}\n${good}\n`);
    expect(result.exchanges).toBe(2);
    expect(result.rejected).toMatchObject([
      { line: 2, offset: good!.length + 2, reason: 'nested deeper than 64' },
    ]);
  });

  it('reads a line that holds a batch, and keeps excerpts short', () => {
    const good = fixture('litellm').split('\n')[0];
    const result = read(
      new ChunkReader(key, false),
      'litellm',
      `[${good},{"x":"${'y'.repeat(9000)}"},${good}]`,
    );
    expect(result).toMatchObject({ exchanges: 2, records: 3 });
    expect(result.rejected[0]!.excerpt.length).toBe(4096);
  });
});
