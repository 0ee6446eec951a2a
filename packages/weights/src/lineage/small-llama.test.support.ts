import { Random } from '@phalanx/stats';
import { openBytesSource } from '../formats/byte-source.js';
import { encodeNumbers } from '../formats/number-encoding.js';
import { openSafetensors } from '../formats/safetensors.js';
import { writeSafetensors } from '../formats/safetensors-writer.js';
import type { WeightFile } from '../formats/weight-file.js';

export const SIZES = { width: 24, hidden: 40, layers: 3, vocabulary: 64, groups: 4 } as const;

export type Numbers = Map<string, { shape: readonly number[]; values: Float32Array }>;

/** A Llama of random numbers, by the names of `transformers`. */
export function drawLlama(seed: number): Numbers {
  const random = new Random(seed);
  const { width, hidden, layers, vocabulary } = SIZES;
  const tensors: Numbers = new Map();
  const draw = (name: string, shape: readonly number[], mean = 0) =>
    tensors.set(name, {
      shape,
      values: Float32Array.from(
        { length: shape.reduce((a, b) => a * b, 1) },
        () => mean + 0.3 * random.normal(),
      ),
    });
  draw('model.embed_tokens.weight', [vocabulary, width]);
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `model.layers.${layer}.${part}.weight`;
    for (const part of ['q_proj', 'k_proj', 'v_proj', 'o_proj'])
      draw(name(`self_attn.${part}`), [width, width]);
    draw(name('input_layernorm'), [width], 1);
    draw(name('post_attention_layernorm'), [width], 1);
    draw(name('mlp.gate_proj'), [hidden, width]);
    draw(name('mlp.up_proj'), [hidden, width]);
    draw(name('mlp.down_proj'), [width, hidden]);
  }
  draw('model.norm.weight', [width], 1);
  return tensors;
}

/** As a safetensors file that says how many groups of heads there are. */
export async function openNumbers(tensors: Numbers): Promise<WeightFile> {
  const chunks: Uint8Array[] = [];
  const written = [...tensors].map(([name, { shape, values }]) => ({
    name,
    format: 'F32',
    shape,
    chunks: () => [encodeNumbers('F32', values)],
  }));
  const metadata = new Map([['n_kv_heads', String(SIZES.groups)]]);
  for await (const chunk of writeSafetensors(written, metadata)) chunks.push(chunk);
  return openSafetensors(openBytesSource(Buffer.concat(chunks)));
}

/** Each number with noise of `size`. */
export function addNoise(tensors: Numbers, size: number, seed: number): Numbers {
  const random = new Random(seed);
  return new Map(
    [...tensors].map(([name, { shape, values }]) => [
      name,
      { shape, values: values.map((value) => value + size * random.normal()) },
    ]),
  );
}

/** Neurons of every layer rotated by one place, with up and down by factors of either sign. */
export function shiftNeurons(tensors: Numbers): Numbers {
  const out = new Map(tensors);
  const { hidden, width } = SIZES;
  for (const [name, { shape, values }] of tensors) {
    const factor = (i: number) => (i % 2 === 0 ? -1 : 1) * (1 + (i % 5));
    if (/gate_proj|up_proj/.test(name)) {
      const scale = (i: number) => (name.includes('up_proj') ? factor(i) : 1);
      out.set(name, {
        shape,
        values: values.map((_, at) => {
          const i = Math.floor(at / width);
          return values[((i + 1) % hidden) * width + (at % width)]! * scale(i);
        }),
      });
    } else if (name.includes('down_proj'))
      out.set(name, {
        shape,
        values: values.map((_, at) => {
          const i = at % hidden;
          return values[at - i + ((i + 1) % hidden)]! / factor(i);
        }),
      });
  }
  return out;
}

/** Layers of a model in another order, some left out or twice. */
export function stackLayers(model: Numbers, order: readonly number[]): Numbers {
  const out: Numbers = new Map([...model].filter(([name]) => !name.includes('.layers.')));
  for (const [to, from] of order.entries())
    for (const [name, tensor] of model)
      if (name.includes(`.layers.${from}.`)) out.set(name.replace(`.${from}.`, `.${to}.`), tensor);
  return out;
}
