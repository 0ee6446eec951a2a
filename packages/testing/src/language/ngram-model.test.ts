import { describe, expect, it } from 'vitest';
import { trainByteVocabulary } from './byte-vocabulary.js';
import { measureEntropy, NgramModel } from './ngram-model.js';

describe('n-gram model', () => {
  it('mixes what followed the context with what followed a shorter one', () => {
    const model = new NgramModel({ order: 2, vocabularySize: 4, backOff: 0.2 });
    model.learn(Int32Array.of(0, 1, 0, 1, 0, 2));
    const { tokens, logProbabilities } = model.next(Int32Array.of(0));
    expect([...tokens]).toEqual([0, 1, 2]);
    const expected = [0.2 * (3 / 6), 0.8 * (2 / 3) + 0.2 * (2 / 6), 0.8 * (1 / 3) + 0.2 * (1 / 6)];
    logProbabilities.forEach((logP, i) => {
      expect(Math.exp(logP)).toBeCloseTo(expected[i]!, 12);
    });
  });

  it('knows nothing before it has learned', () => {
    const next = new NgramModel({ vocabularySize: 8 }).next(Int32Array.of(1, 2));
    expect(measureEntropy(next)).toBeCloseTo(Math.log(8), 12);
  });
});

describe('byte vocabulary', () => {
  it('joins the pair that is most frequent, again and again', () => {
    const { model, added_tokens } = JSON.parse(
      Buffer.from(trainByteVocabulary(['abab abab ab', 'xyz'], 3)).toString(),
    );
    // The next pair, a space before `ab`, stands once only.
    expect(model.merges).toEqual(['a b', 'ab ab']);
    expect(model.vocab.abab).toBeGreaterThan(255);
    expect(added_tokens[0].id).toBe(Object.keys(model.vocab).length);
  });
});
