import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBlocks, findBlockFormat } from './gguf-block.js';
import { JUDGED_NUMBERS, JUDGED_QUANTA } from './gguf-block.test.support.js';
import { encodeNumbers, numberToHalf } from './number-encoding.js';
import { decodeNumbers, halfToNumber } from './number-format.js';
import { encodeBlocks } from './quantization.js';

const block = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }), {
  minLength: 32,
  maxLength: 32,
});

describe('number encoding', () => {
  it('gives every half back, and NaN as NaN', () => {
    const changed: number[] = [];
    for (let bits = 0; bits < 65_536; bits++) {
      const value = halfToNumber(bits);
      const back = numberToHalf(value);
      if (Number.isNaN(value) ? !Number.isNaN(halfToNumber(back)) : back !== bits) changed.push(bits);
    }
    expect(changed).toEqual([]);
  });

  it('rounds to nearest, ties to even, as IEEE 754 has it', () => {
    const half = (value: number) => halfToNumber(numberToHalf(value));
    expect(half(2049)).toBe(2048);
    expect(half(2051)).toBe(2052);
    expect(half(65_519)).toBe(65_504);
    expect(half(65_520)).toBe(Number.POSITIVE_INFINITY);
    expect(half(2 ** -25)).toBe(0);
    expect(half(2 ** -25 * 1.5)).toBe(2 ** -24);
    expect(half(-(2 ** -24) * 2.5)).toBe(-(2 ** -24) * 2);
  });

  it('never errs by more than half a step', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true, min: -60_000, max: 60_000 }), (value) => {
        const step = Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - 10));
        expect(Math.abs(halfToNumber(numberToHalf(value)) - value)).toBeLessThanOrEqual(step / 2);
        const [brain] = decodeNumbers('BF16', encodeNumbers('BF16', Float32Array.of(value)));
        expect(Math.abs(brain! - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -8 + 2 ** -134);
      }),
      { numRuns: 2_000 },
    );
  });

  it('copies floats and refuses what it does not write', () => {
    const numbers = Float32Array.of(1, Number.NaN, -0);
    const bytes = encodeNumbers('F32', numbers.subarray(1));
    numbers[2] = 5;
    expect([...decodeNumbers('F32', bytes)]).toEqual([Number.NaN, -0]);
    expect(decodeNumbers('BF16', encodeNumbers('BF16', Float32Array.of(Number.NaN)))[0]).toBeNaN();
    expect(() => encodeNumbers('I8', numbers)).toThrow('are not written');
  });
});

describe('quantisation', () => {
  it('packs blocks bit for bit as gguf-py', () => {
    const numbers = Float32Array.from({ length: 32 }, (_, i) => JUDGED_NUMBERS[i % 8]!);
    for (const [format, packed] of Object.entries(JUDGED_QUANTA))
      expect(Buffer.from(encodeBlocks(format, numbers)).toString('base64')).toBe(packed);
  });

  it('errs by half a step of Q8_0, and by one of Q4_0 where the range is not even', () => {
    fc.assert(
      fc.property(block, (values) => {
        const numbers = Float32Array.from(values);
        const largest = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        for (const [format, steps] of [
          ['Q8_0', 127 * 2],
          ['Q4_0', 8],
        ] as const) {
          const back = decodeBlocks(findBlockFormat(format), encodeBlocks(format, numbers));
          // The scale itself is rounded to 11 bits; below 2^-14 it has fewer.
          const slack = largest * 2 ** -10 + 8 * 2 ** -24;
          for (let i = 0; i < 32; i++)
            expect(Math.abs(back[i]! - numbers[i]!)).toBeLessThanOrEqual(
              largest / steps + slack * (format === 'Q8_0' ? 127 : 1),
            );
        }
      }),
    );
  });

  it('refuses parts of blocks and numbers that no block holds', () => {
    expect(() => encodeBlocks('Q8_0', new Float32Array(31))).toThrow('no whole blocks');
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 3e38])
      for (const format of ['Q8_0', 'Q4_0'])
        expect(() => encodeBlocks(format, new Float32Array(32).fill(value))).toThrow(/finite|too large/);
    expect(() => encodeBlocks('Q4_K', new Float32Array(256))).toThrow('are not written');
  });
});
