import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json } from './canonical-json.js';

describe('canonicalJson', () => {
  it('sorts members by UTF-16 code units (RFC 8785 section 3.2.3, its example)', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(canonicalJson(value)))).toEqual([
      'One',
      'Carriage Return',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it('prints numbers as ECMAScript does (RFC 8785 section 3.2.2.3, appendix B)', () => {
    expect(canonicalJson([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0])).toBe(
      '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
    );
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], ['\ud800'], [undefined], [1n]])(
    'refuses %s',
    (value) => {
      expect(() => canonicalJson(value as never)).toThrowError(/no canonical JSON form/);
    },
  );

  it('is a fixed point, whatever the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        let once: string;
        try {
          once = canonicalJson(value as Json);
        } catch {
          return;
        }
        expect(canonicalJson(JSON.parse(once))).toBe(once);
      }),
    );
  });
});
