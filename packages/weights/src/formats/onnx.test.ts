import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBytesSource } from './byte-source.js';
import { openOnnx } from './onnx.js';
import { entryProto, field, message, modelProto, tensorProto, varint } from './onnx.test.support.js';
import { countNumbers, type WeightFile } from './weight-file.js';
import { splitInnerPath, type WeightFolder } from './weight-folder.js';

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const open = (bytes: Uint8Array, folder?: WeightFolder) =>
  openOnnx(openBytesSource(Uint8Array.from(bytes)), folder);
const refused = (bytes: Uint8Array, code = 'WEIGHTS_FORMAT', folder?: WeightFolder) =>
  expect(open(bytes, folder)).rejects.toMatchObject({ code });
const initializer = (...args: Parameters<typeof tensorProto>) => field(5, tensorProto(...args));

async function read(file: WeightFile, name: string): Promise<number[]> {
  const tensor = file.tensors.get(name)!;
  return [...(await file.readNumbers(tensor, 0, countNumbers(tensor)))];
}

describe('ONNX', () => {
  it('reads raw and typed numbers, packed or one by one', async () => {
    const file = await open(
      modelProto(
        field(2, 'graph'),
        initializer('raw', 1, [2, 1], field(9, floats(1.5, -2))),
        initializer('packed', 1, [2], field(4, floats(3, 4))),
        initializer(
          'loose',
          1,
          [2],
          Buffer.concat([Buffer.of(0x25), floats(5)]),
          Buffer.concat([Buffer.of(0x25), floats(6)]),
        ),
        initializer('small', 3, [3], field(5, message(varint(-1n), varint(7), varint(127)))),
        initializer('one by one', 6, [2], field(5, -5n), field(5, 300)),
        initializer('half', 10, [1], field(5, varint(0x3c00))),
        initializer('large', 7, [1], field(7, varint(2n ** 40n))),
        initializer('unsigned', 13, [1], field(11, varint(2n ** 63n))),
        initializer('double', 11, [1], field(10, new Uint8Array(Float64Array.of(0.5).buffer))),
        initializer('scalar', 1, [], field(9, floats(9))),
        initializer('none', 1, [0, 5]),
        initializer('texts', 8, [1], field(6, 'x')),
      ),
    );
    expect(await read(file, 'raw')).toEqual([1.5, -2]);
    expect(file.tensors.get('raw')!.shape).toEqual([2, 1]);
    expect(await read(file, 'packed')).toEqual([3, 4]);
    expect(await read(file, 'loose')).toEqual([5, 6]);
    expect(await read(file, 'small')).toEqual([-1, 7, 127]);
    expect(await read(file, 'one by one')).toEqual([-5, 300]);
    expect(await read(file, 'half')).toEqual([1]);
    expect(await read(file, 'large')).toEqual([2 ** 40]);
    expect(await read(file, 'unsigned')).toEqual([2 ** 63]);
    expect(await read(file, 'double')).toEqual([0.5]);
    expect(await read(file, 'scalar')).toEqual([9]);
    expect(await read(file, 'none')).toEqual([]);
    expect(file.tensors.has('texts')).toBe(false);
    expect(file.metadata.get('onnx.opset.ai.onnx')).toBe('21');
  });

  it('finds constants and graphs inside nodes', async () => {
    const attribute = (name: string, ...fields: Uint8Array[]) => field(5, message(field(1, name), ...fields));
    const constant = field(
      1,
      message(
        field(2, 'c'),
        field(4, 'Constant'),
        attribute('value', field(5, tensorProto('', 1, [1], field(9, floats(1))))),
      ),
    );
    const branch = message(initializer('w', 1, [1], field(9, floats(2))), constant);
    const choice = field(
      1,
      message(attribute('then_branch', field(6, branch)), field(2, 'y'), field(3, 'If_0'), field(4, 'If')),
    );
    const file = await open(modelProto(constant, choice));
    expect([...file.tensors.keys()]).toEqual(['c', 'If_0.then_branch/w', 'If_0.then_branch/c']);
    let deep = branch;
    for (let i = 0; i < 20; i++)
      deep = field(1, message(attribute('b', field(6, deep)), field(2, 'y'), field(4, 'If')));
    await refused(modelProto(deep), 'WEIGHTS_LIMIT');
  });

  it('reads external data where the folder lets it be', async () => {
    const asked: string[] = [];
    const folder: WeightFolder = {
      open: async (path) => {
        asked.push(splitInnerPath(path).join('/'));
        return openBytesSource(floats(0, 7, 8));
      },
    };
    const external = (location: string, ...more: [string, string][]) =>
      modelProto(
        initializer(
          'w',
          1,
          [2],
          field(13, entryProto('location', location)),
          ...more.map((pair) => field(13, entryProto(...pair))),
          field(14, 1),
        ),
      );
    const file = await open(external('./d/model.data', ['offset', '4'], ['length', '8']), folder);
    expect(await read(file, 'w')).toEqual([7, 8]);
    expect(asked).toEqual(['d/model.data']);
    expect(file.bytesRead).toBeGreaterThan(8);
    await refused(external('model.data'));
    for (const path of [
      '../x',
      '/x',
      'a/../../x',
      'C:\\x',
      'C:/x',
      '\\\\h\\x',
      'a//b',
      '',
      '.',
      'a/..',
      'x\0',
      '././x',
    ])
      await refused(external(path), 'WEIGHTS_FORMAT', folder);
    expect(asked).toHaveLength(1);
    await refused(external('x', ['offset', '8']), 'WEIGHTS_FORMAT', folder);
    await refused(external('x', ['offset', '-4']), 'WEIGHTS_FORMAT', folder);
    await refused(external('x', ['offset', '1e1']), 'WEIGHTS_FORMAT', folder);
    await refused(external('x', ['length', '4']), 'WEIGHTS_FORMAT', folder);
    await refused(external('x', ['location', 'y']), 'WEIGHTS_FORMAT', folder);
    await refused(modelProto(initializer('w', 1, [2], field(14, 1))), 'WEIGHTS_FORMAT', folder);
  });

  it('refuses what is no model, or says two things', async () => {
    const raw = field(9, floats(1));
    await open(modelProto(initializer('w', 1, [1], raw)));
    await refused(message(field(1, 10)));
    await refused(message(modelProto(), modelProto()));
    await refused(modelProto(initializer('w', 1, [1], raw), initializer('w', 1, [1], raw)));
    await refused(modelProto(initializer('w', 1, [1], raw, raw)));
    await refused(modelProto(initializer('w', 1, [1], raw, field(8, 'v'))));
    await refused(modelProto(initializer('w', 1, [1], raw, field(4, floats(1)))));
    await refused(modelProto(initializer('w', 1, [2], raw)));
    await refused(modelProto(initializer('w', 1, [1])));
    await refused(modelProto(initializer('w', 99, [1], raw)));
    await refused(modelProto(initializer('w', 1, [-1n], raw)));
    await refused(modelProto(initializer('w', 1, [2n ** 32n, 2n ** 32n], raw)));
    await refused(modelProto(initializer('w', 1, [2n ** 53n], raw)));
    await refused(modelProto(initializer('w', 6, [10], field(5, varint(1)))));
    await refused(modelProto(initializer('w', 1, [1], raw, field(3, ''))));
    await refused(modelProto(initializer('w', 1, Array(65).fill(1), raw)), 'WEIGHTS_LIMIT');
    await refused(Buffer.from([0x0b, 0x0c]));
    await refused(Buffer.from([0x00, 0x00]));
    await refused(Buffer.from([0x0a, 0x05, 0x00]));
    await refused(Buffer.from([0x08, ...Array(11).fill(0xff)]));
    await refused(Buffer.from([0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]));
    const lying = await open(
      modelProto(initializer('w', 6, [2], field(5, message(varint(1), varint(2), varint(3))))),
    );
    await expect(read(lying, 'w')).rejects.toMatchObject({ code: 'WEIGHTS_FORMAT' });
  });

  it('stops names that multiply', async () => {
    const tensor = initializer('w', 1, [0]);
    const inner = message(...Array.from({ length: 6_000 }, (_, i) => initializer(String(i), 1, [0])), tensor);
    const node = message(
      field(2, 'y'),
      field(3, 'n'.repeat(9_000)),
      field(4, 'If'),
      field(5, message(field(1, 'b'), field(6, inner))),
    );
    await refused(modelProto(field(1, node)), 'WEIGHTS_LIMIT');
  });

  it('never reads what a mutated model invents', async () => {
    const good = Uint8Array.from(
      modelProto(
        initializer('w', 1, [2], field(9, floats(1, 2))),
        initializer('t', 6, [2], field(5, message(varint(1), varint(2)))),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        async (edits) => {
          const bytes = Uint8Array.from(good);
          for (const [at, value] of edits) bytes[at] = value;
          try {
            const file = await open(bytes);
            for (const name of file.tensors.keys()) await read(file, name);
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^WEIGHTS_(FORMAT|LIMIT|ARGUMENT)$/) });
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
