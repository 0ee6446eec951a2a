import { describe, expect, it } from 'vitest';
import { buildBuiltInSources } from './built-in-grammar.js';
import { measureNearRepeats } from './near-repeat.js';
import { listWords } from './prompt-tokens.js';
import { stream } from './random.js';

const sources = buildBuiltInSources({
  names: ['chat', 'support-question', 'instruction-synthesis', 'curated-question', 'template-pipeline'],
  size: 2500,
});

/** Prompts with the same words as an earlier one. */
function countTwins(texts: readonly string[]): number {
  const seen = new Set<string>();
  let twins = 0;
  for (const text of texts) {
    const words = [...new Set(listWords(text, 80))].sort().join(' ');
    if (seen.has(words)) twins++;
    seen.add(words);
  }
  return twins;
}

describe('Variation', () => {
  it.each(sources.map((s) => [s.name, s] as const))(
    'keeps the rate of repeats of %s over five rounds',
    (_, source) => {
      const own = countTwins(source.texts);
      const random = stream('vary', source.name);
      const picks = new Set<number>();
      while (picks.size < source.size) picks.add(random.integer(0, 5 * source.size - 1));
      const varied = countTwins([...picks].map((i) => source.text(i)));
      // Within a factor of two, four standard errors of a small Poisson count, and the 3e-6 that chance may add.
      const slack = 4 * Math.sqrt(own + 1) + (3e-6 * source.size ** 2) / 2;
      expect(varied).toBeLessThan(2 * own + slack);
      expect(varied).toBeGreaterThan(own / 2 - slack);
    },
  );

  it('changes at least half of the distinct words of a prompt without repeats, and never the base', () => {
    const source = sources.find(({ name }) => name === 'instruction-synthesis')!;
    let changed = 0;
    for (let i = 0; i < 400; i++) {
      expect(source.text(i)).toBe(source.texts[i]);
      const before = new Set(listWords(source.texts[i]!));
      const after = new Set(listWords(source.text(i + 3 * source.size)));
      const both = [...before].filter((word) => after.has(word)).length;
      // A replacement may by chance be a word of the prompt, hence not exactly a half.
      if (both / before.size <= 0.6) changed++;
    }
    expect(changed).toBeGreaterThan(380);
  });

  it('is the same text every time it is asked', () => {
    for (const source of sources)
      expect(source.text(7 + 2 * source.size)).toBe(source.text(7 + 2 * source.size));
  });
});

describe('measureNearRepeats', () => {
  it('counts by the definition on a set small enough to compare all pairs', () => {
    const texts = [...sources[0]!.texts.slice(0, 500), ...sources[1]!.texts.slice(0, 500)];
    const sets = texts.map((text) => new Set(listWords(text, 80)));
    let brute = 0;
    sets.forEach((a, i) => {
      for (let j = 0; j < i; j++) {
        const both = [...a].filter((word) => sets[j]!.has(word)).length;
        if (both / (a.size + sets[j]!.size - both) >= 0.7) {
          brute++;
          return;
        }
      }
    });
    const { repeats } = measureNearRepeats(texts);
    expect(brute).toBeGreaterThan(5);
    expect(repeats).toBeLessThanOrEqual(brute);
    expect(repeats).toBeGreaterThanOrEqual(Math.floor(brute * 0.93));
  });
});
