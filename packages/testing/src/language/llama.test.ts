import { Random } from '@phalanx/stats';
import {
  encodeNumbers,
  openBytesSource,
  openWeightSource,
  type WeightFile,
  writeSafetensors,
} from '@phalanx/weights';
import { describe, expect, it } from 'vitest';
import { continueTokens } from './continue-text.js';
import { Llama } from './llama.js';
import { readLlama } from './llama-weights.js';
import { ScoreVocabulary } from './score-vocabulary.js';

type Numbers = Map<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;

const [WIDTH, HIDDEN, VOCABULARY, HEADS] = [16, 20, 24, 4];
const SIZE = WIDTH / HEADS;

function drawModel({ names = 'hf', groups = 2, size = 0.4 } = {}): Numbers {
  const random = new Random(3);
  const tensors: Numbers = new Map();
  const draw = (name: string, ...shape: number[]) =>
    tensors.set(`${name}.weight`, {
      shape,
      values: Float32Array.from(
        { length: shape.reduce((a, b) => a * b) },
        () => size * random.normal() + (shape.length === 1 ? 1 : 0),
      ),
    });
  const [at, embedding, final] =
    names === 'hf'
      ? ['model.layers.', 'model.embed_tokens', 'model.norm']
      : ['layers.', 'tok_embeddings', 'norm'];
  const parts =
    names === 'hf'
      ? ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'self_attn.o_proj']
      : ['attention.wq', 'attention.wk', 'attention.wv', 'attention.wo'];
  const [gate, up, down] =
    names === 'hf'
      ? ['mlp.gate_proj', 'mlp.up_proj', 'mlp.down_proj']
      : ['feed_forward.w1', 'feed_forward.w3', 'feed_forward.w2'];
  const norms =
    names === 'hf' ? ['input_layernorm', 'post_attention_layernorm'] : ['attention_norm', 'ffn_norm'];
  draw(embedding!, VOCABULARY, WIDTH);
  for (let layer = 0; layer < 2; layer++) {
    const rows = [WIDTH, groups * SIZE, groups * SIZE, WIDTH];
    for (const [i, part] of parts.entries()) draw(`${at}${layer}.${part}`, rows[i]!, WIDTH);
    for (const norm of norms) draw(`${at}${layer}.${norm}`, WIDTH);
    draw(`${at}${layer}.${gate}`, HIDDEN, WIDTH);
    draw(`${at}${layer}.${up}`, HIDDEN, WIDTH);
    draw(`${at}${layer}.${down}`, WIDTH, HIDDEN);
  }
  draw(final!, WIDTH);
  return tensors;
}

async function open(tensors: Numbers): Promise<WeightFile> {
  const chunks: Uint8Array[] = [];
  const written = [...tensors].map(([name, { shape, values }]) => ({
    name,
    format: 'F32',
    shape,
    chunks: () => [encodeNumbers('F32', values)],
  }));
  for await (const chunk of writeSafetensors(written)) chunks.push(chunk);
  return openWeightSource(openBytesSource(Buffer.concat(chunks)));
}

const score = async (tensors: Numbers) =>
  new Llama(await readLlama(await open(tensors), { heads: HEADS })).scoreTokens(TOKENS);
const TOKENS = [1, 7, 7, 20, 3, 3, 11, 0];

function change(model: Numbers, pattern: RegExp, to: (values: Float32Array) => Float32Array, rows?: number) {
  const out = new Map(model);
  for (const [name, { shape, values }] of model)
    if (pattern.test(name))
      out.set(name, { shape: [rows ?? shape[0]!, ...shape.slice(1)], values: to(values) });
  return out;
}

describe('Llama', () => {
  it('without its layers is the softmax of normed embeddings', async () => {
    const model = change(drawModel(), /layers/, (values) => new Float32Array(values.length));
    const found = await score(model);
    const embedding = model.get('model.embed_tokens.weight')!.values;
    const gain = model.get('model.norm.weight')!.values;
    const row = (token: number) => [...embedding.subarray(token * WIDTH, (token + 1) * WIDTH)];
    const x = row(TOKENS[3]!);
    const scale = 1 / Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / WIDTH + 1e-5);
    const logits = Array.from({ length: VOCABULARY }, (_, token) =>
      row(token).reduce((sum, value, i) => sum + value * x[i]! * scale * gain[i]!, 0),
    );
    const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
    expect(found[3]).toBeCloseTo(logits[TOKENS[4]!]! - total, 10);
  });

  it('gives probabilities that add up to one, and other ones in another order', async () => {
    const model = new Llama(await readLlama(await open(drawModel()), { heads: HEADS }));
    const next = model.begin();
    for (const token of TOKENS)
      expect(next(token).reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 12);
    const [a, b] = [model.scoreTokens([5, 6, 2, 9]), model.scoreTokens([6, 5, 2, 9])];
    expect(Math.abs(a[2]! - b[2]!)).toBeGreaterThan(1e-4);
  });

  it('turns neighbours in llama2.c as halves in transformers', async () => {
    const halves = drawModel();
    const neighbours = drawModel({ names: 'llama2c' });
    // Row 2i of a head there is row i here, row 2i + 1 is row i + half.
    const interleave = (values: Float32Array) =>
      values.map((_, at) => {
        const [row, column] = [Math.floor(at / WIDTH), at % WIDTH];
        const i = row % SIZE;
        const from = row - i + (i % 2) * (SIZE / 2) + (i >> 1);
        return values[from * WIDTH + column]!;
      });
    const turned = change(neighbours, /\.w[qk]\./, interleave);
    const [a, b] = [await score(halves), await score(turned)];
    for (const [i, value] of a.entries()) expect(b[i]).toBeCloseTo(value, 10);
    expect(Math.abs((await score(neighbours))[5]! - a[5]!)).toBeGreaterThan(1e-5);
  });

  it('shares keys and values as if they were written out for each head', async () => {
    const spread = (values: Float32Array) => {
      const size = SIZE * WIDTH;
      const group = (head: number) => values.subarray((head >> 1) * size, ((head >> 1) + 1) * size);
      return Float32Array.from(Array.from({ length: HEADS }, (_, head) => [...group(head)]).flat());
    };
    const grouped = drawModel();
    const whole = change(grouped, /[kv]_proj/, spread, WIDTH);
    const [a, b] = [await score(grouped), await score(whole)];
    for (const [i, value] of a.entries()) expect(b[i]).toBeCloseTo(value, 12);
  });

  it('takes an output matrix of its own', async () => {
    const model = drawModel();
    const embedding = model.get('model.embed_tokens.weight')!;
    const same = new Map(model).set('lm_head.weight', embedding);
    const other = new Map(model).set('lm_head.weight', {
      ...embedding,
      values: embedding.values.map((x) => -x),
    });
    expect([...(await score(same))]).toEqual([...(await score(model))]);
    expect([...(await score(other))]).not.toEqual([...(await score(model))]);
  });

  it('refuses what it cannot run', async () => {
    const file = await open(drawModel());
    await expect(readLlama(file)).rejects.toMatchObject({ code: 'TESTING_SOURCE' });
    await expect(readLlama(file, { heads: 3 })).rejects.toMatchObject({ code: 'TESTING_SOURCE' });
    const biased = new Map(drawModel()).set('model.layers.0.self_attn.q_proj.bias', {
      shape: [WIDTH],
      values: new Float32Array(WIDTH),
    });
    await expect(readLlama(await open(biased), { heads: HEADS })).rejects.toThrow(/biases/);
    const partial = drawModel();
    partial.delete('model.layers.1.mlp.up_proj.weight');
    await expect(readLlama(await open(partial), { heads: HEADS })).rejects.toThrow(/up in layer 1/);
    const model = new Llama(await readLlama(file, { heads: HEADS }));
    expect(() => model.begin()(VOCABULARY)).toThrow(/vocabulary/);
  });
});

describe('continued text', () => {
  it('is greedy at temperature 0, follows the distribution at 1, and stops', async () => {
    const model = new Llama(await readLlama(await open(drawModel({ size: 0.6 })), { heads: HEADS }));
    const greedy = continueTokens(model, [1], { length: 6, temperature: 0 });
    const first = model.begin()(1);
    expect(greedy[1]).toBe(first.indexOf(Math.max(...first)));
    expect(continueTokens(model, [1], { length: 6, temperature: 0, stop: [greedy[3]!] }).length).toBeLessThan(
      4,
    );
    const random = new Random(5);
    const counts = new Float64Array(VOCABULARY);
    const tries = 4_000;
    for (let i = 0; i < tries; i++) counts[continueTokens(model, [1], { length: 2, random })[1]!]!++;
    for (const [token, count] of counts.entries()) {
      const p = Math.exp(first[token]!);
      expect(Math.abs(count - tries * p)).toBeLessThan(5 * Math.sqrt(tries * p) + 1);
    }
  });
});

describe('vocabulary of scores', () => {
  const pieces = ['<unk>', '\n<s>\n', '\n</s>\n', ...Array.from({ length: 256 }, (_, i) => `<0x${i}>`)];
  const learned = ['ab', 'bc', ' a', ' abc', 'abc', ' ', 'a', 'b', 'c', 'é'];
  const write = (all: readonly string[]) => {
    const parts = [Buffer.from([9, 0, 0, 0])];
    for (const [i, piece] of all.entries()) {
      const bytes = Buffer.from(piece);
      const head = Buffer.alloc(8);
      head.writeFloatLE(-i, 0);
      head.writeInt32LE(bytes.length, 4);
      parts.push(head, bytes);
    }
    return Buffer.concat(parts);
  };
  const vocabulary = new ScoreVocabulary(write([...pieces, ...learned]));
  const name = (tokens: Int32Array) => [...tokens].map((token) => [...pieces, ...learned][token]);

  it('joins the best pair first, and falls back on bytes', () => {
    // `ab` goes before `bc` and ` a`, then ` ` and `abc` make ` abc`.
    expect(name(vocabulary.encode('abc'))).toEqual(['\n<s>\n', ' abc']);
    expect(name(vocabulary.encode('cbc'))).toEqual(['\n<s>\n', ' ', 'c', 'bc']);
    expect([...vocabulary.encode('ñ')]).toEqual([1, 264, 3 + 0xc3, 3 + 0xb1]);
    for (const text of ['abc é', '日本 abcab', '', ' a  b '])
      expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
  });

  it('refuses a file that ends early', () => {
    const bytes = write([...pieces, ...learned]);
    expect(() => new ScoreVocabulary(bytes.subarray(0, bytes.length - 1))).toThrow(/ends within/);
    expect(() => new ScoreVocabulary(write(pieces.slice(0, 9)))).toThrow(/bytes/);
  });
});
