import { countColumns, type Tensor, type WeightFile } from '../formats/weight-file.js';

/** What a matrix does in its layer. */
export type Part =
  | 'gate'
  | 'up'
  | 'down'
  | 'query'
  | 'key'
  | 'value'
  | 'output'
  | 'attention-norm'
  | 'mlp-norm'
  | 'embedding'
  | 'head'
  | 'final-norm';

/** A tensor by what it is for. */
export interface PlacedTensor {
  readonly tensor: Tensor;
  readonly part: Part;
  /** Null outside layers. */
  readonly layer: number | null;
  /** Null where the layer has one network for all tokens. */
  readonly expert: number | null;
  /** Inputs as rows, as GPT-2 keeps them, and not outputs. */
  readonly isTransposed: boolean;
  /** Rows of the tensor that are this part, where several parts lie in one. */
  readonly rows: readonly [from: number, count: number];
  /** Numbers before the matrix, where a tensor has one for each expert. */
  readonly skip: number;
  readonly isStacked: boolean;
}

/** Names of matrices in a layer: PyTorch's of Llama and its relatives, BERT, GPT-2 and NeoX, T5; llama2.c's; those of GGUF. */
const LAYER_PARTS: readonly (readonly [RegExp, Part])[] = [
  [/(?:^|\.)(?:gate_proj|w1|wi_0|ffn_gate)$/, 'gate'],
  [/(?:^|\.)(?:up_proj|w3|wi_1|wi|c_fc|dense_h_to_4h|fc1|ffn_up|intermediate\.dense)$/, 'up'],
  [/(?:^|\.)(?:down_proj|w2|mlp\.c_proj|dense_4h_to_h|fc2|ffn_down)$|DenseReluDense\.wo$/, 'down'],
  [/\d\.output\.dense$/, 'down'],
  [/(?:^|\.)(?:q_proj|wq|attn_q|attention\.self\.query|SelfAttention\.q)$/, 'query'],
  [/(?:^|\.)(?:k_proj|wk|attn_k|attention\.self\.key|SelfAttention\.k)$/, 'key'],
  [/(?:^|\.)(?:v_proj|wv|attn_v|attention\.self\.value|SelfAttention\.v)$/, 'value'],
  [
    /(?:^|\.)(?:o_proj|out_proj|attention\.wo|attn_output|SelfAttention\.o|attention\.output\.dense)$/,
    'output',
  ],
  [/(?:^|\.)(?:input_layernorm|attention_norm|attn_norm|ln_1)$/, 'attention-norm'],
  [/(?:^|\.)(?:pre_feedforward_layernorm|ffn_norm|ln_2)$/, 'mlp-norm'],
  [/(?:^|\.)post_attention_layernorm$/, 'mlp-norm'],
];
const OUTER_PARTS: readonly (readonly [RegExp, Part])[] = [
  [/(?:^|\.)(?:embed_tokens|tok_embeddings|token_embd|wte|embed_in|word_embeddings|shared)$/, 'embedding'],
  [/(?:^|\.)(?:lm_head|embed_out)$|^output$/, 'head'],
  [/^(?:model\.|transformer\.|gpt_neox\.)?(?:norm|ln_f|final_layer_norm|output_norm)$/, 'final-norm'],
];
const LAYER = /(?:^|\.)(?:layers|layer|h|blk|block|blocks)\.(\d{1,5})\./;
const EXPERT = /\.experts\.(\d{1,5})\./;

/**
 * Tensors whose name says what they are for. Fused gate and up matrices, and those of all experts in one tensor, are given as their
 * parts. What is not known is left out.
 */
export function placeTensors(file: WeightFile): readonly PlacedTensor[] {
  const placed: PlacedTensor[] = [];
  for (const tensor of file.tensors.values()) placed.push(...placeTensor(tensor));
  return placed;
}

function placeTensor(tensor: Tensor): readonly PlacedTensor[] {
  if (!tensor.name.endsWith('.weight') || tensor.name.length > 500) return [];
  const name = tensor.name.slice(0, -'.weight'.length);
  const layer = LAYER.exec(`${name}.`);
  const number = layer === null ? null : Number(layer[1]);
  const expert = EXPERT.exec(name);
  const base = {
    tensor,
    layer: number,
    expert: expert === null ? null : Number(expert[1]),
    isTransposed: /(?:^|\.)h\.\d+\.(?:mlp|attn)\.c_/.test(name),
    rows: [0, tensor.shape[0] ?? 1] as const,
    skip: 0,
    isStacked: false,
  };
  if (number === null) {
    const part = OUTER_PARTS.find(([pattern]) => pattern.test(name))?.[1];
    return part === undefined ? [] : [{ ...base, part }];
  }
  if (/(?:^|\.)gate_up_proj$/.test(name) && tensor.shape.length === 2) {
    const half = Math.floor(tensor.shape[0]! / 2);
    return [
      { ...base, part: 'gate', rows: [0, half] },
      { ...base, part: 'up', rows: [half, half] },
    ];
  }
  const experts = /(?:^|\.)ffn_(gate|up|down)_exps$/.exec(name);
  if (experts !== null && tensor.shape.length === 3) {
    const size = countColumns(tensor);
    return Array.from({ length: Math.min(tensor.shape[0]!, 4_096) }, (_, i) => ({
      ...base,
      part: experts[1] as Part,
      expert: i,
      rows: [0, tensor.shape[1]!] as const,
      skip: i * size,
      isStacked: true,
    }));
  }
  const part = LAYER_PARTS.find(([pattern]) => pattern.test(name))?.[1];
  return part === undefined ? [] : [{ ...base, part }];
}

/** How many groups of heads share keys and values, as GGUF or llama2.c say; null where the container does not. */
export function readKeyGroups(file: WeightFile): number | null {
  const { metadata } = file;
  const architecture = metadata.get('general.architecture') ?? '';
  const text =
    metadata.get('n_kv_heads') ??
    metadata.get(`${architecture}.attention.head_count_kv`) ??
    metadata.get(`${architecture}.attention.head_count`);
  const groups = Number(text);
  return Number.isSafeInteger(groups) && groups >= 1 ? groups : null;
}
