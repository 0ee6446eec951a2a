import { requireFormat, requireWithin } from '../weights-error.js';
import type { ByteSource } from './byte-source.js';
import { readPlainNumbers } from './plain-numbers.js';
import type { Tensor, WeightFile } from './weight-file.js';

/** The numbers of a llama2.c header, in its order. */
const FIELDS = [
  'dim',
  'hidden_dim',
  'n_layers',
  'n_heads',
  'n_kv_heads',
  'vocab_size',
  'max_seq_len',
] as const;

type Sizes = Readonly<Record<(typeof FIELDS)[number], number>> & { readonly tied: boolean };

/** Largest sizes that are taken for a model's. A header has no mark of its own, so that anything may look like one. */
const LIMITS: Readonly<Record<(typeof FIELDS)[number], number>> = {
  dim: 65_536,
  hidden_dim: 1_048_576,
  n_layers: 1_024,
  n_heads: 1_024,
  n_kv_heads: 1_024,
  vocab_size: 4_194_304,
  max_seq_len: 1_048_576,
};

const HEADER_BYTES = FIELDS.length * 4;
const MAGIC = 0x616b3432;
const HEADER_BYTES_1 = 256;

/**
 * Opens a file of llama2.c in 32-bit floats: the first layout (seven 32-bit integers, then blocks) and version 1 (magic `ak42`). In
 * the first a negative vocabulary says that the output matrix is a tensor of its own. The file must end where the last block does.
 *
 * Names are those of the model's state dictionary (`model.py`), one tensor a layer: `layers.0.attention.wq.weight`, which has its
 * output units as rows. `freqs_cos` and `freqs_sin` of the first layout are tables that every model of this shape shares.
 * Metadata are the seven numbers, and `tied`. Source: `legacy_export` and `version1_export` in `export.py` of karpathy/llama2.c.
 *
 * @throws PhalanxError `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT`, and what the source throws
 */
export async function openLlama2c(source: ByteSource): Promise<WeightFile> {
  requireFormat(source.sizeBytes >= HEADER_BYTES, 'a file shorter than its header');
  const { sizes, blocks, start } = await readHeader(source);
  const tensors = new Map<string, Tensor>();
  let offset = start;
  for (const [name, shape] of blocks) {
    const sizeBytes = shape.reduce((product, size) => product * size, 4);
    requireFormat(offset + sizeBytes <= source.sizeBytes, 'a tensor beyond the end of the file');
    tensors.set(name, { name, format: 'F32', shape, source, offset, sizeBytes });
    offset += sizeBytes;
  }
  requireFormat(offset === source.sizeBytes, 'the file goes on after its tensors');
  return {
    container: 'llama2c',
    tensors,
    metadata: new Map(Object.entries(sizes).map(([name, value]) => [name, String(value)])),
    get bytesRead() {
      return source.bytesRead;
    },
    readNumbers: readPlainNumbers,
    close: () => source.close(),
  };
}

/** Whether the first bytes may be those of a file of llama2.c: its magic, or seven numbers within the limits. */
export function looksLikeLlama2c(head: Uint8Array): boolean {
  if (head.length < HEADER_BYTES) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (view.getUint32(0, true) === MAGIC) return true;
  return FIELDS.every((field, i) => {
    const value = view.getInt32(i * 4, true);
    const size = field === 'vocab_size' ? Math.abs(value) : value;
    return size > 0 && size <= LIMITS[field];
  });
}

type Block = readonly [name: string, shape: readonly number[]];

async function readHeader(
  source: ByteSource,
): Promise<{ sizes: Sizes; blocks: Iterable<Block>; start: number }> {
  const head = await source.read(0, Math.min(HEADER_BYTES_1, source.sizeBytes));
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (view.getUint32(0, true) !== MAGIC) {
    const vocabulary = view.getInt32(20, true);
    const sizes = readSizes(view, 0, Math.abs(vocabulary), vocabulary > 0);
    return { sizes, blocks: listLegacyBlocks(sizes), start: HEADER_BYTES };
  }
  const version = view.getInt32(4, true);
  requireFormat(version === 1, `llama2.c version ${version} is not read`);
  requireFormat(head.length === HEADER_BYTES_1, 'a file shorter than its header');
  const sizes = readSizes(view, 8, view.getInt32(28, true), view.getUint8(36) !== 0);
  return { sizes, blocks: listBlocks(sizes), start: HEADER_BYTES_1 };
}

function readSizes(view: DataView, at: number, vocabulary: number, tied: boolean): Sizes {
  const entries = FIELDS.map((field, i) => {
    const value = field === 'vocab_size' ? vocabulary : view.getInt32(at + i * 4, true);
    requireFormat(value > 0, `${field} is ${value}`);
    requireWithin(value <= LIMITS[field], `${field} is ${value}`);
    return [field, value];
  });
  const sizes: Sizes = { ...Object.fromEntries(entries), tied };
  requireFormat(sizes.dim % sizes.n_heads === 0, 'heads that do not divide the model');
  requireFormat(sizes.n_heads % sizes.n_kv_heads === 0, 'heads that do not share keys evenly');
  return sizes;
}

function* listLegacyBlocks(sizes: Sizes): Generator<Block> {
  const { dim, vocab_size: vocabulary, n_heads: heads, max_seq_len: positions, tied } = sizes;
  yield ['tok_embeddings.weight', [vocabulary, dim]];
  yield* listLayers(sizes, 'attention_norm', [dim]);
  yield* listAttention(sizes);
  yield* listLayers(sizes, 'ffn_norm', [dim]);
  yield* listFeedForward(sizes);
  yield ['norm.weight', [dim]];
  yield ['freqs_cos', [positions, Math.floor(dim / heads / 2)]];
  yield ['freqs_sin', [positions, Math.floor(dim / heads / 2)]];
  if (!tied) yield ['output.weight', [vocabulary, dim]];
}

function* listBlocks(sizes: Sizes): Generator<Block> {
  const { dim, vocab_size: vocabulary, tied } = sizes;
  yield* listLayers(sizes, 'attention_norm', [dim]);
  yield* listLayers(sizes, 'ffn_norm', [dim]);
  yield ['norm.weight', [dim]];
  yield ['tok_embeddings.weight', [vocabulary, dim]];
  yield* listAttention(sizes);
  yield* listFeedForward(sizes);
  if (!tied) yield ['output.weight', [vocabulary, dim]];
}

function* listAttention(sizes: Sizes): Generator<Block> {
  const { dim } = sizes;
  const keys = (dim / sizes.n_heads) * sizes.n_kv_heads;
  yield* listLayers(sizes, 'attention.wq', [dim, dim]);
  yield* listLayers(sizes, 'attention.wk', [keys, dim]);
  yield* listLayers(sizes, 'attention.wv', [keys, dim]);
  yield* listLayers(sizes, 'attention.wo', [dim, dim]);
}

function* listFeedForward(sizes: Sizes): Generator<Block> {
  const { dim, hidden_dim: hidden } = sizes;
  yield* listLayers(sizes, 'feed_forward.w1', [hidden, dim]);
  yield* listLayers(sizes, 'feed_forward.w2', [dim, hidden]);
  yield* listLayers(sizes, 'feed_forward.w3', [hidden, dim]);
}

function* listLayers({ n_layers: layers }: Sizes, part: string, shape: readonly number[]): Generator<Block> {
  for (let i = 0; i < layers; i++) yield [`layers.${i}.${part}.weight`, shape];
}
