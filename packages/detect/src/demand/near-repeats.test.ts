import { createSketcher } from '@phalanx/sketch';
import { describe, expect, it } from 'vitest';
import { findBoilerplate, NearRepeatIndex } from './near-repeats.js';

const sketcher = createSketcher(new Uint8Array(32).fill(3));

function columnsOf(prompts: readonly string[]) {
  const promptHash = new BigUint64Array(prompts.length);
  const topics = new Uint8Array(16 * prompts.length);
  for (const [row, prompt] of prompts.entries()) {
    const sketch = sketcher.sketchPrompt(prompt);
    promptHash[row] = sketch.hash;
    topics.set(sketch.topics, 16 * row);
  }
  return { promptHash, topics };
}

function repeatsAmong(prompts: readonly string[], boilerplate: ReadonlySet<number> = new Set()) {
  const columns = columnsOf(prompts);
  const index = new NearRepeatIndex(1000, boilerplate);
  return prompts.map((_, row) => {
    const ago = index.add(columns, row);
    return ago === null ? null : ago > 0;
  });
}

describe('NearRepeatIndex', () => {
  it('sees the same question in another order, case and punctuation', () => {
    expect(
      repeatsAmong(['Where is my new card?', 'my card: where is the NEW one', 'Where is my old parcel?']),
    ).toEqual([false, true, false]);
  });

  it('tells a template filled with other numbers, or one word, apart', () => {
    const train = (length: number, thing: string) => `A ${thing} ${length} m long passes a bridge in 30 sec.`;
    expect(repeatsAmong([train(150, 'train'), train(240, 'train'), train(150, 'lorry')])).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('does not take prompts without content words for one another, but equal ones', () => {
    expect(repeatsAmong(['ok', 'go on', 'OK!', 'no'])).toEqual([false, false, true, false]);
  });

  it('leaves a template out, and says null where too little else was sampled', () => {
    const frame = (task: string) =>
      `Carefully reason through every relevant aspect, then finally answer the following exercise: ${task}`;
    const words = Array.from({ length: 60 }, (_, i) => `subject${i} element${(7 * i) % 60} object${i}`);
    const prompts = words.map(frame);
    const columns = columnsOf(prompts);
    const boilerplate = findBoilerplate(columns, [...prompts.keys()]);
    expect(boilerplate.size).toBeGreaterThan(4);
    const answers = repeatsAmong([...prompts, ...prompts], boilerplate);
    expect(answers.slice(0, 60)).not.toContain(true);
    expect(answers.slice(0, 60)).toContain(null);
    // Whatever was remembered comes back, and an equal hash counts as well.
    expect(answers.slice(60).filter(Boolean).length).toBe(
      answers.slice(0, 60).filter((x) => x === false).length,
    );
  });

  it('compares short prompts that are all boilerplate by their words', () => {
    const prompts = ['summarize article', 'translate article', 'article summarize please'];
    const columns = columnsOf(prompts);
    expect(repeatsAmong(prompts, findBoilerplate(columns, [0, 1, 2]))).toEqual([false, false, true]);
  });

  it('says how long ago, and forgets what is older than it remembers', () => {
    const prompts = ['first question', 'second question', 'second question', 'third thing', 'first question'];
    const columns = columnsOf(prompts);
    const all = new NearRepeatIndex(10, new Set());
    expect(prompts.map((_, row) => all.add(columns, row))).toEqual([0, 0, 1, 0, 4]);
    const three = new NearRepeatIndex(3, new Set());
    expect(prompts.map((_, row) => three.add(columns, row))).toEqual([0, 0, 1, 0, 0]);
    expect(three.size).toBe(3);
    const nothing = new NearRepeatIndex(0, new Set());
    expect(nothing.size).toBe(0);
  });
});
