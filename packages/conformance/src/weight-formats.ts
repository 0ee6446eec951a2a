import { createWriteStream, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { PhalanxError } from '@phalanx/core';
import { Random } from '@phalanx/stats';
import {
  convertTensor,
  copyTensor,
  encodeBlocks,
  type GgufValue,
  openBytesSource,
  openWeightSource,
  openWeights,
  type WeightFile,
  writeGguf,
  writeSafetensors,
} from '@phalanx/weights';
import type { Checks } from './checks.js';
import type { Python } from './python.js';
import type { Suite } from './suite.js';
import { checkFacts, measureMoments, type TensorFacts } from './weight-facts.js';

const PACKAGES = [
  'numpy==2.4.6',
  'torch==2.15.0',
  'safetensors==0.8.0',
  'huggingface_hub==2.4.0',
  'gguf==0.19.0',
  'onnx==1.22.0',
];
const SCRIPT = 'weight-formats.py';

type Judged = Readonly<Record<string, TensorFacts>>;

/** Weight files of others read by us, ours read by others, and files that nobody should load. */
export const weightFormats: Suite = {
  name: 'weight-formats',
  what: 'weight files: safetensors, gguf-py, torch and onnx write and we read, and the other way; hostile files',
  async run(checks, { python, vectors }) {
    await checkAttacks(checks);
    const judge = await python.open(PACKAGES);
    if (typeof judge === 'string') {
      checks.skip(judge);
      return;
    }
    const folder = await mkdtemp(join(tmpdir(), 'phalanx-weights-'));
    try {
      await checkTheirs(checks, judge, folder);
      await checkOnnxCorpus(checks, judge);
      await checkQuantisers(checks, judge, folder);
      await checkOurs(checks, judge, folder);
      const models = vectors === null ? null : join(vectors, 'models');
      if (models === null || !existsSync(models)) checks.skip('no models of llama2.c');
      else await checkModels(checks, judge, models, folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Files that the formats' own packages write; a pickle that would execute, or a path that escapes, must be refused by its code. */
async function checkTheirs(checks: Checks, judge: Python, folder: string): Promise<void> {
  const files = JSON.parse(await judge.run(SCRIPT, ['write', folder])) as Record<
    string,
    Judged | { refused: string }
  >;
  for (const [name, expected] of Object.entries(files)) {
    if (typeof expected.refused === 'string') {
      checks.equal(`${name} is refused`, await tryOpening(join(folder, name)), expected.refused);
      continue;
    }
    await withFile(join(folder, name), (file) => checkFacts(checks, name, file, expected as Judged));
  }
  checks.note(`${Object.keys(files).length} files of safetensors, huggingface_hub, gguf, torch and onnx`);
}

/** The models that the onnx package tests itself with. */
async function checkOnnxCorpus(checks: Checks, judge: Python): Promise<void> {
  const models = JSON.parse(await judge.run(SCRIPT, ['corpus'])) as Record<string, Judged>;
  let tensors = 0;
  for (const [path, expected] of Object.entries(models)) {
    const name = path.split('/').slice(-2).join('/');
    await withFile(path, (file) => checkFacts(checks, name, file, expected));
    tensors += Object.keys(expected).length;
  }
  checks.note(`${Object.keys(models).length} models of onnx's own tests, ${tensors} tensors`);
}

/** Q8_0 and Q4_0 bit by bit as gguf-py rounds, on numbers of all sizes, ties, zeros and constants. */
async function checkQuantisers(checks: Checks, judge: Python, folder: string): Promise<void> {
  const random = new Random(20_261_122);
  const numbers = Float32Array.from({ length: 32 * 20_000 }, (_, i) => {
    const block = Math.floor(i / 32);
    if (block % 50 === 0) return 0;
    if (block % 50 === 1) return -1.5;
    // Multiples of a power of two fall on ties.
    if (block % 3 === 0) return (Math.floor(random.uniform() * 33) - 16) * 2 ** ((block % 20) - 10);
    return random.normal() * 10 ** ((block % 9) - 6);
  });
  const path = join(folder, 'numbers.f32');
  writeFileSync(path, new Uint8Array(numbers.buffer));
  const theirs = JSON.parse(await judge.run(SCRIPT, ['quantise', path])) as Record<string, string>;
  for (const format of ['Q8_0', 'Q4_0'])
    checks.check(
      `${format} of 20,000 blocks`,
      Buffer.from(encodeBlocks(format, numbers)).equals(Buffer.from(theirs[format]!, 'base64')),
    );
}

/** Files of ours before the packages that define them. */
async function checkOurs(checks: Checks, judge: Python, folder: string): Promise<void> {
  const copied = join(folder, 'ours.safetensors');
  await withFile(join(folder, 'all.safetensors'), async (file) => {
    const tensors = [...file.tensors.values()].map((tensor) => copyTensor(tensor, 100));
    await write(copied, writeSafetensors(tensors, file.metadata));
  });
  checks.check(
    'a file copied through our reader and writer is byte for byte that of the reference',
    (await readFile(copied)).equals(await readFile(join(folder, 'all.safetensors'))),
  );
  const paths = [copied];
  await withFile(join(folder, 'sharded'), async (file) => {
    for (const format of ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0'])
      for (const alignment of [32, 256]) {
        const path = join(folder, `ours-${format}-${alignment}.gguf`);
        // 48 columns are no whole blocks: the rows are taken as 24 of 128.
        const tensors = [...file.tensors.values()].map((tensor) => ({
          ...convertTensor(file, tensor, format, 9_000),
          shape: [24, 128],
        }));
        await write(path, writeGguf(tensors, HEADER, alignment));
        paths.push(path);
      }
    const whole = join(folder, 'ours-bf16.safetensors');
    const tensors = [...file.tensors.values()].map((tensor) => convertTensor(file, tensor, 'BF16', 1_000));
    await write(whole, writeSafetensors(tensors, new Map([['format', 'pt']])));
    paths.push(whole);
  });
  const seen = JSON.parse(await judge.run(SCRIPT, ['read', ...paths])) as Record<
    string,
    { tensors: Judged; metadata: Record<string, string> }
  >;
  for (const [path, { tensors, metadata }] of Object.entries(seen)) {
    const name = path.slice(folder.length + 1);
    await withFile(path, (file) => checkFacts(checks, name, file, tensors));
    if (name.endsWith('.gguf')) {
      checks.equal(`${name}: general.name`, metadata['general.name']!, 'ours ✓');
      checks.equal(`${name}: tokens`, metadata['tokenizer.ggml.tokens']!, "['<s>', 'b']");
    } else checks.equal(`${name}: metadata`, JSON.stringify(metadata), '{"format":"pt"}');
  }
  checks.note(`${paths.length} files of ours read by safetensors and gguf`);
}

const HEADER: ReadonlyMap<string, GgufValue> = new Map<string, GgufValue>([
  ['general.architecture', { type: 'string', value: 'llama' }],
  ['general.name', { type: 'string', value: 'ours ✓' }],
  ['llama.block_count', { type: 'u32', value: 9 }],
  ['large', { type: 'i64', value: -(2n ** 62n) }],
  ['yes', { type: 'bool', value: true }],
  [
    'tokenizer.ggml.tokens',
    {
      type: 'array',
      of: 'string',
      values: [
        { type: 'string', value: '<s>' },
        { type: 'string', value: 'b' },
      ],
    },
  ],
]);

/** Real small models of known descent: every tensor and its moments as numpy has them. */
async function checkModels(checks: Checks, judge: Python, models: string, folder: string): Promise<void> {
  const paths = readdirSync(models)
    .filter((name) => name.endsWith('.bin.gz'))
    .map((name) => {
      const path = join(folder, name.slice(0, -3));
      writeFileSync(path, gunzipSync(readFileSync(join(models, name))));
      return path;
    });
  const seen = JSON.parse(await judge.run(SCRIPT, ['llama2c', ...paths])) as Record<string, Judged>;
  let worst = 0;
  for (const [path, expected] of Object.entries(seen))
    await withFile(path, async (file) => {
      await checkFacts(checks, path.slice(folder.length + 1), file, expected);
      for (const [name, { moments }] of Object.entries(expected)) {
        const ours = await measureMoments(file, file.tensors.get(name)!);
        for (const [i, value] of moments!.entries())
          worst = Math.max(worst, Math.abs(ours[i]! - value) / Math.max(1, Math.abs(value)));
      }
    });
  checks.check('moments', worst < 1e-10, () => String(worst));
  checks.note(`${paths.length} models of llama2.c; moments agree to ${worst.toExponential(1)}`);
}

/**
 * The three attacks in the reference's own `attacks` folder (a header longer than the file; ten million, and 100,000, tensors over one
 * range of bytes), and members that another reader would see differently.
 */
async function checkAttacks(checks: Checks): Promise<void> {
  const refused = async (what: string, header: Buffer, code: string, data = 16, claimed = header.length) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(claimed));
    const source = openBytesSource(Buffer.concat([length, header, Buffer.alloc(data)]));
    checks.equal(what, await codeOf(openWeightSource(source)), code);
  };
  const one = Buffer.from('{"weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}');
  await refused('a header of 1,000 bytes in a file of less', one, 'WEIGHTS_FORMAT', 16, 1_000);
  const many = (count: number, shape: string, end: number) =>
    Buffer.from(
      `{${Array.from({ length: count }, (_, i) => `"weight_${i}":{"dtype":"F32","shape":${shape},"data_offsets":[0,${end}]}`).join(',')}}`,
    );
  await refused(
    '100,000 tensors over one range',
    many(100_000, '[200,200]', 160_000),
    'WEIGHTS_FORMAT',
    160_000,
  );
  await refused(
    'a header of 700 MB',
    Buffer.concat([many(1_000, '[2,2]', 16)]),
    'WEIGHTS_LIMIT',
    16,
    700_000_000,
  );
  await refused('a million tensors of no bytes', many(1_000_000, '[0]', 0), 'WEIGHTS_LIMIT', 0);
  await refused(
    'a name twice',
    Buffer.from(`${one.toString().slice(0, -1)},${one.toString().slice(1)}`),
    'WEIGHTS_FORMAT',
  );
}

function tryOpening(path: string): Promise<string> {
  return codeOf(openWeights(path));
}

async function codeOf(opening: Promise<WeightFile>): Promise<string> {
  try {
    await (await opening).close();
    return 'opened';
  } catch (error) {
    return PhalanxError.is(error) ? error.code : String(error);
  }
}

async function withFile(path: string, use: (file: WeightFile) => Promise<void>): Promise<void> {
  const file = await openWeights(path);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

async function write(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  await pipeline(chunks, createWriteStream(path));
}
