import { Random } from '@phalanx/stats';
import {
  convertTensor,
  countNumbers,
  decodeNumbers,
  encodeNumbers,
  openBytesSource,
  openWeightSource,
  type WeightFile,
  writeGguf,
  writeSafetensors,
} from '@phalanx/weights';

/** A small Llama with all its numbers in memory, by the names of llama2.c. */
export interface SmallModel {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;
}

type Change = (values: Float32Array, name: string, shape: readonly number[]) => Float32Array;

export async function loadModel(file: WeightFile): Promise<SmallModel> {
  const tensors = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  for (const [name, tensor] of file.tensors)
    if (!name.startsWith('freqs_'))
      tensors.set(name, {
        shape: tensor.shape,
        values: await file.readNumbers(tensor, 0, countNumbers(tensor)),
      });
  return { metadata: file.metadata, tensors };
}

/** Written as safetensors and opened again. */
export async function openModel(model: SmallModel): Promise<WeightFile> {
  return openWeightSource(openBytesSource(await writeModel(model)));
}

/** The bytes of a safetensors file of it, matrices in a format. */
export async function writeModel(model: SmallModel, format: 'F32' | 'BF16' = 'F32'): Promise<Uint8Array> {
  const tensors = [...model.tensors].map(([name, { shape, values }]) => {
    const written = shape.length === 2 ? format : 'F32';
    return { name, format: written, shape, chunks: () => [encodeNumbers(written, values)] };
  });
  return collect(writeSafetensors(tensors, model.metadata));
}

const GGUF_NAMES: Readonly<Record<string, string>> = {
  'feed_forward.w1': 'ffn_gate',
  'feed_forward.w3': 'ffn_up',
  'feed_forward.w2': 'ffn_down',
  'attention.wq': 'attn_q',
  'attention.wk': 'attn_k',
  'attention.wv': 'attn_v',
  'attention.wo': 'attn_output',
  attention_norm: 'attn_norm',
  ffn_norm: 'ffn_norm',
};

/** As GGUF under GGUF's names: matrices in blocks, those whose rows are no whole blocks and vectors as they would be there. */
export async function openQuantised(model: SmallModel, format: 'Q8_0' | 'Q4_0'): Promise<WeightFile> {
  const whole = await openModel(model);
  const tensors = [...whole.tensors.values()].map((tensor) => {
    const blocks = tensor.shape.length === 2 && tensor.shape[1]! % 32 === 0;
    const other = tensor.shape.length === 2 ? 'F16' : 'F32';
    return { ...convertTensor(whole, tensor, blocks ? format : other), name: nameForGguf(tensor.name) };
  });
  const metadata = new Map([
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['llama.attention.head_count_kv', { type: 'u32', value: Number(model.metadata.get('n_kv_heads')) }],
  ] as const);
  return openWeightSource(openBytesSource(await collect(writeGguf(tensors, metadata))));
}

/** GGUF's name for a tensor of llama2.c. */
export function nameForGguf(name: string): string {
  if (name === 'tok_embeddings.weight') return 'token_embd.weight';
  if (name === 'norm.weight') return 'output_norm.weight';
  const [, layer, part] = /^layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
  return part === undefined ? name : `blk.${layer}.${GGUF_NAMES[part]}.weight`;
}

/** Chunks as one. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

function changeMatrices(model: SmallModel, change: Change): SmallModel {
  const tensors = [...model.tensors].map(([name, { shape, values }]) => {
    const changed = shape.length === 2 ? change(values, name, shape) : values;
    return [name, { shape, values: changed }] as const;
  });
  return { metadata: model.metadata, tensors: new Map(tensors) };
}

/** Matrices rounded to bf16, halves to even. */
export function roundToBrainFloats(model: SmallModel): SmallModel {
  return changeMatrices(model, (values) => decodeNumbers('BF16', encodeNumbers('BF16', values)));
}

/** A share of the numbers of each matrix, which are bf16, moved by `steps` of their last bit up or down at random. */
export function shiftBrainFloats(model: SmallModel, steps: number, share: number, seed: number): SmallModel {
  const random = new Random(seed);
  return changeMatrices(model, (values) => {
    const bits = new Uint32Array(values.slice().buffer);
    for (let i = 0; i < bits.length; i++) {
      const move = random.bernoulli(0.5) ? steps : -steps;
      // Not past zero: its sign would turn.
      if (random.bernoulli(share) && (bits[i]! & 0x7fff0000) >>> 16 >= steps) bits[i]! += move * 0x10000;
    }
    return new Float32Array(bits.buffer);
  });
}

/** The smaller half of each matrix set to zero. */
export function prune(model: SmallModel): SmallModel {
  return changeMatrices(model, (values) => {
    const limit = Float32Array.from(values, Math.abs).sort()[values.length >> 1]!;
    return values.map((value) => (Math.abs(value) < limit ? 0 : value));
  });
}

/** Normal noise of `size` deviations of each matrix. */
export function addNoise(model: SmallModel, size: number, seed: number): SmallModel {
  const random = new Random(seed);
  return changeMatrices(model, (values) => {
    const deviation = measureDeviation(values);
    return values.map((value) => value + size * deviation * random.normal());
  });
}

/** Half of each. */
export function merge(model: SmallModel, other: SmallModel): SmallModel {
  return changeMatrices(model, (values, name) => {
    const theirs = other.tensors.get(name)!.values;
    return values.map((value, i) => (value + theirs[i]!) / 2);
  });
}

/** A product of two random matrices of a rank added to each matrix of the layers, `size` times as long as it. */
export function mergeLowRank(model: SmallModel, rank: number, size: number, seed: number): SmallModel {
  const random = new Random(seed);
  return changeMatrices(model, (values, name, [rows, columns]) => {
    if (!name.startsWith('layers.')) return values;
    const [b, a] = [rows! * rank, rank * columns!].map((count) =>
      Float64Array.from({ length: count }, () => random.normal()),
    );
    const scale = (size * measureDeviation(values)) / Math.sqrt(rank);
    return values.map((value, at) => {
      const [i, j] = [Math.floor(at / columns!), at % columns!];
      let sum = 0;
      for (let k = 0; k < rank; k++) sum += b![i * rank + k]! * a![k * columns! + j]!;
      return value + scale * sum;
    });
  });
}

/** Neurons of each layer in another order, up by a factor of either sign and down by its inverse: the same function. */
export function permuteNeurons(model: SmallModel, seed: number): SmallModel {
  const random = new Random(seed);
  const tensors = new Map(model.tensors);
  for (let layer = 0; model.tensors.has(`layers.${layer}.feed_forward.w1.weight`); layer++) {
    const name = (part: string) => `layers.${layer}.feed_forward.${part}.weight`;
    const [gate, up, down] = ['w1', 'w3', 'w2'].map((part) => model.tensors.get(name(part))!);
    const [hidden, width] = gate!.shape as [number, number];
    const order = random.shuffle(Int32Array.from({ length: hidden }, (_, i) => i));
    const scales = Float64Array.from(
      { length: hidden },
      () => Math.exp(random.normal() * 0.7) * (random.uniform() < 0.5 ? -1 : 1),
    );
    const rows = (values: Float32Array, scale: (i: number) => number) =>
      values.map((_, at) => {
        const i = Math.floor(at / width);
        return values[order[i]! * width + (at % width)]! * scale(i);
      });
    tensors.set(name('w1'), { ...gate!, values: rows(gate!.values, () => 1) });
    tensors.set(name('w3'), { ...up!, values: rows(up!.values, (i) => scales[i]!) });
    const columns = down!.values.map((_, at) => {
      const i = at % hidden;
      return down!.values[at - i + order[i]!]! / scales[i]!;
    });
    tensors.set(name('w2'), { ...down!, values: columns });
  }
  return { metadata: model.metadata, tensors };
}

/** Another basis of the residual stream, dense; gains of norms are folded into what reads them, and the output matrix is untied: the same function. */
export function rotateResidual(model: SmallModel, seed: number): SmallModel {
  const embedding = model.tensors.get('tok_embeddings.weight')!;
  const width = embedding.shape[1]!;
  const turn = drawRotation(new Random(seed), width);
  const gainOf = (name: string) => model.tensors.get(name)!.values;
  const tensors = new Map(model.tensors);
  const final = gainOf('norm.weight');
  tensors.set('output.weight', { ...embedding, values: turnRows(embedding.values, turn, width, final) });
  for (const [name, tensor] of model.tensors) {
    const { shape, values } = tensor;
    if (shape.length === 1) tensors.set(name, { ...tensor, values: new Float32Array(values.length).fill(1) });
    else if (/\.(?:w2|wo)\.weight$/.test(name))
      tensors.set(name, { ...tensor, values: turnColumns(values, turn, width) });
    else {
      const norm = /^layers\.\d+\.(?:feed_forward|attention)/.exec(name)?.[0];
      const gain = norm
        ?.replace('feed_forward', 'ffn_norm.weight')
        .replace(/attention$/, 'attention_norm.weight');
      tensors.set(name, {
        ...tensor,
        values: turnRows(values, turn, width, gain === undefined ? null : gainOf(gain)),
      });
    }
  }
  return { metadata: model.metadata, tensors };
}

function turnRows(
  values: Float32Array,
  turn: Float64Array,
  width: number,
  gain: Float32Array | null,
): Float32Array {
  const out = new Float32Array(values.length);
  for (let from = 0; from < values.length; from += width)
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += values[from + k]! * (gain?.[k] ?? 1) * turn[k * width + j]!;
      out[from + j] = sum;
    }
  return out;
}

function turnColumns(values: Float32Array, turn: Float64Array, width: number): Float32Array {
  const columns = values.length / width;
  const out = new Float32Array(values.length);
  for (let i = 0; i < width; i++)
    for (let k = 0; k < width; k++) {
      const factor = turn[k * width + i]!;
      for (let j = 0; j < columns; j++) out[i * columns + j]! += factor * values[k * columns + j]!;
    }
  return out;
}

/** Gram and Schmidt on normal numbers, twice for the last digits. */
function drawRotation(random: Random, size: number): Float64Array {
  const rows: Float64Array[] = [];
  for (let i = 0; i < size; i++) {
    const row = Float64Array.from({ length: size }, () => random.normal());
    for (let pass = 0; pass < 2; pass++) {
      for (const other of rows) {
        const share = row.reduce((sum, value, k) => sum + value * other[k]!, 0);
        for (let k = 0; k < size; k++) row[k]! -= share * other[k]!;
      }
      const length = Math.hypot(...row);
      for (let k = 0; k < size; k++) row[k]! /= length;
    }
    rows.push(row);
  }
  return Float64Array.from(rows.flatMap((row) => [...row]));
}

function measureDeviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
