import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBytesSource } from './byte-source.js';
import { openSafetensors } from './safetensors.js';
import { writeSafetensors } from './safetensors-writer.js';
import { convertTensor, copyTensor } from './written-tensor.js';
import { collectChunks, makeTensor } from './written-tensor.test.support.js';

const open = (bytes: Uint8Array) => openSafetensors(openBytesSource(bytes));

describe('writing safetensors', () => {
  it('puts wide formats first, then names, and fills the header to eight bytes', async () => {
    const numbers = Float32Array.of(1, 2);
    const bytes = await collectChunks(
      writeSafetensors(
        [
          makeTensor('b', 'BF16', [2], numbers),
          makeTensor('z', 'F32', [2], numbers),
          makeTensor('a', 'F32', [1, 2], numbers),
        ],
        new Map([['format', 'pt']]),
      ),
    );
    // The text that safetensors 0.8.0 writes for the same tensors.
    const header =
      '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"z":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[16,20]}}';
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(
      Buffer.from(bytes.subarray(8, 8 + length))
        .toString()
        .trimEnd(),
    ).toBe(header);
    expect(bytes.length).toBe(8 + length + 20);
  });

  it('gives back any tensors, names and metadata, copied or converted', async () => {
    const tensors = fc.uniqueArray(
      fc.record({
        name: fc.string({ unit: 'grapheme', maxLength: 8 }).filter((name) => name !== '__metadata__'),
        format: fc.constantFrom('F32', 'F16', 'BF16'),
        shape: fc.array(fc.nat(4), { maxLength: 3 }),
      }),
      { selector: ({ name }) => name, maxLength: 6 },
    );
    const texts = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));
    await fc.assert(
      fc.asyncProperty(
        tensors,
        texts,
        fc.integer({ min: 1, max: 40 }),
        async (plans, metadata, chunkBytes) => {
          const written = plans.map(({ name, format, shape }) => {
            const count = shape.reduce((product, size) => product * size, 1);
            return makeTensor(
              name,
              format,
              shape,
              Float32Array.from({ length: count }, (_, i) => i / 2),
              chunkBytes,
            );
          });
          const file = await open(
            await collectChunks(writeSafetensors(written, new Map(Object.entries(metadata)))),
          );
          expect(file.tensors.size).toBe(plans.length);
          expect([...file.metadata].sort()).toEqual(Object.entries(metadata).sort());
          const copied = [...file.tensors.values()].map((tensor) => copyTensor(tensor, chunkBytes));
          const again = await open(await collectChunks(writeSafetensors(copied)));
          for (const { name, format, shape } of plans) {
            const tensor = again.tensors.get(name)!;
            expect([tensor.format, [...tensor.shape]]).toEqual([format, shape]);
            const count = shape.reduce((product, size) => product * size, 1);
            const numbers = await again.readNumbers(tensor, 0, count);
            expect([...numbers]).toEqual(Array.from({ length: count }, (_, i) => i / 2));
            const wide = await collectChunks(
              writeSafetensors([convertTensor(again, tensor, 'F32', chunkBytes)]),
            );
            const converted = await open(wide);
            expect([...(await converted.readNumbers(converted.tensors.get(name)!, 0, count))]).toEqual([
              ...numbers,
            ]);
          }
        },
      ),
    );
  });

  it('refuses names twice or reserved, unknown formats, and tensors that give too much or too little', async () => {
    const numbers = Float32Array.of(1, 2);
    const one = makeTensor('w', 'F32', [2], numbers);
    const fails = (...tensors: Parameters<typeof writeSafetensors>[0]) =>
      expect(collectChunks(writeSafetensors(tensors))).rejects.toMatchObject({ code: 'WEIGHTS_ARGUMENT' });
    await fails(one, one);
    await fails({ ...one, name: '__metadata__' });
    await fails({ ...one, name: '\udc00' });
    await fails({ ...one, format: 'Q8_0' });
    await fails({ ...one, format: 'F4', shape: [1] });
    await fails({ ...one, shape: [3] });
    await fails({ ...one, shape: [1] });
    await fails({ ...one, shape: [-2, -1] });
    await fails({ ...one, shape: [0.5, 4] });
  });
});
