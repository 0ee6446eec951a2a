import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Prelude } from './cross-parsing.js';
import { UNKNOWN } from './prepared-text.js';

/** Phrases by searching the prelude for each. */
function countPhrases(prelude: number[], text: number[]): number {
  const written = (symbols: number[]) => `,${symbols.join(',')},`;
  const whole = written(prelude);
  let phrases = 0;
  for (let at = 0; at < text.length; phrases++) {
    let length = 0;
    while (at + length < text.length && text[at + length] !== UNKNOWN) {
      if (!whole.includes(written(text.slice(at, at + length + 1)))) break;
      length++;
    }
    at += Math.max(1, length);
  }
  return phrases;
}

it('counts the phrases that a search finds', () => {
  const symbols = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 60 });
  fc.assert(
    fc.property(symbols, symbols, (prelude, text) => {
      const found = new Prelude(Uint16Array.from(prelude)).measure(Uint16Array.from(text));
      const expected =
        text.length === 0
          ? 0
          : (countPhrases(prelude, text) * Math.log(Math.max(2, prelude.length))) / text.length;
      expect(found).toBeCloseTo(expected, 12);
    }),
    { numRuns: 500 },
  );
});
