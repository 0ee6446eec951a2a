import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBytesSource } from './byte-source.js';
import { openGguf } from './gguf.js';
import { type GgufValue, writeGguf } from './gguf-writer.js';
import { decodeNumbers } from './number-format.js';
import { collectChunks, makeTensor } from './written-tensor.test.support.js';

const open = (bytes: Uint8Array) => openGguf(openBytesSource(bytes));
const refused = (bytes: Uint8Array, code = 'WEIGHTS_FORMAT') =>
  expect(open(bytes)).rejects.toMatchObject({ code });

const NUMBERS = Float32Array.from({ length: 64 }, (_, i) => i - 31.5);

/** Header of version 3 with these parts behind the counts. */
function makeHeader(tensors: number, entries: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors), u64(entries), ...parts]);
}

function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function u64(value: number | bigint): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

function text(value: string): Uint8Array {
  return Buffer.concat([u64(value.length), Buffer.from(value)]);
}

/** A tensor's entry, sizes innermost first. */
function tensor(name: string, sizes: readonly (number | bigint)[], type: number, offset: number): Uint8Array {
  return Buffer.concat([text(name), u32(sizes.length), ...sizes.map(u64), u32(type), u64(offset)]);
}

describe('GGUF', () => {
  it('reads back what it wrote, in pieces that begin within blocks', async () => {
    const metadata = new Map<string, GgufValue>([
      ['general.name', { type: 'string', value: 'é' }],
      ['i', { type: 'i8', value: -3 }],
      ['f', { type: 'f32', value: 0.25 }],
      ['b', { type: 'bool', value: false }],
      ['n', { type: 'u64', value: 2n ** 64n - 1n }],
      [
        'list',
        { type: 'array', of: 'i16', values: [1, -2, 3].map((value) => ({ type: 'i16' as const, value })) },
      ],
    ]);
    const written = ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0'].map((format) =>
      makeTensor(format, format, [2, 32], NUMBERS, 7),
    );
    for (const alignment of [8, 32, 256]) {
      const file = await open(await collectChunks(writeGguf(written, metadata, alignment)));
      expect([...file.tensors.keys()]).toEqual(['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0']);
      expect(file.metadata.get('n')).toBe('18446744073709551615');
      expect(file.metadata.get('list')).toBe('1 -2 3');
      expect(file.metadata.get('i')).toBe('-3');
      for (const tensor of file.tensors.values()) expect(tensor.offset % alignment).toBe(0);
      expect([...(await file.readNumbers(file.tensors.get('F16')!, 30, 4))]).toEqual([
        ...NUMBERS.subarray(30, 34),
      ]);
      const whole = await file.readNumbers(file.tensors.get('Q8_0')!, 0, 64);
      expect([...(await file.readNumbers(file.tensors.get('Q8_0')!, 31, 2))]).toEqual([
        ...whole.subarray(31, 33),
      ]);
    }
  });

  it('reads versions 1 and 2, and headers of big-endian files', async () => {
    const version2 = Buffer.from(makeHeader(1, 0, tensor('w', [4], 0, 0)));
    version2.writeUInt32LE(2, 4);
    const data = Buffer.alloc(64);
    expect((await open(Buffer.concat([version2, data]))).tensors.get('w')!.shape).toEqual([4]);
    const version1 = Buffer.concat([
      Buffer.from('GGUF'),
      u32(1),
      u32(1),
      u32(1),
      Buffer.concat([u32(1), Buffer.from('k'), u32(4), u32(9)]),
      Buffer.concat([u32(1), Buffer.from('w'), u32(1), u32(4), u32(0), u64(0)]),
      data,
    ]);
    const old = await open(version1);
    expect(old.metadata.get('k')).toBe('9');
    expect(old.tensors.get('w')!.sizeBytes).toBe(16);
    const big = Buffer.from(Buffer.concat([makeHeader(1, 0, tensor('w', [4], 0, 0)), data]));
    for (const at of [4, 33, 45]) big.subarray(at, at + 4).reverse();
    for (const at of [8, 16, 24, 37, 49]) big.subarray(at, at + 8).reverse();
    const file = await open(big);
    expect(file.tensors.get('w')!.shape).toEqual([4]);
    await expect(file.readNumbers(file.tensors.get('w')!, 0, 1)).rejects.toMatchObject({
      code: 'WEIGHTS_ARGUMENT',
    });
  });

  it('refuses tensors that lie nowhere, over another, or out of step', async () => {
    const data = Buffer.alloc(256);
    const place = (...parts: Uint8Array[]) => Buffer.concat([makeHeader(parts.length, 0, ...parts), data]);
    await open(place(tensor('a', [8], 0, 0), tensor('b', [8], 0, 32)));
    await refused(place(tensor('a', [8], 0, 0), tensor('b', [8], 0, 0)));
    await refused(place(tensor('a', [16], 0, 0), tensor('b', [8], 0, 32)));
    await refused(place(tensor('a', [8], 0, 0), tensor('a', [8], 0, 32)));
    await refused(place(tensor('a', [8], 0, 4)));
    await refused(place(tensor('a', [8], 0, 1024)));
    await refused(place(tensor('a', [8], 99, 0)));
    await refused(place(tensor('a', [16], 2, 0)));
    await refused(place(tensor('a', [2n ** 32n, 2n ** 32n], 0, 0)));
    await refused(place(tensor('a', [2n ** 63n], 0, 0)));
    await refused(place(tensor('a', [0, 2n ** 53n - 1n, 2n ** 53n - 1n], 0, 0)));
    await refused(place(tensor('a', [1, 1, 1, 1, 1], 0, 0)), 'WEIGHTS_LIMIT');
  });

  it('refuses headers that ask for too much, or twice', async () => {
    const entry = (key: string, type: number, ...value: Uint8Array[]) =>
      Buffer.concat([text(key), u32(type), ...value]);
    await refused(Buffer.from('GGUF'));
    await refused(Buffer.from('GGUX\u0003\0\0\0'));
    await refused(Buffer.concat([Buffer.from('GGUF'), u32(4), u64(0), u64(0)]));
    await refused(makeHeader(2 ** 40, 0), 'WEIGHTS_LIMIT');
    await refused(makeHeader(0, 2 ** 40), 'WEIGHTS_LIMIT');
    await refused(makeHeader(250_000, 0));
    await refused(makeHeader(0, 1, u64(2n ** 63n)));
    await refused(makeHeader(0, 1, u64(20_000_000)), 'WEIGHTS_LIMIT');
    await refused(makeHeader(0, 2, entry('a', 4, u32(1)), entry('a', 4, u32(1))));
    await refused(makeHeader(0, 1, entry('a', 13)));
    await refused(makeHeader(0, 1, entry('a', 9, u32(0), u64(2 ** 40))), 'WEIGHTS_LIMIT');
    // An array of arrays of arrays of arrays of arrays.
    const nested = Array.from({ length: 5 }, () => [u32(9), u64(1)]).flat();
    await refused(makeHeader(0, 1, entry('a', 9, ...nested, u32(0), u64(0))), 'WEIGHTS_LIMIT');
    for (const alignment of [0, 3, 48, 2 ** 31])
      await refused(makeHeader(0, 1, entry('general.alignment', 4, u32(alignment))));
  });

  it('never reads what a mutated header invents', async () => {
    const good = await collectChunks(
      writeGguf(
        [makeTensor('w', 'Q8_0', [2, 32], NUMBERS)],
        new Map([['k', { type: 'string', value: 'v' }]]),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 70), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (edits) => {
          const bytes = Uint8Array.from(good);
          for (const [at, value] of edits) bytes[at] = value;
          try {
            const file = await open(bytes);
            for (const tensor of file.tensors.values()) await file.readNumbers(tensor, 0, 1);
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^WEIGHTS_(FORMAT|LIMIT|ARGUMENT)$/) });
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('writes nothing that ggml would refuse', async () => {
    const one = makeTensor('w', 'F32', [64], NUMBERS);
    const fails = (...args: Parameters<typeof writeGguf>) =>
      expect(collectChunks(writeGguf(...args))).rejects.toMatchObject({ code: 'WEIGHTS_ARGUMENT' });
    await fails([one, one]);
    await fails([{ ...one, name: 'x'.repeat(64) }]);
    await fails([{ ...one, name: '\ud800' }]);
    await fails([{ ...one, shape: [65] }]);
    await fails([{ ...one, shape: [63] }]);
    await fails([{ ...one, shape: [1, 1, 1, 1, 64] }]);
    await fails([{ ...one, format: 'Q8_0', shape: [4, 16] }]);
    await fails([{ ...one, format: 'F99' }]);
    await fails([one], new Map(), 48);
    await fails([one], new Map([['general.alignment', { type: 'u32', value: 64 }]]));
    await fails([], new Map([['a', { type: 'u8', value: 256 }]]));
    await fails([], new Map([['a', { type: 'i64', value: 2n ** 63n }]]));
    await fails([], new Map([['a', { type: 'array', of: 'u8', values: [{ type: 'i8', value: 1 }] }]]));
  });
});

describe('tensors of GGUF', () => {
  it('keep their plain numbers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 5 }),
        fc.constantFrom(8, 32, 64),
        fc.integer({ min: 1, max: 50 }),
        async (shapes, alignment, chunkBytes) => {
          const tensors = shapes.map(([rows, columns], i) => {
            const numbers = Float32Array.from({ length: rows * columns }, (_, n) => n * 1.5 - i);
            return { numbers, tensor: makeTensor(`t${i}`, 'F32', [rows, columns], numbers, chunkBytes) };
          });
          const bytes = await collectChunks(
            writeGguf(
              tensors.map(({ tensor }) => tensor),
              new Map(),
              alignment,
            ),
          );
          const file = await open(bytes);
          for (const [i, { numbers }] of tensors.entries()) {
            const found = file.tensors.get(`t${i}`)!;
            expect(found.shape).toEqual([...shapes[i]!]);
            const raw = await found.source.read(found.offset, found.sizeBytes);
            expect(decodeNumbers('F32', raw)).toEqual(numbers);
          }
        },
      ),
    );
  });
});
