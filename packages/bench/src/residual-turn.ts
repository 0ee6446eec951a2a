import { PhalanxError } from '@phalanx/core';
import { Random } from '@phalanx/stats';
import { findResidualTurn, openBytesSource, type Tensor, type WeightFile } from '@phalanx/weights';
import { CpuClock } from './cpu-clock.js';

const REFLECTIONS = 16;
const [LEAST, MOST] = [64, 8_192];

/**
 * Prints what it takes to find the turn between two residual streams of a width, by embeddings of twice as many tokens whose columns differ
 * tenfold in size: dimensions in another order, and a dense turn.
 */
export async function benchResidualTurn(width: number): Promise<void> {
  if (!Number.isSafeInteger(width) || width < LEAST || width > MOST)
    throw new PhalanxError('BENCH_ARGUMENT', `--turn takes a width from ${LEAST} to ${MOST}`);
  const left = openEmbedding(width, (row) => row);
  const places = new Random(2).shuffle(Int32Array.from({ length: width }, (_, i) => i));
  const moved = openEmbedding(width, (row) =>
    Float32Array.from(places, (place, i) => (i % 2 ? 1 : -1) * row[place]!),
  );
  const mirrors = Array.from({ length: REFLECTIONS }, (_, i) => drawMirror(width, i));
  const turned = openEmbedding(width, (row) => reflect(row, mirrors));
  console.log(`turn of ${width} dimensions, ${2 * width} tokens, one thread`);
  for (const [name, right] of [
    ['moved', moved],
    ['dense', turned],
  ] as const) {
    const clock = new CpuClock();
    const { residual, order } = await findResidualTurn(left, right);
    const kind = order === undefined ? 'by products' : 'as an order';
    console.log(
      `  ${name}: found ${kind}, residual ${residual.toExponential(1)}; ${clock.lap()}, ${clock.peak()}`,
    );
  }
}

/** An embedding alone, a row made when it is read. */
function openEmbedding(width: number, change: (row: Float32Array) => Float32Array): WeightFile {
  const name = 'model.embed_tokens.weight';
  const source = openBytesSource(new Uint8Array(0));
  const tensor: Tensor = { name, format: 'F32', shape: [2 * width, width], source, offset: 0, sizeBytes: 0 };
  return {
    container: 'safetensors',
    tensors: new Map([[name, tensor]]),
    metadata: new Map(),
    bytesRead: 0,
    async readNumbers(_, from, count) {
      const out = new Float32Array(count);
      for (let at = 0; at < count; at += width) {
        const random = new Random((from + at) / width);
        const row = Float32Array.from(
          { length: width },
          (_, i) => (random.uniform() - 0.5) * 10 ** (-i / width),
        );
        out.set(change(row), at);
      }
      return out;
    },
    close: async () => {},
  };
}

function drawMirror(width: number, seed: number): Float64Array {
  const random = new Random(1_000_000 + seed);
  const mirror = Float64Array.from({ length: width }, () => random.normal());
  const length = Math.sqrt(mirror.reduce((sum, value) => sum + value * value, 0));
  return mirror.map((value) => value / length);
}

function reflect(row: Float32Array, mirrors: readonly Float64Array[]): Float32Array {
  const out = Float64Array.from(row);
  for (const mirror of mirrors) {
    let sum = 0;
    for (let i = 0; i < out.length; i++) sum += out[i]! * mirror[i]!;
    for (let i = 0; i < out.length; i++) out[i]! -= 2 * sum * mirror[i]!;
  }
  return Float32Array.from(out);
}
