import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Chunk, type Cutter, cutChunks, type OversizeRow } from './chunk.js';
import { makeCsvCutter, makeJsonCutter, makeLineCutter } from './cutters.js';

/** Delivers bytes in pieces of these lengths, round and round. */
async function* pieces(bytes: Buffer, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = lengths[turn % lengths.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function cutAll(
  text: string,
  cutter: Cutter,
  lengths: readonly number[],
  chunkBytes: number,
  maxRowBytes = 4096,
) {
  const out: (Chunk | OversizeRow)[] = [];
  for await (const chunk of cutChunks(pieces(Buffer.from(text), lengths), cutter, {
    chunkBytes,
    maxRowBytes,
    offset: 0,
  })) {
    if (chunk.kind === 'oversize') {
      out.push(chunk);
      continue;
    }
    // As a transfer to a worker does: every view that the cutter may still hold becomes empty.
    const { length, buffer } = chunk.bytes;
    out.push({ ...chunk, bytes: new Uint8Array(structuredClone(buffer, { transfer: [buffer] }), 0, length) });
  }
  return out;
}

const sizes = fc.record({
  lengths: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
  chunkBytes: fc.integer({ min: 1, max: 200 }),
});

describe('cutChunks', () => {
  it.each([
    ['lines', makeLineCutter, fc.stringMatching(/^[a-z ]{0,30}$/), '\n'],
    [
      'CSV records',
      makeCsvCutter,
      fc.stringMatching(/^[a-z,]{0,10}("[a-z\n]{0,10}("")?[a-z\n]{0,5}")?$/),
      '\n',
    ],
  ])('keeps every byte of %s, in order, and cuts only between them', async (_name, makeCutter, row, end) => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1 }), sizes, async (rows, { lengths, chunkBytes }) => {
        const text = rows.map((each) => each + end).join('');
        const chunks = (await cutAll(text, makeCutter(), lengths, chunkBytes)) as Chunk[];
        expect(Buffer.concat(chunks.map((chunk) => chunk.bytes)).toString()).toBe(text);
        const ends = new Set<number>();
        let at = 0;
        for (const each of rows) ends.add((at += Buffer.byteLength(each) + 1));
        for (const chunk of chunks) expect(ends).toContain(chunk.end);
        for (const [index, chunk] of chunks.slice(1).entries()) expect(chunk.offset).toBe(chunks[index]!.end);
      }),
    );
  });

  it('finds every object of an array, of objects end to end, and of pretty-printed ones', async () => {
    const value = fc.dictionary(
      fc.string(),
      fc.oneof(fc.string(), fc.constant('}{]["\\'), fc.constant({ a: [{}] })),
      { maxKeys: 3 },
    );
    const layout = fc.constantFrom(
      (list: unknown[]) => JSON.stringify(list),
      (list: unknown[]) => JSON.stringify(list, null, 2),
      (list: unknown[]) => list.map((each) => JSON.stringify(each)).join(''),
      (list: unknown[]) => list.map((each) => JSON.stringify(each, null, 1)).join('\n'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(value), layout, sizes, async (list, print, { lengths, chunkBytes }) => {
        const chunks = (await cutAll(print(list), makeJsonCutter(), lengths, chunkBytes)) as Chunk[];
        const found = chunks.flatMap(({ bytes, bounds }) => {
          const rows: unknown[] = [];
          for (let at = 0; at < bounds!.length; at += 2)
            rows.push(JSON.parse(Buffer.from(bytes).toString('utf8', bounds![at]!, bounds![at + 1]!)));
          return rows;
        });
        expect(found).toEqual(JSON.parse(JSON.stringify(list)));
      }),
    );
  });

  it.each([
    ['lines', makeLineCutter, (body: string) => `${body}\n`],
    ['JSON', makeJsonCutter, (body: string) => `{"x":"}${body}"},`],
  ])('passes over a row that is too long among %s and goes on behind it', async (_name, makeCutter, wrap) => {
    const small = wrap('small');
    const text = small + wrap('L'.repeat(20_000)) + small;
    const out = await cutAll(text, makeCutter(), [700], 256, 4096);
    const oversize = out.filter((each) => each.kind === 'oversize');
    expect(oversize).toHaveLength(1);
    expect(oversize[0]!.offset).toBe(small.length);
    const kept = out.flatMap((each) => (each.kind === 'bytes' ? [Buffer.from(each.bytes).toString()] : []));
    expect(kept.join('').match(/small/g)).toHaveLength(2);
    expect(kept.join('')).not.toContain('LL');
  });

  it('leaves a last row without an end to the next run', async () => {
    const [chunk] = (await cutAll('{"a":1}\n{"a":', makeLineCutter(), [100], 64)) as Chunk[];
    expect(chunk!.bytes.length).toBe(13);
    expect(chunk!.end).toBe(8);
  });
});
