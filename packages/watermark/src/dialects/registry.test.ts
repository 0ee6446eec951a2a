import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { valuesPerNgram } from '../mark.js';
import { collectNgrams } from '../ngrams.js';
import type { Sampling } from '../profile.js';
import { makeSampler } from '../sampler.js';
import { dialects, openMark } from './registry.js';

/** A key for each form of key, drawn at random as an operator should. */
function drawKey(form: string, random: Random): string {
  const hex = (bytes: number) =>
    Array.from({ length: bytes }, () => random.integer(256).toString(16).padStart(2, '0')).join('');
  if (form.startsWith('32')) return hex(16);
  if (form.startsWith('two')) return `0x${hex(7)},0x${hex(7)}`;
  if (form.startsWith('1 to 64')) return Array.from({ length: 30 }, () => random.integer(2 ** 31)).join();
  return `0x${hex(7)}`;
}

const REQUIRED: Record<string, object> = { 'phalanx-multibit': { bits: 16 } };
const VOCABULARY = 512;
const SAMPLING: Sampling = {
  temperature: null,
  topK: null,
  topP: null,
  deduplicateContexts: 'single_turn',
  history: 8192,
};

describe.each(Object.entries(dialects))('dialect %s', (name, dialect) => {
  const needsVocabulary = !dialect.parameters.safeParse(REQUIRED[name] ?? {}).success;
  const required = { ...REQUIRED[name], ...(needsVocabulary ? { vocabulary: VOCABULARY } : {}) };
  const strong = { ...required, delta: 4 };
  const parameters = dialect.parameters.safeParse(strong).success ? strong : required;

  it('writes what it reads', () => {
    const random = new Random(17);
    const mark = openMark(name, parameters, drawKey(dialect.keyForm, random));
    const sampler = makeSampler(mark, SAMPLING, { random: () => random.uniform() });
    // Not token 0, which has one list for every key in some dialects; few candidates, since some test the 40 likeliest only.
    const drawToken = () => 1 + random.integer(VOCABULARY - 1);
    let answer = Int32Array.from({ length: 4 }, drawToken);
    for (let i = 0; i < 120; i++) {
      const tokens = Int32Array.from(new Set(Array.from({ length: 32 }, drawToken))).sort();
      const logProbabilities = new Float64Array(tokens.length);
      const { token } = sampler.next({ candidates: { tokens, logProbabilities }, answer });
      answer = Int32Array.from([...answer, token]);
    }
    const ngrams = collectNgrams([answer], mark);
    const values = mark.read(ngrams);
    const words = valuesPerNgram(mark.pivot);
    expect(values).toHaveLength(ngrams.count * words);
    // Means that no 100 unmarked tokens reach.
    let sum = 0;
    if (mark.pivot.kind === 'layers')
      for (const word of values) for (let bit = 0; bit < 32; bit++) sum += (word >>> bit) & 1;
    else for (const value of values) sum += value;
    const mean = sum / ngrams.count;
    if (mark.pivot.kind === 'layers') expect(mean).toBeGreaterThan(mark.pivot.layers * 0.55);
    else if (mark.pivot.kind === 'green') expect(mean).toBeGreaterThan(mark.pivot.gamma + 0.14);
    else expect(mean).toBeGreaterThan(0.7 * mark.pivot.streams);
  });

  it('refuses keys of another form and parameters of another dialect, and shows no key', () => {
    const key = 'not-a-key-8f3a';
    expect(() => openMark(name, parameters, key)).toThrow(expect.objectContaining({ code: 'MARK_KEY' }));
    try {
      openMark(name, parameters, key);
    } catch (error) {
      expect(`${error} ${(error as { advice: string }).advice}`).not.toContain('8f3a');
    }
    expect(() => openMark(name, { ...parameters, unheardOf: 1 }, key)).toThrow(
      expect.objectContaining({ code: 'MARK_PROFILE' }),
    );
  });
});
