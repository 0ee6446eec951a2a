import { planError } from '../error.js';
import { beginAttention } from './llama-attention.js';
import type { LlamaLayer, LlamaWeights } from './llama-weights.js';
import { multiplyVector } from './matrix-vector.js';
import { listTurns } from './rotary-position.js';
import { toLogProbabilities } from './softmax.js';

/**
 * A Llama in plain JavaScript: RMSNorm, rotary positions, heads that share keys and values, SwiGLU (Touvron et al. 2023; the order of
 * operations is that of `LlamaForCausalLM`). Weights are 32-bit floats, sums and activations 64-bit. For models of a few million numbers. The
 * suite `weight-utility` holds it to PyTorch's log-probabilities and prints its speed.
 */
export class Llama {
  readonly #weights: LlamaWeights;

  constructor(weights: LlamaWeights) {
    this.#weights = weights;
  }

  get vocabulary(): number {
    return this.#weights.sizes.vocabulary;
  }

  /**
   * A sequence that begins here: each call takes its next token and gives ln of the probabilities of the token after it.
   * Memory and time of a call grow with the length.
   *
   * @throws PhalanxError `TESTING_PLAN` for a token outside the vocabulary
   */
  begin(): (token: number) => Float64Array {
    const { layers, sizes, embedding, finalGain, head, epsilon, rotaryBase } = this.#weights;
    const { width, heads, vocabulary } = sizes;
    const attentions = layers.map((layer) => beginAttention(layer, this.#weights));
    let position = 0;
    return (token) => {
      if (!(Number.isInteger(token) && token >= 0 && token < vocabulary))
        throw planError(`token ${token} of a vocabulary of ${vocabulary}`);
      const turns = listTurns(position++, width / heads, rotaryBase);
      const x = Float64Array.from(embedding.subarray(token * width, (token + 1) * width));
      for (const [i, layer] of layers.entries()) {
        addTo(x, attentions[i]!(normalise(x, layer.attentionGain, epsilon), turns));
        addTo(x, feedForward(layer, normalise(x, layer.mlpGain, epsilon)));
      }
      return toLogProbabilities(multiplyVector(head, normalise(x, finalGain, epsilon)));
    };
  }

  /** ln P(token i + 1 | tokens 0 to i) for each token but the first. */
  scoreTokens(tokens: ArrayLike<number>): Float64Array {
    const next = this.begin();
    const scores = new Float64Array(Math.max(0, tokens.length - 1));
    for (let i = 0; i < scores.length; i++) scores[i] = next(tokens[i]!)[tokens[i + 1]!]!;
    return scores;
  }
}

/** SwiGLU (Shazeer 2020). */
function feedForward({ gate, up, down }: LlamaLayer, x: Float64Array): Float64Array {
  const opened = multiplyVector(gate, x);
  const raised = multiplyVector(up, x);
  for (let i = 0; i < opened.length; i++) opened[i]! *= raised[i]! / (1 + Math.exp(-opened[i]!));
  return multiplyVector(down, opened);
}

/** RMSNorm (Zhang and Sennrich 2019). */
function normalise(x: Float64Array, gain: Float32Array, epsilon: number): Float64Array {
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += x[i]! * x[i]!;
  const scale = 1 / Math.sqrt(squares / x.length + epsilon);
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = x[i]! * scale * gain[i]!;
  return out;
}

function addTo(x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i]! += y[i]!;
}
