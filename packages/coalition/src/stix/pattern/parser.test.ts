import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STIX_LIMITS } from '../stix-limits.js';
import { quoteString } from './literal.js';
import { parsePattern } from './parser.js';

describe('parsePattern', () => {
  it('binds FOLLOWEDBY weakest, then OR, then AND, and qualifiers to one observation', () => {
    const text = '[a:b = 1] AND [c:d = 2] OR [e:f = 3] FOLLOWEDBY [g:h = 4] WITHIN 5 SECONDS';
    expect(parsePattern(text)).toMatchObject({
      kind: 'followed-by',
      operands: [
        { kind: 'or', operands: [{ kind: 'and' }, { kind: 'observation' }] },
        { kind: 'within', seconds: 5, of: { kind: 'observation' } },
      ],
    });
  });

  it('reads paths, constants, comments and keywords next to numbers', () => {
    const text = `/* a * b */ [x-a:'b c'.d[*].e_ref[2]NOT IN(1,-2.5,.5,'it\\'s \\\\',h'00fF',b'YQ==',t'2020-01-01T00:00:60.5Z',true)]REPEATS 2TIMES // end`;
    expect(parsePattern(text)).toMatchObject({
      kind: 'repeats',
      times: 2,
      of: {
        comparison: {
          negated: true,
          operator: 'IN',
          path: {
            objectType: 'x-a',
            steps: [
              { kind: 'key', key: 'b c' },
              { kind: 'key', key: 'd' },
              { kind: 'every' },
              { kind: 'key', key: 'e_ref' },
              { kind: 'index', index: 2 },
            ],
          },
          operands: [
            { value: 1 },
            { value: -2.5 },
            { value: 0.5 },
            { value: "it's \\" },
            { value: Uint8Array.of(0, 255) },
            { value: Uint8Array.of(97) },
            { kind: 'timestamp' },
            { value: true },
          ],
        },
      },
    });
  });

  it('reads every quoted text back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("'", '\\', 'a', ' ', ']', '\n', '\0', '\u{1f600}') }),
        (text) => {
          expect(parsePattern(`[a:b = ${quoteString(text)}]`)).toMatchObject({
            comparison: { operands: [{ value: text }] },
          });
        },
      ),
    );
  });

  it.each([
    '',
    '[]',
    'file:size = 1',
    '[file:size = ]',
    '[file:size = 1]]',
    '[file:size =? 1]',
    '[file.size = 1]',
    '[file:size > true]',
    '[file:name LIKE 1]',
    '[file:name MATCHES /x/]',
    '[a:b = 01]',
    "[a:b = h'0']",
    "[a:b = b'====']",
    "[a:b = b'']",
    "[a:b = '\\n']",
    "[a:b = t'2024-13-01T12:00:00Z']",
    '[a:b = TRUE]',
    '[NOT a:b = 1]',
    '[a:b = 1] within 2 SECONDS',
    '[a:b = 1] WITHIN -5 SECONDS',
    '[a:b = 1] WITHIN 5 HOURS',
    '[a:b = 1] REPEATS 1.5 TIMES',
    '[a:b = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS',
    "[a:b = 1] START '2020' STOP '2021'",
    '[a:b = 1] LAST',
    '[a:b = 1] /* open',
    "[file:hashes.'SHA-256' = 'f00']",
    '[a:b.[0] = 1]',
    "['a':b = 1]",
    '[a-b:c-d = 1]',
  ])('refuses %s', (pattern) => {
    expect(() => parsePattern(pattern)).toThrowError(expect.objectContaining({ code: 'COALITION_PATTERN' }));
  });

  it('takes a second qualifier of a kind behind parentheses', () => {
    expect(parsePattern('([a:b = 1] REPEATS 2 TIMES) REPEATS 3 TIMES')).toMatchObject({ times: 3 });
  });

  it('ends at its limits, quickly', () => {
    const limit = expect.objectContaining({ code: 'COALITION_LIMIT' });
    const deep = STIX_LIMITS.patternDepth;
    const nested = (depth: number) => `${'('.repeat(depth)}[a:b = 1]${')'.repeat(depth)}`;
    expect(parsePattern(nested(deep))).toMatchObject({ kind: 'observation' });
    expect(() => parsePattern(nested(deep + 1))).toThrowError(limit);
    expect(() => parsePattern('['.repeat(1e6))).toThrowError(limit);
    expect(() => parsePattern(`[a:b = 1${' OR a:b = 1'.repeat(5000)}]`)).toThrowError(limit);
    expect(() => parsePattern(`[a:b IN (${'1,'.repeat(5000)}1)]`)).toThrowError(limit);
    for (const hostile of [
      '0',
      "'",
      '/*',
      '/',
      "h'",
      '\\',
      '+',
      '.',
      "b'YQ==",
      '*/',
      '(',
      'a-',
      '\u00a0',
      "t'2",
    ]) {
      const text = hostile.repeat(60_000 / hostile.length);
      const from = performance.now();
      expect(() => parsePattern(text)).toThrowError();
      expect(() => parsePattern(`[a:b = ${text}`.slice(0, 65_000))).toThrowError();
      // Seconds where reading were quadratic.
      expect(performance.now() - from).toBeLessThan(1000);
    }
  });
});
