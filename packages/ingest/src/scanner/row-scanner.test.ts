import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkReader } from '../chunk-reader.js';
import type { ChunkResult } from '../chunk-result.js';
import type { Format } from '../formats/format.js';
import { litellm } from '../formats/litellm.js';
import { type KnownKey, RowScanner, TapeKind } from './row-scanner.js';
import { KERNEL_BASE64, KERNEL_SHA256 } from './scanner.wasm.js';

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));

it('is what its source compiles to', async () => {
  const script: string = '../../../../scripts/compile-kernel.mjs';
  const { compileKernel } = (await import(script)) as {
    compileKernel(source: string): Promise<Uint8Array>;
  };
  const built = Buffer.from(await compileKernel('packages/ingest/src/scanner/scanner.as.ts'));
  expect(createHash('sha256').update(built).digest('hex')).toBe(KERNEL_SHA256);
  expect(built.toString('base64')).toBe(KERNEL_BASE64);
});

describe('RowScanner', () => {
  const keys: KnownKey[] = [
    { node: 0, name: 'a', member: 1 },
    { node: 0, name: 'b', member: 2, recurring: true },
    { node: 0, name: 'whole', member: 3, derive: (value) => ({ value }) },
    { node: 0, name: 'one', member: 4, child: 1 },
    { node: 0, name: 'many', member: 5, child: 1, list: true, text: true },
    { node: 0, name: 'never', member: 6, refused: true },
    { node: 1, name: 'a', member: 7, recurring: true },
  ];
  const scanner = new RowScanner(keys);

  /** The tape as values; null when the row is refused. */
  function scan(text: string): unknown[] | null {
    const bytes = utf8(text);
    if (!scanner.open(bytes)) return null;
    if (scanner.scan(0) !== bytes.length) return null;
    return Array.from({ length: scanner.length }, (_, i) =>
      scanner.kindAt(i) === TapeKind.VALUE
        ? [scanner.memberAt(i), scanner.values[i]]
        : `${scanner.kindAt(i) === TapeKind.BEGIN ? '<' : '>'}${scanner.memberAt(i)}`,
    );
  }

  /** The tape that a decoded row should leave, by the contract; null where the contract lets the scanner refuse. */
  function expectTape(row: Record<string, unknown>): unknown[] | null {
    const tape: unknown[] = ['<0'];
    const isObject = (value: unknown): value is Record<string, unknown> =>
      typeof value === 'object' && value !== null;
    for (const [name, value] of Object.entries(row)) {
      const key = keys.find((each) => each.node === 0 && each.name === name);
      if (key === undefined) continue;
      if (key.refused) return null;
      if (key.derive && isObject(value)) tape.push([key.member, key.derive(value)]);
      else if (value === null || (key.text && typeof value === 'string')) tape.push([key.member, value]);
      else if (!key.child && !key.derive && !isObject(value)) tape.push([key.member, value]);
      else if (key.child && Array.isArray(value) === (key.list ?? false)) {
        for (const item of [value].flat()) {
          if (!isObject(item) || Array.isArray(item)) return null;
          tape.push(`<${key.member}`);
          if ('a' in item) tape.push([7, item.a]);
          if (isObject(item.a)) return null;
          tape.push(`>${key.member}`);
        }
        if (tape.at(-1) !== `>${key.member}`) return null;
      } else return null;
    }
    return [...tape, '>0'];
  }

  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 600 }),
    fc.uint16Array({ maxLength: 20 }).map((units) => String.fromCharCode(...units)),
    fc.constantFrom('', '\\', '"', '\u0000\u001f', 'é', '\ud800', '"}', 'x'.repeat(511), 'y'.repeat(700)),
  );
  const scalar = fc.oneof(
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
  );
  const child = fc.record(
    { a: scalar, other: fc.jsonValue() as fc.Arbitrary<unknown> },
    { requiredKeys: [] },
  );
  const row = fc
    .array(
      fc.oneof(
        fc.tuple(fc.constantFrom('a', 'b'), scalar),
        fc.tuple(fc.constant('one'), child),
        fc.tuple(fc.constant('many'), fc.oneof(fc.array(child, { maxLength: 3 }), text)),
        fc.tuple(fc.constant('whole'), fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<unknown>),
        fc.tuple(fc.oneof(text, fc.constantFrom('never', '__proto__', 'many')), fc.jsonValue()),
      ),
      { maxLength: 8 },
    )
    .map((members) => Object.fromEntries(members) as Record<string, unknown>);

  it('gives the values that JSON.parse gives, at any spacing', () => {
    let accepted = 0;
    const spaced = fc.tuple(row, fc.constantFrom(0, '\t', ' \r'));
    fc.assert(
      fc.property(spaced, ([value, indent]) => {
        const line = JSON.stringify(value, null, indent).replaceAll('\n', '');
        const tape = scan(line);
        if (tape === null) return;
        accepted++;
        expect(tape).toEqual(expectTape(JSON.parse(line)));
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(1000);
  });

  it('accepts nothing that JSON.parse refuses', () => {
    const damage = fc.tuple(
      row,
      fc.nat(),
      fc.constantFrom('', '"', '\\', ',', '}', '0', '-', '.', 'e', '\u0001', ' '),
      fc.nat(2),
    );
    let refused = 0;
    fc.assert(
      fc.property(damage, ([value, pick, put, cut]) => {
        const whole = JSON.stringify(value);
        const at = pick % whole.length;
        // Through UTF-8 and back: the cut may part a surrogate pair.
        const line = Buffer.from(whole.slice(0, at) + put + whole.slice(at + cut)).toString('utf8');
        let parsed: unknown = null;
        try {
          parsed = JSON.parse(line);
        } catch {
          refused++;
        }
        const tape = scan(line);
        if (tape !== null) expect(tape).toEqual(expectTape(parsed as Record<string, unknown>));
      }),
      { numRuns: 5000 },
    );
    expect(refused).toBeGreaterThan(1000);
  });

  it.each([
    ['01', null],
    ['-0', -0],
    ['1e400', Number.POSITIVE_INFINITY],
    ['9007199254740993', 9007199254740992],
    ['0.1', 0.1],
    ['123456789012.345', 123456789012.345],
    ['5e-324', 5e-324],
    ['1.', null],
    ['.5', null],
    ['+1', null],
    ['truex', null],
    ['"\\u00e9"', 'é'],
    ['"\\ud800"', '\ud800'],
    ['"\\x"', null],
  ])('reads %s', (source, value) => {
    const tape = scan(`{"a":${source}}`);
    if (value === null) expect(tape).toBeNull();
    else expect(tape).toEqual(['<0', [1, value], '>0']);
  });

  it('refuses what it cannot tell apart: keys twice or escaped, other types, depth, other bytes', () => {
    for (const line of [
      '{"a":1,"a":2}',
      '{"\\u0061":1}',
      '{"one":[]}',
      '{"many":[]}',
      '{"many":{}}',
      '{"a":{}}',
      '{"whole":1}',
      `{"z":${'['.repeat(60)}${']'.repeat(60)}}`,
      '[1]',
      ' {"a":1}',
      '{"a":1}}',
    ])
      expect(scan(line)).toBeNull();
    expect(scanner.open(Uint8Array.of(0x7b, 0xff, 0x7d))).toBe(false);
    expect(scanner.open(new Uint8Array(3 << 20))).toBe(false);
  });

  it('takes no value of a refused row for a remembered one', () => {
    expect(scan('{"b":"seen only in a refused row","a":{}}')).toBeNull();
    expect(scan('{"b":"seen only in a refused row"}')).toEqual([
      '<0',
      [2, 'seen only in a refused row'],
      '>0',
    ]);
  });
});

/** Rows of the usual form with anything in any place. */
describe('a scanned format', () => {
  const key = new Uint8Array(32).fill(7);
  const samples = readFileSync(new URL('../fixtures/litellm.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const plain: Format = {
    name: litellm.name,
    title: litellm.title,
    detect: litellm.detect,
    read: litellm.read,
  };
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.jsonValue() as fc.Arbitrary<unknown> },
    fc.constantFrom<unknown>(null, '', 0, -1, 1e12, 'error', [], {}, 'redacted-by-litellm', 'x'.repeat(600)),
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    fc.uint16Array({ maxLength: 12 }).map((units) => String.fromCharCode(...units)),
    fc.constantFrom<unknown>(
      { temperature: 1, tools: [{ function: { name: 'f' } }] },
      [{ role: 'user', content: [{ type: 'text', text: 'parts' }] }],
      [{ role: 'assistant', content: null, tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }],
      { choices: [{ message: { content: 'a' } }, { message: { content: 'b' }, finish_reason: 'stop' }] },
      { choices: [{ text: 'a' }] },
      { type: 'message', content: [{ type: 'text', text: 'anthropic' }] },
      { output: [] },
      'a bare text',
      '{"choices":[{"message":{"content":"as text"}}]}',
      '[{"role":"user","content":"as text"}]',
      { 'User-Agent': 'x', 'x-stainless-os': 'Linux' },
    ),
  );
  const mutate = (line: string, pick: number, put: unknown, twice: boolean): string => {
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
    const before = JSON.stringify(name);
    if (!twice) {
      owner[name] = put;
      return JSON.stringify(row);
    }
    // The same key once more, at the end of the row.
    return `${JSON.stringify(row).slice(0, -1)},${before}:${JSON.stringify(put)}}`;
  };
  const line = fc
    .tuple(fc.constantFrom(...samples), fc.array(fc.tuple(fc.nat(), value, fc.boolean()), { maxLength: 3 }))
    .map(([sample, changes]) =>
      changes.reduce((row, [pick, put, twice]) => mutate(row, pick, put, twice), sample),
    );

  const read = (reader: ChunkReader, format: Format, text: string): ChunkResult => {
    const bytes = utf8(text);
    const view = { format, context: { defaultAccountId: 'd' }, idScope: 's', header: null, parquet: null };
    return reader.readChunk({ kind: 'bytes', bytes, offset: 0, end: bytes.length, bounds: null }, view);
  };

  it('yields what the ordinary way yields, byte by byte', () => {
    const scanning = new ChunkReader(key, true);
    const parsing = new ChunkReader(key, true);
    let exchanges = 0;
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
        const text = lines.join('\n');
        const scanned = read(scanning, litellm, text);
        expect(scanned).toEqual(read(parsing, plain, text));
        exchanges += scanned.exchanges;
      }),
      { numRuns: 1500 },
    );
    expect(exchanges).toBeGreaterThan(1500);
  });
});
