import { describe, expect, it } from 'vitest';
import { createCoalitionSketcher, findTemplateText } from './coalition-fingerprint.js';

const key = new Uint8Array(32).fill(7);
const text = 'Rate the following answer from one to ten and give the reasons for each deduction in a table.';

describe('the fingerprint that labs compare', () => {
  it('is equal in two labs with the same key, and near for a prompt that differs by a word', () => {
    const [one, other] = [createCoalitionSketcher(key), createCoalitionSketcher(key)];
    expect(one.fingerprintTemplate(text)).toEqual(other.fingerprintTemplate(text));
    expect(one.fingerprintTemplate(text)!.digest).toMatch(/^[0-9a-f]{128}$/);
    const near = one.sketchTemplate(text.replace('table', 'list'))!;
    const lanes = one.sketchTemplate(text)!;
    expect(lanes.filter((lane, i) => lane === near[i]).length).toBeGreaterThan(40);
  });

  it('says by its parameters that another key was used, and shows nothing of the key', () => {
    const mine = createCoalitionSketcher(key);
    const others = createCoalitionSketcher(new Uint8Array(32).fill(8));
    expect(others.paramsDigest).not.toBe(mine.paramsDigest);
    expect(others.fingerprintTemplate(text)!.digest).not.toBe(mine.fingerprintTemplate(text)!.digest);
    expect(mine.paramsDigest).not.toContain('0707');
  });

  it('is not made of texts without words', () => {
    expect(createCoalitionSketcher(key).fingerprintTemplate(' ?! ')).toBeNull();
  });

  it('is made of the last user message', () => {
    const messages = [
      { role: 'user', text: 'first' },
      { role: 'assistant', text: 'answer' },
      { role: 'user', text: 'last' },
      { role: 'assistant', text: 'end' },
    ] as const;
    expect(findTemplateText(messages)).toBe('last');
    expect(findTemplateText([])).toBe('');
  });
});
