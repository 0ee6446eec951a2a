import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SmallModel, writeModel } from './weight-children.js';

const NAMES: Readonly<Record<string, string>> = {
  'attention.wq': 'self_attn.q_proj',
  'attention.wk': 'self_attn.k_proj',
  'attention.wv': 'self_attn.v_proj',
  'attention.wo': 'self_attn.o_proj',
  'feed_forward.w1': 'mlp.gate_proj',
  'feed_forward.w2': 'mlp.down_proj',
  'feed_forward.w3': 'mlp.up_proj',
  attention_norm: 'input_layernorm',
  ffn_norm: 'post_attention_layernorm',
};

/** Writes `model.safetensors` by the names of transformers, queries and keys in its order of pairs, and `config.json`. */
export async function writeForTransformers({ tensors, metadata }: SmallModel, folder: string): Promise<void> {
  const stated = (name: string) => Number(metadata.get(name));
  const [width, heads] = [stated('dim'), stated('n_heads')];
  const out = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  for (const [name, tensor] of tensors) {
    const [, layer, part] = /^layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
    if (part !== undefined) {
      const isTurned = part === 'attention.wq' || part === 'attention.wk';
      const values = isTurned ? separateHalves(tensor.values, width, width / heads) : tensor.values;
      out.set(`model.layers.${layer}.${NAMES[part]}.weight`, { ...tensor, values });
    } else out.set(name === 'norm.weight' ? 'model.norm.weight' : 'model.embed_tokens.weight', tensor);
  }
  writeFileSync(
    join(folder, 'model.safetensors'),
    await writeModel({ tensors: out, metadata: new Map([['format', 'pt']]) }),
  );
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: width,
    intermediate_size: stated('hidden_dim'),
    num_hidden_layers: stated('n_layers'),
    num_attention_heads: heads,
    num_key_value_heads: stated('n_kv_heads'),
    vocab_size: stated('vocab_size'),
    max_position_embeddings: stated('max_seq_len'),
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
}

/** Rows 2i and 2i + 1 of each head at i and i + half. */
function separateHalves(values: Float32Array, columns: number, size: number): Float32Array {
  return values.map((_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const i = row % size;
    const half = size / 2;
    return values[(row - i + (i < half ? 2 * i : 2 * (i - half) + 1)) * columns + column]!;
  });
}
