import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutCandidates, cutWindows, splitTurns, unwrap } from './candidate-texts.js';

const TEXT =
  'The tide is the rise and fall of the sea, caused by the pull of the Moon\nand, less so, of the Sun.';

describe('unwrap', () => {
  it.each([
    ['quotes', `"${TEXT}"`],
    ['curly quotes', `“${TEXT}”`],
    ['a fence', `\`\`\`text\n${TEXT}\n\`\`\``],
    ['a speaker', `Assistant: ${TEXT}`],
    ['a heading', `### Response:\n${TEXT}`],
    ['a bold speaker', `**Answer:** ${TEXT}`],
    ['escapes', JSON.stringify(TEXT)],
    ['several', ` Output: "\`\`\`\n${TEXT}\n\`\`\`" `],
  ])('takes off %s', (_, wrapped) => {
    expect(unwrap(wrapped)).toBe(TEXT);
  });

  it('leaves a text as it is', () => {
    expect(unwrap(TEXT)).toBe(TEXT);
    expect(unwrap('a path C:\\new\nand a second line')).toBe('a path C:\\new\nand a second line');
  });
});

describe('splitTurns', () => {
  it('cuts at speakers, chat marks and rules', () => {
    expect(splitTurns('User: one\nAssistant: two\nhuman: three')).toEqual(['one', 'two', 'three']);
    expect(splitTurns('<|user|>one<|assistant|>two</s>')).toEqual(['one', 'two']);
    expect(splitTurns('[INST] one [/INST] two')).toEqual(['one', 'two']);
    expect(splitTurns('### Instruction:\none\n\n### Response:\ntwo')).toEqual(['one', 'two']);
    expect(splitTurns('one\n---\ntwo')).toEqual(['one', 'two']);
  });

  it('does not cut in a sentence', () => {
    expect(splitTurns('My answer: it depends. The user: me.')).toHaveLength(1);
  });
});

describe('cutWindows', () => {
  it('covers the text, each window half a window after the last', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 40, maxLength: 90 }), (words) => {
        const text = words.join(' ');
        const windows = cutWindows(text, 2);
        expect(windows).toHaveLength(3);
        expect(windows[0]! + windows[2]!).toBe(text);
        expect(text).toContain(windows[1]!);
      }),
    );
  });

  it('never parts a surrogate pair', () => {
    const text = '𠀀'.repeat(101);
    for (const window of cutWindows(text, 4)) expect(window).toMatch(/^(?:𠀀)*$/u);
  });
});

describe('cutCandidates', () => {
  it('gives the whole text first and no text twice', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), fc.integer({ min: 0, max: 3 }), (text, windowScales) => {
        const candidates = cutCandidates(text, { minLength: 1, windowScales });
        if (text !== '') expect(candidates[0]).toEqual({ form: 'whole', text });
        expect(new Set(candidates.map((candidate) => candidate.text)).size).toBe(candidates.length);
      }),
    );
  });

  it('is linear in what a stranger writes', () => {
    const started = performance.now();
    for (const unit of ['\n ', '```', 'a: ', '"', '\\n', '<|', '-\n', '###', 'Assistant:\n'])
      cutCandidates(unit.repeat(400_000), { minLength: 40, windowScales: 3 });
    // About 0.3 s; quadratic work would take minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('limits turns', () => {
    const text = Array.from({ length: 500 }, (_, i) => `User: number ${i} asks`).join('\n');
    expect(cutCandidates(text, { minLength: 1, windowScales: 0 }).length).toBeLessThanOrEqual(35);
  });
});
