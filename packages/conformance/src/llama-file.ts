import type { BigramModel } from './bigram-model.js';

const HEADS = 8;
const FEED_FORWARD = 32;
const ALIGNMENT = 32;
const TYPE = { UINT32: 4, INT32: 5, FLOAT32: 6, STRING: 8, ARRAY: 9 } as const;

/**
 * The table as a GGUF file (version 3) of architecture `llama` with one block: the embedding is the identity, attention and feed
 * forward are zero, so the last hidden state is the last token's unit vector; its norm is undone by a constant weight and the
 * output matrix is the table transposed.
 */
export function writeLlamaFile({ size, table, tokenizerFile }: BigramModel): Uint8Array {
  const { model } = JSON.parse(Buffer.from(tokenizerFile).toString()) as {
    model: { vocab: Record<string, number>; merges: string[] };
  };
  const names = Array.from({ length: size }, (_, id) => `<unused${id}>`);
  for (const [name, id] of Object.entries(model.vocab)) names[id] = name;
  names[size - 1] = '<|endoftext|>';
  const out = new Writer();
  const tensors = listTensors(size, table);
  const entries: [string, () => void][] = [
    ['general.architecture', () => out.typedString('llama')],
    ['general.name', () => out.typedString('bigram')],
    ...Object.entries({
      'llama.context_length': 2048,
      'llama.embedding_length': size,
      'llama.block_count': 1,
      'llama.feed_forward_length': FEED_FORWARD,
      'llama.attention.head_count': HEADS,
      'llama.attention.head_count_kv': 1,
      'llama.rope.dimension_count': size / HEADS,
      'llama.vocab_size': size,
      'tokenizer.ggml.bos_token_id': size - 1,
      'tokenizer.ggml.eos_token_id': size - 1,
    }).map(([name, value]): [string, () => void] => [name, () => out.uint32(TYPE.UINT32).uint32(value)]),
    ['llama.attention.layer_norm_rms_epsilon', () => out.uint32(TYPE.FLOAT32).float32(1e-6)],
    ['tokenizer.ggml.model', () => out.typedString('gpt2')],
    ['tokenizer.ggml.pre', () => out.typedString('gpt-2')],
    ['tokenizer.ggml.tokens', () => out.strings(names)],
    ['tokenizer.ggml.token_type', () => out.int32s(names.map((_, id) => (id === size - 1 ? 3 : 1)))],
    ['tokenizer.ggml.merges', () => out.strings(model.merges)],
  ];
  out.bytes(Buffer.from('GGUF')).uint32(3).uint64(tensors.length).uint64(entries.length);
  for (const [name, write] of entries) {
    out.string(name);
    write();
  }
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    out.string(name).uint32(shape.length);
    for (const length of shape) out.uint64(length);
    out.uint32(0).uint64(offset);
    offset += Math.ceil(data.byteLength / ALIGNMENT) * ALIGNMENT;
  }
  for (const { data } of tensors) out.align().bytes(new Uint8Array(data.buffer));
  return out.align().take();
}

interface Tensor {
  readonly name: string;
  /** Fastest dimension first. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

function listTensors(size: number, table: Float32Array): Tensor[] {
  const zeros = (name: string, ...shape: number[]): Tensor => ({
    name,
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b)),
  });
  const filled = (name: string, value: number): Tensor => ({
    name,
    shape: [size],
    data: new Float32Array(size).fill(value),
  });
  const identity = zeros('token_embd.weight', size, size);
  const output = zeros('output.weight', size, size);
  for (let last = 0; last < size; last++) {
    identity.data[last * size + last] = 1;
    for (let next = 0; next < size; next++) output.data[next * size + last] = table[last * size + next]!;
  }
  return [
    identity,
    filled('blk.0.attn_norm.weight', 1),
    zeros('blk.0.attn_q.weight', size, size),
    zeros('blk.0.attn_k.weight', size, size / HEADS),
    zeros('blk.0.attn_v.weight', size, size / HEADS),
    zeros('blk.0.attn_output.weight', size, size),
    filled('blk.0.ffn_norm.weight', 1),
    zeros('blk.0.ffn_gate.weight', size, FEED_FORWARD),
    zeros('blk.0.ffn_up.weight', size, FEED_FORWARD),
    zeros('blk.0.ffn_down.weight', FEED_FORWARD, size),
    // A unit vector has a root mean square of 1 / sqrt(size).
    filled('output_norm.weight', 1 / Math.sqrt(size)),
    output,
  ];
}

/** Little-endian parts of a file. */
class Writer {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  bytes(part: Uint8Array): this {
    this.#parts.push(part);
    this.#length += part.length;
    return this;
  }

  uint32(value: number): this {
    return this.#number(4, (view) => view.setUint32(0, value, true));
  }

  float32(value: number): this {
    return this.#number(4, (view) => view.setFloat32(0, value, true));
  }

  uint64(value: number): this {
    return this.#number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  }

  string(text: string): this {
    const bytes = Buffer.from(text);
    return this.uint64(bytes.length).bytes(bytes);
  }

  typedString(text: string): this {
    return this.uint32(TYPE.STRING).string(text);
  }

  strings(texts: readonly string[]): this {
    this.uint32(TYPE.ARRAY).uint32(TYPE.STRING).uint64(texts.length);
    for (const text of texts) this.string(text);
    return this;
  }

  int32s(values: readonly number[]): this {
    this.uint32(TYPE.ARRAY).uint32(TYPE.INT32).uint64(values.length);
    return this.bytes(new Uint8Array(Int32Array.from(values).buffer));
  }

  align(): this {
    return this.bytes(new Uint8Array(-this.#length & (ALIGNMENT - 1)));
  }

  take(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  #number(bytes: number, write: (view: DataView) => void): this {
    const part = new Uint8Array(bytes);
    write(new DataView(part.buffer));
    return this.bytes(part);
  }
}
