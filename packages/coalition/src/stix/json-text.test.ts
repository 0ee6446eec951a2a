import { utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBundle } from './bundle.js';
import { parseJson } from './json-text.js';
import { STIX_LIMITS } from './stix-limits.js';

const parse = (text: string) => parseJson(utf8(text));

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        // Integers that no double holds are refused.
        fc.pre(!/[0-9]{16}/.test(text));
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('reads strings with quotes, slashes and escapes', () => {
    const value = { 'a"b\\': ['\\', '"', '\\"', '\u2028', '\ud83d\ude00', '{[,'], 'a\\"': 1 };
    expect(parse(JSON.stringify(value))).toEqual(value);
    expect(parse('"\\ud83d\\ude00"')).toBe('\ud83d\ude00');
  });

  it.each([
    ['{"a":1,"a":2}', /twice/],
    ['{"a":1,"\\u0061":2}', /twice/],
    ['{"b":{"a":1,"c":[{}],"a":2}}', /twice/],
    ['{"__proto__":1,"__proto__":2}', /twice/],
    ['"\\ud800"', /surrogate/],
    ['["\\ude00\\ud83d"]', /surrogate/],
    ['9007199254740993', /beyond/],
    ['1e400', /beyond/],
    [`1${'0'.repeat(50)}.5`, /number of/],
    ['{"a":1', /not JSON/],
    ['"abc', /no end/],
    ['', /not JSON/],
    ['\ufeff{}', /not JSON/],
    ["{'a':1}", /not JSON/],
    ['[1,]', /not JSON/],
    ['[NaN]', /not JSON/],
  ])('refuses %s', (text, why) => {
    expect(() => parse(text)).toThrowError(why);
  });

  it('takes equal names in different objects', () => {
    expect(parse('[{"a":1},{"a":{"a":[{"a":2}]}}]')).toEqual([{ a: 1 }, { a: { a: [{ a: 2 }] } }]);
  });

  it('refuses what is not UTF-8', () => {
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrowError(/UTF-8/);
  });

  it('ends at its limits', () => {
    const depth = STIX_LIMITS.jsonDepth;
    expect(parse('['.repeat(depth) + ']'.repeat(depth))).toBeInstanceOf(Array);
    expect(() => parse('['.repeat(depth + 1))).toThrowError(/deeper/);
    expect(() => parse(`"${'a'.repeat(STIX_LIMITS.stringUnits + 1)}"`)).toThrowError(/a string of/);
    expect(() => parseJson(new Uint8Array(STIX_LIMITS.jsonBytes + 1))).toThrowError(/bytes/);
    const members = (count: number) => `{${Array.from({ length: count }, (_, at) => `"${at}":1`).join(',')}}`;
    expect(parse(members(STIX_LIMITS.jsonMembers))).toBeInstanceOf(Object);
    expect(() => parse(members(STIX_LIMITS.jsonMembers + 1))).toThrowError(/members/);
    expect(parse(`[${'1,'.repeat(STIX_LIMITS.jsonValues - 2)}1]`)).toBeInstanceOf(Array);
    expect(() => parse(`[${'1,'.repeat(STIX_LIMITS.jsonValues - 1)}1]`)).toThrowError(/values/);
  });
});

describe('parseBundle', () => {
  const bundle = (objects: string) =>
    utf8(`{"type":"bundle","id":"bundle--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a03","objects":${objects}}`);

  it.each([
    ['{}', /no list/],
    ['[{}]', /without type or id/],
    ['[[]]', /without type or id/],
    [`[${'{"type":"a","id":"b"},'.repeat(STIX_LIMITS.bundleObjects)}{"type":"a","id":"b"}]`, /5001 objects/],
  ])('refuses objects', (objects, why) => {
    expect(() => parseBundle(bundle(objects))).toThrowError(why);
  });

  it('takes one without objects', () => {
    expect(
      parseBundle(utf8('{"type":"bundle","id":"bundle--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a03"}')).objects,
    ).toEqual([]);
  });
});
