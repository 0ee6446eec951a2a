import { Intent } from '@phalanx/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEAD_BYTES, TAIL_BYTES, WHOLE_BYTES } from './kernel.js';
import { createSketcher } from './sketcher.js';

const sketcher = createSketcher(new Uint8Array(32).fill(9));
const isSet = (text: string) => (sketcher.sketchPrompt(text).intents & Intent.IDENTIFIER) !== 0;

/** Section 10 of docs/spec/template-fingerprint.md by regular expression; for texts that are sketched whole. */
function isSetByRule(text: string): boolean {
  const runs = text.match(/[0-9A-Za-z]+(?:[-_:][0-9A-Za-z]+)*/g) ?? [];
  return runs.some((run) => run.length <= 64 && run.replace(/[^0-9]/g, '').length >= 5);
}

describe('the IDENTIFIER intent', () => {
  it.each([
    '884213',
    '2026-02-03',
    '2026-02-03T10:15:22',
    '10:15:22',
    'A-48213-X',
    '123e4567-e89b-12d3-a456-426614174000',
    '9f3c1a7e0b42',
    'id_123456',
    '1-2_3:4-5',
    '3.14159',
    '+1 (202) 555-0123, extension 7',
    'café12345٦',
    '好12345好',
  ])('is set by %j, wherever it stands', (identifier) => {
    expect(isSetByRule(identifier)).toBe(true);
    for (const before of ['', 'order ', 'one two three.', '-', 'é好 '.repeat(9), '1 '.repeat(50)])
      for (const after of ['', '.', ' 1', '_', '--7', ' x'.repeat(40)])
        expect([before, after, isSet(`${before}${identifier}${after}`)]).toEqual([before, after, true]);
  });

  it.each([
    '',
    '1234',
    '1,000,000',
    '1.2.3.4.5',
    '2026',
    '[1, 2, 3, 4, 5]',
    '10:15',
    '123--456',
    '123-_456',
    '123:-:456',
    '-1234-',
    '_1234:',
    '1234-',
    '1234 5678',
    '1234\n5678',
    '1234\u200b5678',
    '1234\u00005678',
    '12é34',
    '１２３４５６',
    '٠١٢٣٤٥٦',
    '१२३४५६',
    '²³¹⁴⁵⁶',
    'aB-cD_eF:gH',
    '/0123:;4567@',
    '0123`4567{8',
    'one-two-three-1-2-3-4',
  ])('is not set by %j', (text) => {
    expect(isSetByRule(text)).toBe(false);
    for (const before of ['', 'one two three ', 'é好 '.repeat(9)])
      for (const after of ['', ' x'.repeat(40)]) expect(isSet(`${before}${text}${after}`)).toBe(false);
  });

  it('takes a run of 64 characters and none of 65, nor a part of one', () => {
    for (const [run, fits] of [
      ['1'.repeat(64), true],
      ['1'.repeat(65), false],
      [`${'x'.repeat(59)}12345`, true],
      [`${'x'.repeat(60)}12345`, false],
      [`12345${'x'.repeat(59)}`, true],
      [`12345${'x'.repeat(60)}`, false],
      [`12${'-x'.repeat(28)}-1-1-1`, true],
      [`1${'-x'.repeat(28)}-1-1-1-1`, false],
      [`12${'-x'.repeat(29)}-1-1`, false],
      ['a1-'.repeat(400), false],
      ['0'.repeat(2000), false],
    ] as const)
      for (let shift = 0; shift < 20; shift++) {
        const text = `${' '.repeat(shift)}${run}`;
        expect([text, isSetByRule(text), isSet(text), isSet(`${text}-.`)]).toEqual([text, fits, fits, fits]);
      }
  });

  it('looks on behind a run that is too long', () => {
    expect(isSet(`${'1'.repeat(90)} 1234 12345`)).toBe(true);
    expect(isSet(`${'1'.repeat(90)} 1234`)).toBe(false);
  });

  it('reads no byte of an earlier text', () => {
    for (let size = 0; size < 40; size++) {
      isSet('1'.repeat(64));
      expect(isSet(`${' '.repeat(size)}1234`)).toBe(false);
      isSet('7'.repeat(200));
      expect(isSet(`${' '.repeat(size)}12-`)).toBe(false);
    }
  });

  it('reads the whole of what is kept of a long text, and joins nothing over the gap', () => {
    const whole = (at: number, size = WHOLE_BYTES) => `${' '.repeat(at)}12345${' '.repeat(size - at - 5)}`;
    for (const at of [0, 30_000, HEAD_BYTES - 2, WHOLE_BYTES - 5]) expect(isSet(whole(at))).toBe(true);
    const size = 100_000;
    expect(isSet(whole(HEAD_BYTES - 5, size))).toBe(true);
    // Its last digit is left out.
    expect(isSet(whole(HEAD_BYTES - 4, size))).toBe(false);
    expect(isSet(whole(70_000, size))).toBe(false);
    expect(isSet(whole(size - TAIL_BYTES - 1, size))).toBe(false);
    expect(isSet(whole(size - TAIL_BYTES, size))).toBe(true);
    expect(isSet(`${' '.repeat(HEAD_BYTES - 4)}${'1'.repeat(50_000)}${' '.repeat(TAIL_BYTES - 4)}`)).toBe(
      false,
    );
    // A run cut by the gap is as long as what is left of it.
    expect(isSet(`${' '.repeat(HEAD_BYTES - 64)}${'1'.repeat(50_000)}${' '.repeat(TAIL_BYTES)}`)).toBe(true);
    expect(isSet(`${' '.repeat(HEAD_BYTES - 65)}${'1'.repeat(50_000)}${' '.repeat(TAIL_BYTES)}`)).toBe(false);
  });

  it('agrees with a regular expression on 20,000 random texts', () => {
    const piece = fc.oneof(
      fc.stringMatching(/^[0-9]{1,4}[a-f_:-]{0,3}[0-9]{0,3}$/),
      fc.stringMatching(/^[0-9a-zA-Z_:-]{0,12}$/),
      fc.constantFrom('1', '12', '1234', '-', '_', ':', '--', ' ', '.', 'x', 'é', '好', '𠀀', '\0', '\u200b'),
      fc.nat(70).map((n) => 'x'.repeat(n)),
      fc.nat(20).map((n) => ' '.repeat(n)),
      fc.string({ unit: 'binary', maxLength: 4 }),
    );
    let set = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        expect(isSet(text)).toBe(isSetByRule(text));
        if (isSet(text)) set++;
      }),
      { numRuns: 20_000 },
    );
    expect(set).toBeGreaterThan(2000);
    expect(set).toBeLessThan(18_000);
  });
});
