// The published estimator, share of equal lanes, against exact Jaccard similarity.
import { describe, expect, it } from 'vitest';
import { createSketcher } from './sketcher.js';

/** SplitMix32: the same texts on every run. */
function makeRandom(seed: number): () => number {
  return () => {
    seed = (seed + 0x9e3779b9) | 0;
    let z = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
}

const random = makeRandom(1);
const newWord = () => Math.floor(random() * 2 ** 32).toString(36);
const shinglesOf = (words: string[]) =>
  new Set(words.slice(2).map((_, i) => words.slice(i, i + 3).join(' ')));

function jaccard(a: string[], b: string[]): number {
  const [x, y] = [shinglesOf(a), shinglesOf(b)];
  const both = [...x].filter((shingle) => y.has(shingle)).length;
  return both / (x.size + y.size - both);
}

/** Mean and standard deviation of (share of equal lanes - expectation) over fresh pairs and four keys. */
function measure(length: number, replaced: number, from: number, lanes: number) {
  const sketchers = [1, 2, 3, 4].map((seed) => createSketcher(new Uint8Array(32).fill(seed)));
  const errors: number[] = [];
  let predicted = 0;
  for (let i = 0; i < 1000; i++) {
    const a = Array.from({ length }, newWord);
    const b = a.map((word, j) => (j < length - replaced ? word : newWord()));
    const j = jaccard(a, b);
    const p = j + (1 - j) / 256;
    predicted = (p * (1 - p)) / lanes;
    const sketcher = sketchers[i % 4]!;
    const sketch = (words: string[]) =>
      from === 64
        ? sketcher.sketchResponse(words.join(' ')).minhash
        : sketcher.sketchPrompt(words.join(' ')).minhash;
    const [x, y] = [sketch(a), sketch(b)];
    const start = from === 64 ? 0 : from;
    let equal = 0;
    for (let lane = start; lane < start + lanes; lane++) if (x[lane] === y[lane]) equal++;
    errors.push(equal / lanes - p);
  }
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const sd = Math.sqrt(errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / errors.length);
  return { mean, sd, predictedSd: Math.sqrt(predicted) };
}

describe('MinHash estimate', () => {
  it.each([
    ['unrelated', 40, 40, 0, 32],
    ['similarity 0.25, head', 40, 23, 0, 32],
    ['similarity 0.5, tail', 40, 13, 32, 32],
    ['similarity 0.7, both halves of a short text', 40, 7, 0, 64],
    ['unrelated three-word texts', 3, 3, 0, 64],
    ['response of 200 words, similarity 0.6', 200, 50, 64, 32],
  ])('%s: bias within 4 standard errors, sd as the binomial predicts', (_, length, replaced, from, lanes) => {
    const { mean, sd, predictedSd } = measure(length, replaced, from, lanes);
    expect(Math.abs(mean)).toBeLessThan((4 * predictedSd) / Math.sqrt(1000));
    // Without replacement from few shingles the sd is smaller than binomial; above 1.15 the lanes would be dependent.
    expect(sd).toBeLessThan(predictedSd * 1.15);
    expect(sd).toBeGreaterThan(predictedSd * 0.75);
  });

  it('spreads lanes over all 256 values, long texts too', () => {
    const sketcher = createSketcher(new Uint8Array(32).fill(5));
    const counts = new Array<number>(256).fill(0);
    for (let i = 0; i < 800; i++)
      for (const lane of sketcher.sketchPrompt(Array.from({ length: 80 }, newWord).join(' ')).minhash)
        counts[lane]!++;
    // 51,200 draws, 200 a value; chi-squared with 255 degrees of freedom has sd 22.6. Raw minima would give 10^4 and more.
    const chiSquared = counts.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    expect(chiSquared).toBeLessThan(255 + 5 * 22.6);
    expect(chiSquared).toBeGreaterThan(255 - 5 * 22.6);
  });
});
