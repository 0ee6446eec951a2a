import {
  type ByteSource,
  openBytesSource,
  type WeightFile,
  type WrittenTensor,
  writeGguf,
  writeSafetensors,
} from '@phalanx/weights';

/** A small valid file: almost all of it is header, since mutations of numbers teach nothing. */
export interface SeedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Formats that are fuzzed, each with small valid files of every kind that its reader takes. */
export const SEEDS: Readonly<Record<string, () => Promise<readonly SeedFile[]>>> = {
  safetensors: async () => [
    { name: 'plain', bytes: await collect(writeSafetensors(TENSORS, new Map([['format', 'pt']]))) },
    { name: 'bare', bytes: await collect(writeSafetensors(TENSORS.slice(0, 1))) },
  ],
  gguf: async () => [
    {
      name: 'little',
      bytes: await collect(
        writeGguf(
          [...TENSORS, numbers('q', 'Q8_0', [2, 64], 136), numbers('k', 'Q4_K', [256], 144)],
          new Map([
            ['general.name', { type: 'string', value: 'seed' }],
            ['list', { type: 'array', of: 'string', values: [{ type: 'string', value: 'a' }] }],
            ['count', { type: 'u64', value: 7n }],
          ]),
        ),
      ),
    },
    { name: 'big', bytes: makeBigEndianGguf() },
    { name: 'version 1', bytes: makeOldGguf() },
  ],
  onnx: async () => [
    { name: 'raw and typed', bytes: makeOnnx(false) },
    { name: 'external', bytes: makeOnnx(true) },
  ],
  torch: async () => [
    {
      name: 'stored',
      bytes: makeZip([
        ['m/data.pkl', makePickle()],
        ['m/byteorder', ascii('little')],
        ['m/data/0', new Uint8Array(96)],
        ['m/data/1', new Uint8Array(8)],
      ]),
    },
  ],
  pickle: async () => [{ name: 'a state dictionary', bytes: makePickle() }],
  llama2c: async () => [
    { name: 'tied', bytes: makeLlama2c(3) },
    { name: 'untied', bytes: makeLlama2c(-3) },
  ],
  index: async () => [
    {
      name: 'of two files',
      bytes: ascii(
        '{"metadata":{"total_size":16},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}',
      ),
    },
  ],
};

/** Files beside the seeds, which they name. */
export const SIBLINGS: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  'model.data': async () => new Uint8Array(64),
  'model-00001-of-00002.safetensors': () => collect(writeSafetensors([numbers('a', 'F32', [2], 8)])),
  'model-00002-of-00002.safetensors': () => collect(writeSafetensors([numbers('b', 'F32', [2], 8)])),
};

/** @throws Error when a seed is not opened, since mutations of a broken file say little */
export async function checkSeeds(
  seeds: readonly SeedFile[],
  open: (source: ByteSource) => Promise<WeightFile>,
): Promise<void> {
  for (const { name, bytes } of seeds) {
    const file = await open(openBytesSource(bytes, name));
    await file.close();
    if (file.tensors.size === 0) throw new Error(`the seed ${name} has no tensors`);
  }
}

function numbers(name: string, format: string, shape: readonly number[], sizeBytes: number): WrittenTensor {
  return { name, format, shape, chunks: () => [new Uint8Array(sizeBytes)] };
}

const TENSORS = [
  numbers('layers.0.weight', 'F32', [2, 3], 24),
  numbers('layers.1.weight', 'BF16', [4], 8),
  numbers('empty', 'F16', [0], 0),
];

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

function makeBigEndianGguf(): Uint8Array {
  const head = Buffer.alloc(24);
  head.write('GGUF');
  head.writeUInt32BE(3, 4);
  head.writeBigUInt64BE(1n, 8);
  const tensor = Buffer.alloc(8 + 1 + 4 + 8 + 4 + 8);
  tensor.writeBigUInt64BE(1n, 0);
  tensor.write('w', 8);
  tensor.writeUInt32BE(1, 9);
  tensor.writeBigUInt64BE(4n, 13);
  return Buffer.concat([head, tensor, Buffer.alloc(64 - ((24 + tensor.length) % 32) + 16)]);
}

function makeOldGguf(): Uint8Array {
  const head = Buffer.alloc(16);
  head.write('GGUF');
  head.writeUInt32LE(1, 4);
  head.writeUInt32LE(1, 8);
  const tensor = Buffer.alloc(4 + 1 + 4 + 4 + 4 + 8);
  tensor.writeUInt32LE(1, 0);
  tensor.write('w', 4);
  tensor.writeUInt32LE(1, 5);
  tensor.writeUInt32LE(4, 9);
  return Buffer.concat([head, tensor, Buffer.alloc(64)]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
  return Uint8Array.of(...bytes, rest);
}

/** A field of a protocol buffer: a number, or content with its length. */
export function field(number: number, content: number | string | Uint8Array): Uint8Array {
  if (typeof content === 'number') return Buffer.concat([varint(number * 8), varint(content)]);
  const bytes = typeof content === 'string' ? ascii(content) : content;
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function makeOnnx(isExternal: boolean): Uint8Array {
  const about = (name: string, type: number, ...sizes: number[]) =>
    Buffer.concat([...sizes.map((size) => field(1, size)), field(2, type), field(8, name)]);
  const entry = (key: string, value: string) => field(13, Buffer.concat([field(1, key), field(2, value)]));
  const external = [
    entry('location', 'model.data'),
    entry('offset', '16'),
    entry('length', '24'),
    field(14, 1),
  ];
  const weight = Buffer.concat([
    about('w', 1, 2, 3),
    ...(isExternal ? external : [field(9, new Uint8Array(24))]),
  ]);
  const typed = Buffer.concat([about('t', 6, 3), field(5, Uint8Array.of(1, 0x96, 1, 3))]);
  const inner = field(6, field(5, Buffer.concat([about('v', 1, 1), field(4, new Uint8Array(4))])));
  const node = Buffer.concat([
    field(2, 'y'),
    field(3, 'If_0'),
    field(4, 'If'),
    field(5, Buffer.concat([field(1, 'then_branch'), inner])),
  ]);
  const graph = Buffer.concat([field(1, node), field(2, 'g'), field(5, weight), field(5, typed)]);
  return Buffer.concat([field(1, 10), field(2, 'seed'), field(8, field(2, 21)), field(7, graph)]);
}

function makePickle(): Uint8Array {
  const text = (value: string) =>
    Buffer.concat([ascii('X'), Uint8Array.of(value.length, 0, 0, 0), ascii(value)]);
  const storage = (kind: string, key: string, count: number) =>
    Buffer.concat([
      ascii('('),
      text('storage'),
      ascii(`ctorch\n${kind}\n`),
      text(key),
      text('cpu'),
      ascii('K'),
      Uint8Array.of(count),
      ascii('tQ'),
    ]);
  const pair = (a: number, b: number) => Buffer.from([0x4b, a, 0x4b, b, 0x86]);
  const tensor = (
    name: string,
    kind: string,
    key: string,
    count: number,
    shape: Uint8Array,
    strides: Uint8Array,
  ) =>
    Buffer.concat([
      text(name),
      ascii('ctorch._utils\n_rebuild_tensor_v2\n('),
      storage(kind, key, count),
      ascii('K\x00'),
      shape,
      strides,
      ascii('\x89ccollections\nOrderedDict\n)RtR'),
    ]);
  return Buffer.concat([
    ascii('\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01('),
    tensor('w', 'FloatStorage', '0', 24, pair(4, 6), pair(6, 1)),
    tensor('t', 'FloatStorage', '0', 24, pair(6, 4), pair(1, 6)),
    tensor('b', 'BFloat16Storage', '1', 4, pair(2, 2), pair(2, 1)),
    text('epoch'),
    ascii('K\x03u}q\x02'),
    text('_metadata'),
    ascii('h\x01sb.'),
  ]);
}

/** Stored entries, whose checksums are left zero: no reader of parts compares them. */
function makeZip(entries: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, bytes] of entries) {
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    for (const [header, shift] of [
      [local, 0],
      [central, 2],
    ] as const) {
      header.writeUInt32LE(bytes.length, 18 + shift);
      header.writeUInt32LE(bytes.length, 22 + shift);
      header.writeUInt16LE(name.length, 26 + shift);
    }
    central.writeUInt32LE(at, 42);
    parts.push(local, ascii(name), bytes);
    directory.push(central, ascii(name));
    at += 30 + name.length + bytes.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

function makeLlama2c(vocabulary: number): Uint8Array {
  const [dim, hidden, layers, heads, kvHeads, positions] = [4, 6, 2, 2, 1, 5] as const;
  const header = Int32Array.of(dim, hidden, layers, heads, kvHeads, vocabulary, positions);
  const keys = (dim / heads) * kvHeads;
  const layer = 2 * dim + 2 * dim * dim + 2 * keys * dim + 3 * hidden * dim;
  const words = Math.abs(vocabulary) * dim * (vocabulary < 0 ? 2 : 1);
  const numbers = words + layers * layer + dim + (2 * positions * dim) / heads / 2;
  return Buffer.concat([new Uint8Array(header.buffer), new Uint8Array(numbers * 4)]);
}
