import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBytesSource } from './byte-source.js';
import { openSafetensors } from './safetensors.js';
import { readRows } from './weight-file.js';

/** A file of this header, JSON or text, and these data. */
function makeFile(header: object | string, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, data]);
}

const open = (bytes: Uint8Array) => openSafetensors(openBytesSource(bytes));
const refused = (bytes: Uint8Array, code = 'WEIGHTS_FORMAT') =>
  expect(open(bytes)).rejects.toMatchObject({ code });

describe('safetensors', () => {
  it('reads rows where they lie', async () => {
    const data = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
    const file = await open(
      makeFile(
        {
          __metadata__: { format: 'pt' },
          empty: { dtype: 'F16', shape: [0, 3], data_offsets: [0, 0] },
          __proto__x: { dtype: 'F32', shape: [3, 2], data_offsets: [0, 24] },
        },
        data,
      ),
    );
    expect([...file.tensors.keys()]).toEqual(['empty', '__proto__x']);
    expect(file.metadata.get('format')).toBe('pt');
    const before = file.bytesRead;
    expect([...(await readRows(file, file.tensors.get('__proto__x')!, 1, 2))]).toEqual([3, 4, 5, 6]);
    expect(file.bytesRead - before).toBe(16);
  });

  it('takes __proto__ for a name like any other', async () => {
    const file = await open(
      makeFile('{"__proto__":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', Uint8Array.of(7)),
    );
    expect([...(await file.readNumbers(file.tensors.get('__proto__')!, 0, 1))]).toEqual([7]);
  });

  it('refuses what the reference refuses', async () => {
    const one = (member: object) => ({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4], ...member } });
    const four = new Uint8Array(4);
    await refused(new Uint8Array(7));
    await refused(Buffer.from('ffffffffffffff7f', 'hex'), 'WEIGHTS_LIMIT');
    await refused(Buffer.from('0900000000000000', 'hex'));
    await refused(makeFile('{}', four));
    await refused(makeFile('\ufffe{}'));
    await refused(makeFile('[]'));
    await refused(Buffer.concat([Buffer.from('0200000000000000', 'hex'), Buffer.from([0x7b, 0xff])]));
    await refused(makeFile(one({ shape: [2] }), four));
    await refused(makeFile(one({ shape: [-1] }), four));
    await refused(makeFile(one({ shape: [1.5] }), four));
    await refused(makeFile(one({ dtype: 'F33' }), four));
    await refused(makeFile(one({ dtype: 'toString' }), four));
    await refused(makeFile(one({ data_offsets: [4, 0] }), four));
    await refused(makeFile(one({ data_offsets: [4, 8] }), new Uint8Array(8)));
    await refused(makeFile(one({ extra: 1 }), four));
    await refused(makeFile({ ...one({}), b: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }, four));
    await refused(makeFile(one({ dtype: 'F4', shape: [1], data_offsets: [0, 1] }), Uint8Array.of(0)));
    await refused(makeFile('{"a":{"dtype":"U8","shape":[18446744073709551614,0],"data_offsets":[0,0]}}'));
    await refused(makeFile('{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}'));
    await refused(
      makeFile('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"shape":[1]}}', Uint8Array.of(0)),
    );
    await refused(makeFile('{"__metadata__":{"a":1}}'));
  });

  it('never reads what a mutated header invents', async () => {
    const good = makeFile({ a: { dtype: 'BF16', shape: [2, 2], data_offsets: [0, 8] } }, new Uint8Array(8));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (edits) => {
          const bytes = Uint8Array.from(good);
          for (const [at, value] of edits) bytes[at] = value;
          try {
            const file = await open(bytes);
            for (const tensor of file.tensors.values())
              if (tensor.format === 'BF16') await file.readNumbers(tensor, 0, 4);
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^WEIGHTS_(FORMAT|LIMIT|ARGUMENT)$/) });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
