import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RAW_CHARS, MAX_TEXT_CHARS } from './limits.js';
import { normaliseText } from './normalised-text.js';

const PROSE = "The cop was sorry, or so he said: 'a man of my age does not run.' I nodded, and so did you.";
const NOTHING = { homoglyphs: 0, invisible: 0, exoticSpaces: 0, spaceRuns: 0 };
const prose = (text: string) => normaliseText(text, 'text');

/** As an attacker does it: every letter that has a likeness. */
const CYRILLIC: Record<string, string> = {
  a: 'а',
  e: 'е',
  o: 'о',
  p: 'р',
  c: 'с',
  y: 'у',
  i: 'і',
  I: 'І',
  T: 'Т',
};

describe('normaliseText', () => {
  it('undoes homoglyphs, zero-width characters, spaces and case-free dress, and counts them', () => {
    const attacked = [...PROSE].map((letter) => CYRILLIC[letter] ?? letter).join('');
    const swapped = [...PROSE].filter((letter) => letter in CYRILLIC).length;
    expect(prose(attacked)).toEqual({
      text: PROSE,
      repairs: { ...NOTHING, homoglyphs: swapped },
      truncated: false,
    });
    const zeroWidth = [...PROSE].join('\u200B');
    expect(prose(zeroWidth).text).toBe(PROSE);
    expect(prose(zeroWidth).repairs.invisible).toBeGreaterThan(PROSE.length * 0.8);
    expect(prose(PROSE.replaceAll(' ', '  '))).toMatchObject({
      text: PROSE,
      repairs: { ...NOTHING, spaceRuns: PROSE.split(' ').length - 1 },
    });
    expect(prose(PROSE.replaceAll(' ', '\u2003')).repairs.exoticSpaces).toBe(PROSE.split(' ').length - 1);
    const wide = [...PROSE]
      .map((c) => (/[!-~]/.test(c) ? String.fromCharCode(c.charCodeAt(0) + 0xfee0) : c))
      .join('');
    expect(prose(wide).text).toBe(PROSE);
    expect(prose('𝒯𝒽𝑒 𝐜𝐨𝐩 𝟏')).toMatchObject({ text: 'The cop 1', repairs: { ...NOTHING, homoglyphs: 7 } });
    expect(prose('The c\u0430t\u0301\u0301\u0301\u0301\u0301\u0301').repairs).toMatchObject({
      homoglyphs: 1,
      invisible: 2,
    });
  });

  it('gives a Latin letter back to a Russian or Greek word', () => {
    expect(prose('Мoре и лeс вечером')).toMatchObject({
      text: 'Море и лес вечером',
      repairs: { homoglyphs: 2 },
    });
    expect(prose('Τo παιδί και ο λόγοs').text).toBe('Το παιδί και ο λόγοs');
  });

  it.each([
    'А сосед сказал: это не мой хор, а ваш сор.',
    'Ο άνθρωπος και η θάλασσα, το 1821.',
    'می‌خواهم کتاب‌ها را ببینم',
    'क्षत्रिय न्‍यास',
    'Family 👩‍👩‍👧 and heart ❤️ here',
    'Tiếng Việt có nhiều dấu',
    'Straße, naïve, façade, Ångström, Dvořák, ığdır',
    'A is for а in Russian, об этом пишут.',
    'm² and 1º of the year',
  ])('leaves honest %s alone', (text) => {
    expect(prose(text)).toEqual({
      text: text.normalize('NFC').replace(/\u200C|\u200D|\uFE0F/g, ''),
      repairs: NOTHING,
      truncated: false,
    });
  });

  it('reads words of likenesses alone as Latin only beside a mixed word', () => {
    expect(prose('I ate а pear in a сор car').text).toBe('I ate а pear in a сор car');
    expect(prose('I аte а pear in a сор car')).toMatchObject({
      text: 'I ate a pear in a cop car',
      repairs: { homoglyphs: 5 },
    });
  });

  it('joins the lines of prose and keeps those of code, as depths', () => {
    expect(prose('  One.\r\n\r\nTwo  three.\t\n').text).toBe('One. Two three.');
    const code = 'def f(x):\n    if x:\n        return  1\n\n\n\n    return 2   \n';
    expect(normaliseText(code, 'code').text).toBe('def f(x):\n\tif x:\n\t\treturn 1\n\n\treturn 2');
    expect(normaliseText(code.replaceAll('    ', '\t'), 'code').text).toBe(normaliseText(code, 'code').text);
    expect(normaliseText(code.replaceAll('    ', '  '), 'code').text).toBe(normaliseText(code, 'code').text);
  });

  it('changes nothing the second time, whatever the text', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('cа', 'т', '\u0301', '\u200B', ' ', '\n', 'ﬁ', '…', 'Ａ', '\ud800', "'", 'ά', '가'),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.constantFrom('text' as const, 'code' as const), (pieces, kind) => {
        const once = normaliseText(pieces.join(''), kind);
        expect(normaliseText(once.text, kind).text).toBe(once.text);
        expect(once.text).toBe(once.text.normalize('NFC'));
      }),
      { numRuns: 300 },
    );
  });

  it('reads the head of a long text, and hostile ones in one pass', () => {
    const long = prose('word '.repeat(60_000));
    expect([long.text.length, long.truncated]).toEqual([MAX_TEXT_CHARS, true]);
    for (const unit of [
      '\u0301',
      '\u0327\u0301',
      'a\u0430',
      '\u200D',
      ' ',
      "'",
      '\t',
      '\n',
      '(',
      '\ud835\udc00',
    ])
      expect(normaliseText(unit.repeat(MAX_RAW_CHARS + 1), 'code').truncated).toBe(true);
  });
});
