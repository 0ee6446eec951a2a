import { Random } from '@phalanx/stats';
import type { PromptSource } from '@phalanx/testing';
import { accuseTogether, type Baseline } from './baseline.js';
import { spreadRows } from './traffic.js';
import { hashWords, WORD_BUCKETS } from './word-features.js';

const PER_SOURCE = 3000;
const EPOCHS = 4;
const PROMPTS = 50;
/** Accounts with fewer prompts are not scored: a mean of three logits says nothing. */
const MIN_PROMPTS = 10;

/**
 * Logistic regression on hashed words and word pairs, attack against honest sources of the development half, classes
 * weighted equally; an account's score is the mean logit of up to 50 of its prompts.
 */
export const contentClassifier: Baseline = {
  name: 'content classifier',
  reference:
    'hashed 1-2-grams and logistic regression; the per-account content baseline of detection research',
  fit: ({ honest, attack }) => {
    const { weights, bias } = train(honest, attack);
    return (traffic) =>
      accuseTogether(
        Float64Array.from(traffic.rowsOf, (rows) => {
          if (rows.length < MIN_PROMPTS) return Number.NEGATIVE_INFINITY;
          let sum = 0;
          const chosen = spreadRows(rows, PROMPTS);
          for (const row of chosen)
            sum += bias + dot(weights, hashWords(traffic.promptText(row), WORD_BUCKETS));
          return sum / chosen.length;
        }),
      );
  },
};

function train(honest: readonly PromptSource[], attack: readonly PromptSource[]) {
  const random = new Random(1);
  const take = (sources: readonly PromptSource[]) =>
    sources.flatMap(({ texts }) =>
      Array.from({ length: Math.min(PER_SOURCE, texts.length) }, () =>
        hashWords(texts[random.integer(texts.length)]!, WORD_BUCKETS),
      ),
    );
  const negative = take(honest);
  const positive = take(attack);
  const rows = [
    ...negative.map((features) => ({ features, target: 0, weight: 0.5 / negative.length })),
    ...positive.map((features) => ({ features, target: 1, weight: 0.5 / positive.length })),
  ];
  const weights = new Float64Array(WORD_BUCKETS);
  let bias = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    random.shuffle(rows);
    const rate = 0.3 / (1 + epoch);
    for (const { features, target, weight } of rows) {
      const p = 1 / (1 + Math.exp(-(bias + dot(weights, features))));
      const step = rate * (target - p) * weight * rows.length;
      bias += (step / Math.sqrt(features.length + 1)) * 0.1;
      for (const feature of features) weights[feature]! += step / Math.sqrt(features.length + 1);
    }
  }
  return { weights, bias };
}

function dot(weights: Float64Array, features: Uint32Array): number {
  let sum = 0;
  for (const feature of features) sum += weights[feature]!;
  return sum / Math.sqrt(features.length + 1);
}
