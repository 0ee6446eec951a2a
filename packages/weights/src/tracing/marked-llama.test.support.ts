import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { encodeNumbers } from '../formats/number-encoding.js';
import { openWeights } from '../formats/open-weights.js';
import { writeSafetensors } from '../formats/safetensors-writer.js';
import { countNumbers, type WeightFile } from '../formats/weight-file.js';
import type { Numbers } from '../lineage/small-llama.test.support.js';

/** A folder that is removed at the end of the test file. */
export function makeFolder(): { path: (name: string) => string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-tracing-'));
  return {
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Written as safetensors, matrices in `format` and vectors in F32. */
export async function writeLlama(path: string, tensors: Numbers, format = 'BF16'): Promise<void> {
  const written = [...tensors].map(([name, { shape, values }]) => {
    const own = shape.length > 1 ? format : 'F32';
    return { name, format: own, shape, chunks: () => [encodeNumbers(own, values)] };
  });
  writeFileSync(path, await buffer(writeSafetensors(written, new Map([['n_kv_heads', '4']]))));
}

/** All numbers of a file. */
export async function readLlama(path: string): Promise<Numbers> {
  const file = await openWeights(path);
  try {
    return await readNumbers(file);
  } finally {
    await file.close();
  }
}

async function readNumbers(file: WeightFile): Promise<Numbers> {
  const numbers: Numbers = new Map();
  for (const [name, tensor] of file.tensors)
    numbers.set(name, {
      shape: tensor.shape,
      values: await file.readNumbers(tensor, 0, countNumbers(tensor)),
    });
  return numbers;
}
