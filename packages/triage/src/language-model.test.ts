import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { buildGramTrie, curvatureOf, GRAM_LENGTH, LanguageModel } from './language-model.js';
import { BOUNDARY } from './prepared-text.js';

const SIZE = 7;

function drawTexts(seed: number, count: number): Uint16Array[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const text: number[] = [];
    const length = random.integer(40);
    for (let i = 0; i < length; i++)
      text.push(random.bernoulli(0.6) && i > 1 ? text[i - 2]! : 2 + random.integer(SIZE - 2));
    return Uint16Array.from(text);
  });
}

/** Witten and Bell by counting substrings, as the definition has it. */
function probability(texts: readonly Uint16Array[], context: readonly number[], symbol: number): number {
  const lower = context.length === 0 ? 1 / SIZE : probability(texts, context.slice(1), symbol);
  const followers = texts.flatMap((text) => {
    const all = [BOUNDARY, ...text];
    return all.filter(
      (_, i) => i >= context.length && context.every((each, j) => all[i - context.length + j] === each),
    );
  });
  const types = new Set(followers).size;
  if (types === 0) return lower;
  return (followers.filter((each) => each === symbol).length + types * lower) / (followers.length + types);
}

it('has the likelihood, mean and variance of the definition', () => {
  const texts = drawTexts(1, 12);
  const model = new LanguageModel(buildGramTrie(texts, SIZE));
  for (const text of drawTexts(2, 6)) {
    let [logP, mean, variance] = [0, 0, 0];
    text.forEach((symbol, i) => {
      const context = [BOUNDARY, ...text].slice(Math.max(0, i + 2 - GRAM_LENGTH), i + 1);
      const all = Array.from({ length: SIZE }, (_, each) => probability(texts, context, each));
      expect(all.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      const first = all.reduce((sum, p) => sum + p * Math.log(p), 0);
      logP += Math.log(all[symbol]!);
      mean += first;
      variance += all.reduce((sum, p) => sum + p * (Math.log(p) - first) ** 2, 0);
    });
    const found = model.measure(text);
    expect(found.symbols).toBe(text.length);
    expect(found.logP).toBeCloseTo(logP, 9);
    expect(found.mean).toBeCloseTo(mean, 9);
    expect(found.variance).toBeCloseTo(variance, 9);
  }
});

it('expects of its own texts a curvature of 0', () => {
  const texts = drawTexts(3, 200);
  const model = new LanguageModel(buildGramTrie(texts, SIZE));
  const random = new Random(5);
  // A text drawn from the model, symbol by symbol: the curvature times sqrt(n) is about standard normal.
  const drawn: number[] = [];
  for (let i = 0; i < 400; i++) {
    let u = random.uniform();
    let symbol = 0;
    for (; symbol < SIZE - 1; symbol++) {
      const p = Math.exp(
        model.measure(Uint16Array.from([...drawn.slice(-8), symbol])).logP -
          model.measure(Uint16Array.from(drawn.slice(-8))).logP,
      );
      if ((u -= p) < 0) break;
    }
    drawn.push(symbol);
  }
  const own = model.measure(Uint16Array.from(drawn));
  expect(Math.abs(curvatureOf(own)) * Math.sqrt(400)).toBeLessThan(5);
  const noise = Uint16Array.from({ length: 400 }, () => random.integer(SIZE));
  expect(curvatureOf(model.measure(noise)) * Math.sqrt(400)).toBeLessThan(-5);
  expect(curvatureOf(model.measure(new Uint16Array(0)))).toBe(0);
});
