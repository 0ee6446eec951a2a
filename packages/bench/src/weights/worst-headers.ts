import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PhalanxError } from '@phalanx/core';
import { openBytesSource, openWeightSource } from '@phalanx/weights';
import { field } from './seed-files.js';

/** Headers that cost most for their bytes, by name: as many of the smallest things as limits let through, and one more. */
const WORST: Readonly<Record<string, () => Uint8Array>> = {
  'safetensors: 400,000 tensors': () => safetensors(400_000),
  'safetensors: 1,500,000 tensors': () => safetensors(1_500_000),
  'safetensors: a list of 40,000,000 numbers': () =>
    withLength(Buffer.from(`{"a":[${'0,'.repeat(40_000_000)}0]}`)),
  'gguf: 250,000 tensors': () => gguf(250_000),
  'gguf: an array of 4,000,000 texts': ggufTexts,
  'onnx: 500,000 tensors': () => onnx(500_000),
  'onnx: 2,000,000 empty nodes': () => field(7, Buffer.from('0a00'.repeat(2_000_000), 'hex')),
  'pickle: 1,000,000 dictionaries': () => Buffer.from(`\x80\x02]${'}a'.repeat(999_999)}.`, 'latin1'),
  'pickle: 8,000,000 marks': () => Buffer.from(`\x80\x02${'('.repeat(8_000_000)}`, 'latin1'),
  'index: 900,000 tensors': () =>
    Buffer.from(`{"weight_map":{${Array.from({ length: 900_000 }, (_, i) => `"${i}":"a"`).join(',')}}}`),
};

/** Prints for each of the worst headers its size, how it ends, its time and the memory of a process of its own. */
export async function measureWorstHeaders(): Promise<void> {
  for (const name of Object.keys(WORST))
    await new Promise<void>((resolve) => {
      fork(fileURLToPath(import.meta.url), [name], { execArgv: ['--expose-gc'] }).on('exit', (code) => {
        if (code !== 0) {
          console.log(`  ${name}: DEFECT, the process ended with ${code}`);
          process.exitCode = 1;
        }
        resolve();
      });
    });
}

async function openOne(name: string): Promise<void> {
  const bytes = WORST[name]!();
  (globalThis as { gc?: () => void }).gc?.();
  const before = process.memoryUsage().rss;
  const started = performance.now();
  let outcome = 'opened';
  try {
    const folder = { open: async () => openBytesSource(new Uint8Array(0)) };
    const file = await openWeightSource(openBytesSource(bytes), folder);
    outcome = `opened, ${file.tensors.size.toLocaleString('en-US')} tensors`;
  } catch (error) {
    outcome = PhalanxError.is(error) ? error.code : `DEFECT ${error}`;
  }
  const ms = performance.now() - started;
  const grown = process.resourceUsage().maxRSS * 1024 - before;
  console.log(
    `  ${name}: ${(bytes.length / 1e6).toFixed(0)} MB, ${outcome}, ${(ms / 1000).toFixed(1)} s, ${(grown / 1e6).toFixed(0)} MB more memory`,
  );
}

function withLength(header: Uint8Array): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}

function safetensors(count: number): Uint8Array {
  const members: string[] = [];
  for (let i = 0; i < count; i++) members.push(`"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`);
  return withLength(Buffer.from(`{${members.join(',')}}`));
}

function gguf(count: number): Uint8Array {
  const head = Buffer.alloc(24);
  head.write('GGUF');
  head.writeUInt32LE(3, 4);
  head.writeBigUInt64LE(BigInt(count), 8);
  const tensors = Buffer.alloc(count * 40);
  for (let i = 0; i < count; i++) {
    tensors.writeBigUInt64LE(8n, i * 40);
    tensors.write(String(i).padStart(8, '0'), i * 40 + 8);
    tensors.writeUInt32LE(1, i * 40 + 16);
  }
  return Buffer.concat([head, tensors, Buffer.alloc(64)]);
}

function ggufTexts(): Uint8Array {
  const head = Buffer.alloc(24 + 9 + 4 + 4 + 8);
  head.write('GGUF');
  head.writeUInt32LE(3, 4);
  head.writeBigUInt64LE(1n, 16);
  head.writeBigUInt64LE(1n, 24);
  head.write('k', 32);
  head.writeUInt32LE(9, 33);
  head.writeUInt32LE(8, 37);
  head.writeBigUInt64LE(4_000_000n, 41);
  return Buffer.concat([head, Buffer.alloc(4_000_000 * 8)]);
}

function onnx(count: number): Uint8Array {
  const tensors: Uint8Array[] = [];
  for (let i = 0; i < count; i++)
    tensors.push(field(5, Buffer.concat([field(1, 0), field(2, 1), field(8, String(i))])));
  return field(7, Buffer.concat(tensors));
}

const [asked] = process.argv.slice(2);
if (process.send !== undefined && asked !== undefined && Object.hasOwn(WORST, asked)) {
  await openOne(asked);
  process.disconnect();
}
