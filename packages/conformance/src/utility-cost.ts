import { Llama, readLlama } from '@phalanx/testing';
import type { WeightFile } from '@phalanx/weights';

/** A text as a model's own log-probabilities over it. */
export interface ScoredText {
  readonly tokens: Int32Array;
  /** For each position ln P of all tokens, one after another. */
  readonly logP: Float32Array;
}

export interface UtilityCost {
  /** Mean of -ln P of the tokens of the texts, in nats. */
  readonly loss: number;
  /** Its difference to the model that scored the texts, and the standard error of that over texts. */
  readonly lossChange: number;
  readonly standardError: number;
  /** Mean over positions of KL(that model || this one) in nats. */
  readonly divergence: number;
}

/** Texts with what `model` says at each of their positions. */
export function scoreTexts(model: Llama, texts: readonly Int32Array[]): ScoredText[] {
  return texts.map((tokens) => {
    const next = model.begin();
    const logP = new Float32Array(Math.max(0, tokens.length - 1) * model.vocabulary);
    for (let i = 0; i + 1 < tokens.length; i++) logP.set(next(tokens[i]!), i * model.vocabulary);
    return { tokens, logP };
  });
}

/** What a changed model costs on texts that the unchanged one has scored. */
export async function measureCost(
  file: WeightFile,
  heads: number,
  texts: readonly ScoredText[],
): Promise<UtilityCost> {
  const model = new Llama(await readLlama(file, { heads }));
  const size = model.vocabulary;
  const changes: { change: number; count: number }[] = [];
  let [loss, divergence, positions] = [0, 0, 0];
  for (const { tokens, logP } of texts) {
    const next = model.begin();
    let change = 0;
    for (let i = 0; i + 1 < tokens.length; i++) {
      const theirs = next(tokens[i]!);
      const at = i * size;
      loss -= theirs[tokens[i + 1]!]!;
      change += logP[at + tokens[i + 1]!]! - theirs[tokens[i + 1]!]!;
      for (let token = 0; token < size; token++) {
        const mine = logP[at + token]!;
        divergence += Math.exp(mine) * (mine - theirs[token]!);
      }
    }
    changes.push({ change, count: tokens.length - 1 });
    positions += tokens.length - 1;
  }
  const lossChange = changes.reduce((sum, { change }) => sum + change, 0) / positions;
  const squares = changes.reduce((sum, { change, count }) => sum + (change - count * lossChange) ** 2, 0);
  return {
    loss: loss / positions,
    lossChange,
    standardError: Math.sqrt(squares) / positions,
    divergence: divergence / positions,
  };
}
