import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson, type StrictJson } from './strict-json.js';

/** As `JSON.parse` would give it. */
function toPlain(value: StrictJson): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, toPlain(v)]));
  return Array.isArray(value) ? value.map(toPlain) : value;
}

describe('strict JSON', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (text, space) => {
        const value = JSON.parse(text);
        fc.pre(!text.includes('__proto__') && !/[0-9]{16}/.test(text));
        expect(toPlain(parseStrictJson(JSON.stringify(value, null, space)))).toEqual(value);
      }),
      { numRuns: 1_000 },
    );
  });

  it('throws wherever JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.nat(), fc.string({ maxLength: 2 }), (text, at, insert) => {
        const broken =
          text.slice(0, at % (text.length + 1)) + insert + text.slice((at % (text.length + 1)) + 1);
        let isJson = true;
        try {
          JSON.parse(broken);
        } catch {
          isJson = false;
        }
        fc.pre(!isJson);
        expect(() => parseStrictJson(broken)).toThrow(expect.objectContaining({ code: 'WEIGHTS_FORMAT' }));
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses what two readers would read differently', () => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":1,"\\u0061":1}',
      '9007199254740993',
      '-9007199254740992',
      '18446744073709551614',
      '1e400',
      '{"a":1}{}',
      '01',
      '+1',
      '.5',
      'NaN',
      "{'a':1}",
      '[1,]',
      '{"a":1,}',
      '"\u0001"',
      '\u00a01',
      '\ufeff1',
      '',
    ])
      expect(() => parseStrictJson(text), text).toThrow(expect.objectContaining({ code: 'WEIGHTS_FORMAT' }));
  });

  it('keeps __proto__ as a name, and escaped quotes', () => {
    const value = parseStrictJson('{"__proto__":{"\\\\\\"":[true,false,null]}}') as ReadonlyMap<
      string,
      StrictJson
    >;
    expect([...(value.get('__proto__') as ReadonlyMap<string, StrictJson>)]).toEqual([
      ['\\"', [true, false, null]],
    ]);
  });

  it('stops at 16 levels, and at four million values', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseStrictJson(nested(16))).toBeDefined();
    for (const depth of [18, 1_000_000])
      expect(() => parseStrictJson(nested(depth))).toThrow('nesting is too deep');
    expect(() => parseStrictJson(`[${'0,'.repeat(4_000_000)}0]`)).toThrow(
      expect.objectContaining({ code: 'WEIGHTS_LIMIT' }),
    );
  });

  // Going back over a run of backslashes at every quote would end with the test's time.
  it('reads a million escapes', () => {
    expect(parseStrictJson(`"${'\\\\'.repeat(500_000)}"`)).toHaveLength(500_000);
    expect(() => parseStrictJson(`"${'\\"'.repeat(300_000)}`)).toThrow('a string does not end');
  });
});
