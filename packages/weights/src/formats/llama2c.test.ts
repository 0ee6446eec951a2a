import { describe, expect, it } from 'vitest';
import { openBytesSource } from './byte-source.js';
import { openLlama2c } from './llama2c.js';
import { readRows } from './weight-file.js';

const SMALL = { dim: 4, hidden: 6, layers: 2, heads: 2, kvHeads: 1, vocab: 3, seq: 5 };

/** A file of these sizes whose every number is its own position after the header. */
function makeFile(sizes: Partial<typeof SMALL> = {}, numbers = countNumbers({ ...SMALL, ...sizes })): Buffer {
  const header = Int32Array.from(Object.values({ ...SMALL, ...sizes }));
  const data = Float32Array.from({ length: numbers }, (_, i) => i);
  return Buffer.concat([Buffer.from(header.buffer), Buffer.from(data.buffer)]);
}

function countNumbers({ dim, hidden, layers, heads, kvHeads, vocab, seq }: typeof SMALL): number {
  const keys = (dim / heads) * kvHeads;
  const layer = 2 * dim + 2 * dim * dim + 2 * keys * dim + 3 * hidden * dim;
  const tables = 2 * seq * (dim / heads / 2);
  const words = Math.abs(vocab) * dim;
  return words + layers * layer + dim + tables + (vocab < 0 ? words : 0);
}

const open = (bytes: Uint8Array) => openLlama2c(openBytesSource(bytes));
const refused = (bytes: Uint8Array, code = 'WEIGHTS_FORMAT') =>
  expect(open(bytes)).rejects.toMatchObject({ code });

describe('llama2.c', () => {
  it('names a tensor of each layer where it lies', async () => {
    const file = await open(makeFile());
    expect([...file.tensors.keys()].slice(0, 5)).toEqual([
      'tok_embeddings.weight',
      'layers.0.attention_norm.weight',
      'layers.1.attention_norm.weight',
      'layers.0.attention.wq.weight',
      'layers.1.attention.wq.weight',
    ]);
    expect(file.tensors.has('output.weight')).toBe(false);
    expect(file.metadata.get('n_kv_heads')).toBe('1');
    expect(file.metadata.get('tied')).toBe('true');
    // 12 numbers of the vocabulary, 2 norms of 4, then wq of layer 0 with 16 numbers.
    const wq = file.tensors.get('layers.1.attention.wq.weight')!;
    expect([...(await readRows(file, wq, 1, 1))]).toEqual([40, 41, 42, 43]);
    expect(file.tensors.get('layers.0.attention.wk.weight')!.shape).toEqual([2, 4]);
    expect(file.tensors.get('layers.1.feed_forward.w2.weight')!.shape).toEqual([4, 6]);
    expect(file.tensors.get('freqs_sin')!.shape).toEqual([5, 1]);
  });

  it('reads a negative vocabulary as an output matrix of its own', async () => {
    const file = await open(makeFile({ vocab: -3 }));
    const output = file.tensors.get('output.weight')!;
    expect(output.shape).toEqual([3, 4]);
    expect(file.metadata.get('vocab_size')).toBe('3');
    expect((await file.readNumbers(output, 11, 1))[0]).toBe(countNumbers({ ...SMALL, vocab: -3 }) - 1);
  });

  it('reads version 1, which has norms first and no tables', async () => {
    const { dim, hidden, layers, heads, kvHeads, vocab, seq } = SMALL;
    const header = Buffer.alloc(256);
    for (const [i, value] of [0x616b3432, 1, dim, hidden, layers, heads, kvHeads, vocab, seq].entries())
      header.writeUInt32LE(value, i * 4);
    const numbers = countNumbers(SMALL) - 2 * seq * (dim / heads / 2);
    const tied = Buffer.concat([header, new Uint8Array(numbers * 4)]);
    tied.writeUInt8(1, 36);
    const file = await open(tied);
    expect([...file.tensors.keys()].indexOf('tok_embeddings.weight')).toBe(2 * layers + 1);
    expect(file.tensors.has('output.weight')).toBe(false);
    await refused(Buffer.concat([header, new Uint8Array(numbers * 4)]));
    const own = Buffer.concat([header, new Uint8Array((numbers + vocab * dim) * 4)]);
    expect((await open(own)).tensors.get('output.weight')!.shape).toEqual([vocab, dim]);
    own.writeUInt32LE(2, 4);
    await refused(own);
  });

  it('refuses sizes that are none, that disagree with the file, or beyond the limits', async () => {
    await refused(new Uint8Array(27));
    await refused(makeFile({}, countNumbers(SMALL) - 1));
    await refused(makeFile({}, countNumbers(SMALL) + 1));
    await refused(makeFile({ layers: 0 }, 100));
    await refused(makeFile({ heads: -2 }, 100));
    await refused(makeFile({ heads: 3 }, 100));
    await refused(makeFile({ kvHeads: 2, heads: 1 }, 100));
    await refused(makeFile({ vocab: 0 }, 100));
    await refused(makeFile({ layers: 1025 }, 100), 'WEIGHTS_LIMIT');
    await refused(makeFile({ vocab: -2_147_483_648 }, 100), 'WEIGHTS_LIMIT');
    await refused(makeFile({ dim: 65_536, hidden: 1_048_576, layers: 1024, vocab: 4_194_304 }, 100));
  });
});
