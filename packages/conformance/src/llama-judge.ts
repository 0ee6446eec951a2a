import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { continueTokens, Llama, readLlama, type ScoreVocabulary } from '@phalanx/testing';
import { openWeights, type WeightFile } from '@phalanx/weights';
import type { Checks } from './checks.js';
import type { Python } from './python.js';
import { loadModel, type SmallModel, writeModel } from './weight-children.js';

const SCRIPT = 'weight-utility.py';
const CLOSE = 1e-4;

/** What stories260K says at temperature 0, as llama2.c prints it. */
const KNOWN =
  'Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.';

/** Greedy text, against what is known. */
export function checkGreedyText(checks: Checks, model: Llama, vocabulary: ScoreVocabulary): void {
  const start = performance.now();
  const tokens = continueTokens(model, vocabulary.encode(''), { length: 256, temperature: 0 });
  const text = vocabulary.decode(tokens);
  checks.check('greedy text', text.startsWith(KNOWN), () => text.slice(0, 200));
  checks.note(
    `${tokens.length} tokens at ${((performance.now() - start) / tokens.length).toFixed(2)} ms: ${text.slice(0, 54)}`,
  );
}

/**
 * Log-probabilities of all tokens against `LlamaForCausalLM`: of the model of llama2.c, written for transformers and read here from
 * either file; and of a model that transformers drew, with odd sizes and an output matrix of its own.
 */
export async function checkAgainstTransformers(
  checks: Checks,
  judge: Python,
  base: WeightFile,
  folder: string,
  sequences: readonly Int32Array[],
): Promise<void> {
  const model = await loadModel(base);
  await writeForTransformers(model, folder);
  const theirs = await score(judge, folder, sequences);
  const heads = Number(base.metadata.get('n_heads'));
  compare(checks, 'llama2.c', new Llama(await readLlama(base)), sequences, theirs);
  await withFolder(folder, async (file) =>
    compare(checks, 'its safetensors', new Llama(await readLlama(file, { heads })), sequences, theirs),
  );
  const drawn = join(folder, 'drawn');
  const sizes = JSON.parse(await judge.run(SCRIPT, ['draw', drawn, '7'])) as Record<string, number>;
  const others = sequences.map((tokens) => tokens.map((token) => token % sizes.vocab_size!));
  const answers = await score(judge, drawn, others);
  await withFolder(drawn, async (file) => {
    const settings = { heads: sizes.num_attention_heads!, epsilon: sizes.rms_norm_eps! };
    compare(checks, 'a drawn model', new Llama(await readLlama(file, settings)), others, answers);
  });
}

/** Tokens of texts against SentencePiece's BPE over the same pieces and scores. */
export async function checkVocabulary(
  checks: Checks,
  judge: Python,
  path: string,
  vocabulary: ScoreVocabulary,
  texts: readonly string[],
): Promise<void> {
  const input = JSON.stringify({ texts });
  const theirs = JSON.parse(await judge.run(SCRIPT, ['encode', path], input)) as number[][];
  let tokens = 0;
  for (const [i, text] of texts.entries()) {
    const ours = vocabulary.encode(text);
    tokens += ours.length;
    checks.check(`tokens of text ${i}`, ours.join() === theirs[i]!.join(), () =>
      JSON.stringify(text.slice(0, 60)),
    );
    checks.check(`text ${i} again`, vocabulary.decode(ours) === text);
  }
  checks.note(`${texts.length} texts, ${tokens} tokens as SentencePiece has them`);
}

async function withFolder(folder: string, use: (file: WeightFile) => Promise<void>): Promise<void> {
  const file = await openWeights(join(folder, 'model.safetensors'));
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

async function score(
  judge: Python,
  folder: string,
  sequences: readonly Int32Array[],
): Promise<readonly Float32Array[]> {
  const input = JSON.stringify({ tokens: sequences.map((tokens) => [...tokens]) });
  const { file, shapes } = JSON.parse(await judge.run(SCRIPT, ['score', folder], input)) as {
    file: string;
    shapes: [number, number][];
  };
  const bytes = new Uint8Array(readFileSync(file));
  let at = 0;
  return shapes.map(([rows, columns]) => {
    const out = new Float32Array(bytes.buffer, at, rows * columns);
    at += out.byteLength;
    return out;
  });
}

function compare(
  checks: Checks,
  name: string,
  model: Llama,
  sequences: readonly Int32Array[],
  theirs: readonly Float32Array[],
): void {
  let worst = 0;
  let tokens = 0;
  for (const [i, sequence] of sequences.entries()) {
    const next = model.begin();
    for (const [position, token] of sequence.entries()) {
      const ours = next(token);
      tokens++;
      for (let other = 0; other < ours.length; other++)
        worst = Math.max(worst, Math.abs(ours[other]! - theirs[i]![position * ours.length + other]!));
    }
  }
  checks.check(`${name}: log-probabilities of transformers`, worst <= CLOSE, () => String(worst));
  checks.note(
    `${name}: ${tokens} tokens, log-probabilities within ${worst.toExponential(1)} of transformers`,
  );
}

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

/** By the names of transformers, queries and keys in its order of pairs, and the configuration beside them. */
async function writeForTransformers({ tensors, metadata }: SmallModel, folder: string): Promise<void> {
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
