import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortenText, showInvisible } from './visible-text.js';

describe('visible text', () => {
  it('spells out what would hide or reorder', () => {
    expect(showInvisible('a\u202Eb\u001B[31m\u200B\n')).toBe('a\\u{202e}b\\u{1b}[31m\\u{200b}\\u{a}');
    expect(showInvisible('договор 契約 é')).toBe('договор 契約 é');
    expect(showInvisible('x\uD800y')).toBe('x\\u{d800}y');
  });

  it('leaves no control, bidi or surrogate character in any string', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(showInvisible(text)).not.toMatch(/[\p{Cc}\u200B-\u200F\u2028-\u202E\u2066-\u2069\p{Cs}]/u);
      }),
    );
  });

  it('keeps both ends and the limit', () => {
    expect(shortenText('abcdefghij', 5)).toBe('ab…ij');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 3, max: 40 }), (text, limit) => {
        expect([...shortenText(text, limit)].length).toBeLessThanOrEqual(limit);
      }),
    );
  });
});
