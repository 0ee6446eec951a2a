import { PhalanxError } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BareItem, type Dictionary, formatDictionary, parseDictionary } from './structured-field.js';

const key = fc.stringMatching(/^[a-z*][a-z0-9_.*-]{0,8}$/);
const bare: fc.Arbitrary<BareItem> = fc.oneof(
  fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }).map((n) => n || 0),
  fc.string({
    unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
    maxLength: 20,
  }),
  fc.boolean(),
  fc.stringMatching(/^[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]{0,8}$/).map((token) => ({ token })),
  fc.uint8Array({ maxLength: 40 }),
);
const parameters = fc.array(fc.tuple(key, bare), { maxLength: 4 }).map((list) => new Map(list));
const item = fc.record({ value: bare, parameters });
const dictionary: fc.Arbitrary<Dictionary> = fc
  .array(fc.tuple(key, fc.oneof(item, fc.record({ items: fc.array(item, { maxLength: 5 }), parameters }))), {
    maxLength: 6,
  })
  .map((list) => new Map(list));

function parsesOrRefuses(text: string): void {
  try {
    parseDictionary(text);
  } catch (error) {
    if (!PhalanxError.is(error, 'COALITION_IDENTITY')) throw error;
  }
}

describe('structured fields', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(dictionary, (value) => {
        expect(parseDictionary(formatDictionary(value))).toEqual(value);
      }),
    );
  });

  it('of any text are read or refused, with no other error', () => {
    const pieces = fc.constantFrom(
      'a',
      'sig1',
      '=',
      '(',
      ')',
      '"',
      '\\',
      ';',
      ',',
      ' ',
      ':',
      '?1',
      '1',
      '-',
      '.',
      '\t',
      'é',
      '\0',
      '😀',
      '*',
      'AA==',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => parsesOrRefuses(parts.join(''))),
      { numRuns: 1_500 },
    );
    fc.assert(fc.property(fc.string({ unit: 'binary' }), parsesOrRefuses), { numRuns: 300 });
  });

  it('that were altered in one place are read the same, otherwise, or refused, and never written back differently', () => {
    const alter = fc.tuple(dictionary, fc.nat(), fc.integer({ min: 32, max: 126 }));
    fc.assert(
      fc.property(alter, ([value, place, code]) => {
        const text = formatDictionary(value);
        const at = text.length === 0 ? 0 : place % text.length;
        const altered = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
        let read: Dictionary;
        try {
          read = parseDictionary(altered);
        } catch (error) {
          return PhalanxError.is(error, 'COALITION_IDENTITY');
        }
        // One reading of it: what is written of it is read the same.
        expect(parseDictionary(formatDictionary(read))).toEqual(read);
        return true;
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a key twice', 'a=1, a=2'],
    ['a parameter twice', 'a=1;b=1;b=2'],
    ['a comma at the end', 'a=1,'],
    ['two commas', 'a=1,,b=2'],
    ['a tab before', '\ta=1'],
    ['a key in capitals', 'A=1'],
    ['an open string', 'a="x'],
    ['a wrong escape', 'a="\\x"'],
    ['a string beyond ASCII', 'a="é"'],
    ['a line break in a string', 'a="x\ny"'],
    ['an open list', 'a=("x"'],
    ['a list without spaces', 'a=("x""y")'],
    ['a list in a list', 'a=(("x"))'],
    ['Base64 without padding', 'a=:AA:'],
    ['Base64 with bits that are not used', 'a=:AB==:'],
    ['a decimal', 'a=1.5'],
    ['a date', 'a=@1'],
    ['sixteen digits', 'a=1234567890123456'],
    ['a member without a comma', 'a=1 b=2'],
    ['nothing after =', 'a='],
    ['a boolean of another kind', 'a=?2'],
    ['a space before =', 'a =1'],
  ])('with %s are refused', (_, text) => {
    expect(() => parseDictionary(text)).toThrow(expect.objectContaining({ code: 'COALITION_IDENTITY' }));
  });

  it('beyond the limits are refused', () => {
    const many = (count: number, make: (i: number) => string, join: string) =>
      Array.from({ length: count }, (_, i) => make(i)).join(join);
    expect(parseDictionary(many(16, (i) => `k${i}`, ', ')).size).toBe(16);
    for (const text of [
      many(17, (i) => `k${i}`, ', '),
      `a=(${many(33, () => '1', ' ')})`,
      `a${many(17, (i) => `;p${i}`, '')}`,
      `a="${'x'.repeat(8_200)}"`,
    ]) {
      expect(() => parseDictionary(text)).toThrow(expect.objectContaining({ code: 'COALITION_IDENTITY' }));
    }
  });

  it('take a time in proportion to their length, also when they are made to be slow', () => {
    const least = (text: string) => {
      let ms = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 5; round++) {
        const from = process.cpuUsage();
        for (let i = 0; i < 20; i++) parsesOrRefuses(text);
        const { user, system } = process.cpuUsage(from);
        ms = Math.min(ms, (user + system) / 20_000);
      }
      return ms;
    };
    for (const make of [
      (n: number) => `a="${'\\"'.repeat(n / 2)}`,
      (n: number) => `a=:${'A'.repeat(n)}`,
      (n: number) => `a=(${' '.repeat(n)}`,
      (n: number) => `a=${'-'.repeat(n)}`,
      (n: number) => `${'a'.repeat(n)}!`,
      (n: number) => `a;${' '.repeat(n)}`,
    ]) {
      expect(least(make(8_000))).toBeLessThan(5);
    }
  });
});
