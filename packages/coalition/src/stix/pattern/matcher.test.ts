import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StixObject } from '../stix-object.js';
import { isWithin, parseAddressRange } from './address-range.js';
import { compilePattern } from './matcher.js';
import { type Observation, readObservations } from './observation.js';
import { compareLiteral } from './value.js';
import { matchesWildcard } from './wildcard.js';

/** One observation at a time in seconds, of observables. */
function observe(at: number, objects: readonly object[], count = 1, until = at): Observation {
  return {
    id: `at ${at}`,
    firstUs: BigInt(at) * 1_000_000n,
    lastUs: BigInt(until) * 1_000_000n,
    count,
    objects: new Map(
      objects.map((object, index) => [(object as StixObject).id ?? `${index}`, object as StixObject]),
    ),
  };
}

const say = (at: number, value: unknown, count?: number, until?: number) =>
  observe(at, [{ type: 'x', v: value }], count, until);
const matches = (pattern: string, ...observations: Observation[]) => {
  const found = compilePattern(pattern).match(observations);
  return found === null ? null : found.map(({ id }) => id);
};

describe('comparisons', () => {
  it.each([
    ["[x:v = 'a']", 'a', true],
    ["[x:v != 'a']", 'a', false],
    ["[x:v NOT = 'a']", 'b', true],
    ['[x:v = 1]', 1, true],
    ['[x:v = 1.0]', 1, true],
    ["[x:v = '1']", 1, false],
    ["[x:v != '1']", 1, true],
    ['[x:v = true]', true, true],
    ['[x:v = true]', 1, false],
    ['[x:v > 1]', '2', false],
    ['[x:v NOT > 1]', '2', true],
    ["[x:v > 'a']", 'b', true],
    ["[x:v = t'2020-01-01T00:00:00Z']", '2020-01-01T00:00:00.000Z', true],
    ["[x:v < t'2020-01-01T00:00:00Z']", '2019-12-31T23:59:59.999999Z', true],
    ["[x:v = t'2020-01-01T00:00:00Z']", 'yesterday', false],
    ["[x:v IN ('a', 'b')]", 'b', true],
    ["[x:v NOT IN ('a', 'b')]", 'b', false],
    ['[x:v IN ()]', 'b', false],
    ["[x:v LIKE 'a%_']", 'abc', true],
    ["[x:v LIKE 'a.c']", 'abc', false],
    ["[x:v MATCHES '^a+$']", 'aaa', true],
    ["[x:v MATCHES 'b']", 'abc', true],
    ["[x:v ISSUBSET '192.0.2.0/24']", '192.0.2.7', true],
    ["[x:v ISSUBSET '192.0.2.0/24']", '192.0.0.0/16', false],
    ["[x:v ISSUPERSET '192.0.2.0/24']", '192.0.0.0/16', true],
    ["[x:v ISSUBSET '2001:db8::/32']", '2001:db8:1::9', true],
    ["[x:v ISSUBSET '192.0.2.0/24']", 'host', false],
    ['[EXISTS x:v]', null, true],
    ['[NOT EXISTS x:w]', null, true],
    ['[x:v[*] = 2]', [1, 2], true],
    ['[x:v[1].w = 2]', [{}, { w: 2 }], true],
    ['[x:v[-1] = 2]', [1, 2], false],
    ["[x:v.a_hex = h'ff00']", { a_hex: 'FF00' }, true],
    ["[x:v.a_bin = 'a']", { a_bin: 'YQ==' }, true],
    ["[x:v.toString = 'a']", {}, false],
    ['[x:v = 1 AND x:v = 2]', 1, false],
    ['[x:v = 1 AND x:v = 2 OR x:v = 1]', 1, true],
  ])('%s of %j: %s', (pattern, value, expected) => {
    expect(matches(pattern, say(0, value)) !== null).toBe(expected);
  });

  it('need one observable for both sides of AND', () => {
    const two = observe(0, [
      { type: 'x', a: 1 },
      { type: 'x', b: 2 },
    ]);
    expect(matches('[x:a = 1 AND x:b = 2]', two)).toBeNull();
    expect(matches('[x:a = 1] AND [x:b = 2]', two)).toBeNull();
    expect(matches('[x:a = 1 OR x:b = 2]', two)).not.toBeNull();
  });

  it('follow references within the observation', () => {
    const traffic = observe(0, [
      { type: 'network-traffic', id: 't', src_ref: 'a', other_refs: ['b', 'gone'] },
      { type: 'ipv4-addr', id: 'a', value: '192.0.2.7' },
      { type: 'ipv4-addr', id: 'b', value: '198.51.100.1' },
    ]);
    expect(matches("[network-traffic:src_ref.value = '192.0.2.7']", traffic)).not.toBeNull();
    expect(matches("[network-traffic:other_refs[*].value LIKE '198%']", traffic)).not.toBeNull();
    expect(matches("[network-traffic:src_ref.value = '198.51.100.1']", traffic)).toBeNull();
  });

  it.each([
    "[x:v ISSUBSET 'nowhere']",
    "[x:v MATCHES '(a)\\\\1']",
    "[x:v MATCHES '(?=a)']",
    "[x:v MATCHES '(']",
    "[x:v IN (1, 'a')]",
    "[x:v = t'2023-02-29T00:00:00Z']",
    '[x:v = 1] REPEATS 0 TIMES',
    '[x:v = 1] WITHIN 0 SECONDS',
    "[x:v = 1] START t'2023-02-29T00:00:00Z' STOP t'2024-01-01T00:00:00Z'",
  ])('that can never match are refused: %s', (pattern) => {
    expect(() => compilePattern(pattern)).toThrowError(
      expect.objectContaining({ code: 'COALITION_PATTERN' }),
    );
  });
});

describe('observations', () => {
  it('serve once each, or as often as they were counted', () => {
    expect(matches('[x:v = 1] AND [x:v = 1]', say(0, 1))).toBeNull();
    expect(matches('[x:v = 1] AND [x:v = 1]', say(0, 1, 2))).toEqual(['at 0']);
    expect(matches('[x:v = 1] REPEATS 3 TIMES', say(0, 1), say(1, 1, 2))).toEqual(['at 0', 'at 1']);
    expect(matches('[x:v = 1] REPEATS 3 TIMES', say(0, 1), say(1, 1))).toBeNull();
    expect(matches('[x:v = 1] REPEATS 3 TIMES', say(0, 1, 1e15))).toEqual(['at 0']);
  });

  it('follow one another where moments can be chosen so', () => {
    const pattern = '[x:v = 1] FOLLOWEDBY [x:v = 2]';
    expect(matches(pattern, say(5, 1), say(6, 2))).toEqual(['at 5', 'at 6']);
    expect(matches(pattern, say(5, 2), say(6, 1))).toBeNull();
    expect(matches(pattern, say(5, 2, 1, 9), say(6, 1))).toEqual(['at 5', 'at 6']);
    expect(matches(pattern, say(5, 1), say(5, 2))).not.toBeNull();
  });

  it('lie within a stretch', () => {
    const pattern = '([x:v = 1] AND [x:v = 2]) WITHIN 2 SECONDS';
    expect(matches(pattern, say(0, 1), say(2, 2))).not.toBeNull();
    expect(matches(pattern, say(0, 1), say(3, 2))).toBeNull();
    expect(matches(pattern, say(0, 1, 1, 1), say(3, 2))).not.toBeNull();
  });

  it('lie between START, which counts, and STOP, which does not', () => {
    const pattern = "[x:v = 1] START t'1970-01-01T00:00:10Z' STOP t'1970-01-01T00:00:20Z'";
    expect([9, 10, 19, 20].map((at) => matches(pattern, say(at, 1)) !== null)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(matches(pattern, say(0, 1, 1, 10))).not.toBeNull();
    const empty = "[x:v = 1] START t'1970-01-01T00:00:10Z' STOP t'1970-01-01T00:00:10Z'";
    expect(matches(empty, say(10, 1))).toBeNull();
  });

  it('are found among many in time', () => {
    const noise = Array.from({ length: 20_000 }, (_, at) => say(at * 100, 1));
    const pattern = compilePattern('[x:v = 1] REPEATS 5 TIMES WITHIN 60 SECONDS');
    expect(pattern.match(noise)).toBeNull();
    const burst = [0, 10, 20, 30, 40].map((at) => say(777_700 + at, 1));
    expect(pattern.match([...noise, ...burst])).toHaveLength(5);
    const pair = compilePattern('([x:v = 1] FOLLOWEDBY [x:v = 2]) WITHIN 60 SECONDS');
    expect(pair.match([...noise, say(777_761, 2)])).toBeNull();
    expect(pair.match([...noise, say(777_755, 2)])).toHaveLength(2);
  });

  it('end the match when there is too much to try', () => {
    const pattern = compilePattern(Array<string>(12).fill('[x:v = 1]').join(' AND '));
    const observations = Array.from({ length: 11 }, (_, at) => say(at, 1));
    expect(() => pattern.match(observations)).toThrowError(
      expect.objectContaining({ code: 'COALITION_LIMIT' }),
    );
    expect(() => compilePattern('[x:v = 1] REPEATS 99999 TIMES')).toThrowError(/99999/);
  });
});

describe('readObservations', () => {
  const times = {
    first_observed: '2020-01-01T00:00:00Z',
    last_observed: '2020-01-01T00:00:01Z',
    number_observed: 1,
  };

  it('looks references up and leaves out those that lead nowhere', () => {
    const [found] = readObservations([
      { type: 'file', id: 'file--1', size: 1 },
      { type: 'observed-data', id: 'o', ...times, object_refs: ['file--1', 'file--2'] },
    ]);
    expect([...found!.objects.keys()]).toEqual(['file--1']);
  });

  it.each([
    { number_observed: 0 },
    { number_observed: 1.5 },
    { last_observed: '2019-01-01T00:00:00Z' },
    { first_observed: 'x' },
  ])('refuses %j', (changes) => {
    expect(() => readObservations([{ type: 'observed-data', id: 'o', ...times, ...changes }])).toThrowError();
  });
});

describe('parts of matching', () => {
  it('order strings by code point', () => {
    const order = (value: string, text: string) =>
      Math.sign(compareLiteral(value, { kind: 'string', value: text })!);
    const text = fc.string({
      unit: fc.constantFrom('a', '\u00e9', '\ud7ff', '\uffff', '\u{1f600}', '\u{1f601}'),
    });
    fc.assert(
      fc.property(text, text, (left, right) => {
        const [a, b] = [Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8')];
        expect(order(left, right)).toBe(Math.sign(Buffer.compare(a, b)));
      }),
    );
    expect(order('\uffff', '\u{1f600}')).toBe(-1);
  });

  it('LIKE is what a regular expression says', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', '%') }),
        fc.string({ unit: fc.constantFrom('a', 'b', '%', '_'), maxLength: 8 }),
        (text, pattern) => {
          const expression = new RegExp(`^${pattern.replaceAll('%', '.*').replaceAll('_', '.')}$`, 's');
          expect(matchesWildcard(text, pattern)).toBe(expression.test(text));
        },
      ),
    );
  });

  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['::ffff:10.0.0.0/104', '::ffff:10.1.2.3', true],
    ['::/0', '10.1.2.3', false],
    ['2001:db8::/127', '2001:db8::1', true],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8/128', true],
  ])('%s holds %s: %s', (outer, inner, expected) => {
    expect(isWithin(parseAddressRange(inner)!, parseAddressRange(outer)!)).toBe(expected);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4/33',
    '1.2.3.4/-1',
    '1.2.3.4/1/1',
    'fe80::1%eth0',
    '01.2.3.4',
    '1.2.3.4/08 ',
  ])('%s is no address', (text) => {
    expect(parseAddressRange(text)).toBeNull();
  });
});
