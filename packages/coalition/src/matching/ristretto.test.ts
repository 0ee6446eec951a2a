import { toHex } from '@phalanx/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  addPoints,
  addScalars,
  decodePoint,
  decodeScalar,
  drawScalar,
  GENERATOR,
  invertScalar,
  invertScalars,
  isZero,
  multiplyBase,
  multiplyPoint,
  multiplyScalars,
  ONE,
  pointFromUniform,
  reduceScalar,
  scalarOf,
  subtractScalars,
} from './ristretto.js';

const fails = expect.objectContaining({ code: 'COALITION_MATCHING' });
const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

it('has the generator and its double of RFC 9496, appendix A.1', () => {
  expect(toHex(GENERATOR)).toBe('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76');
  expect(toHex(multiplyBase(scalarOf(2)))).toBe(
    '6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919',
  );
});

// Appendix A.2 of RFC 9496: not canonical, negative, not a square, negative xy, y = 0; and the identity, other lengths.
it.each([
  '00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20',
  '26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371',
  '0000000000000000000000000000000000000000000000000000000000000000',
  'e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d',
  '',
])('refuses the point %s', (bytes) => {
  expect(() => decodePoint(hex(bytes))).toThrow(fails);
  if (bytes.length === 64) expect(() => multiplyPoint(ONE, hex(bytes))).toThrow(fails);
});

it.each([
  '0000000000000000000000000000000000000000000000000000000000000000',
  'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010',
  'eed3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '01',
])('refuses the scalar %s', (bytes) => {
  expect(() => decodeScalar(hex(bytes))).toThrow(fails);
});

it('takes the largest scalar', () => {
  const largest = hex('ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
  expect(decodeScalar(largest)).toBe(largest);
  expect(toHex(addScalars(largest, ONE))).toBe('00'.repeat(32));
});

it('refuses keys that are zero', () => {
  const zero = new Uint8Array(32);
  expect(() => multiplyBase(zero)).toThrow(fails);
  expect(() => multiplyPoint(zero, GENERATOR)).toThrow(fails);
  expect(() => invertScalar(zero)).toThrow(fails);
  expect(() => invertScalars([ONE, zero])).toThrow(fails);
});

const scalar = fc.uint8Array({ minLength: 64, maxLength: 64 }).map(reduceScalar);
const point = fc.uint8Array({ minLength: 64, maxLength: 64 }).map(pointFromUniform);

it('is a group and a field', () => {
  fc.assert(
    fc.property(scalar, scalar, point, (a, b, p) => {
      fc.pre(![a, b, addScalars(a, b)].some(isZero));
      expect(multiplyPoint(addScalars(a, b), p)).toEqual(addPoints(multiplyPoint(a, p), multiplyPoint(b, p)));
      expect(multiplyPoint(a, multiplyPoint(b, p))).toEqual(multiplyPoint(multiplyScalars(a, b), p));
      expect(multiplyScalars(a, invertScalar(a))).toEqual(ONE);
      expect(subtractScalars(addScalars(a, b), b)).toEqual(a);
    }),
    { numRuns: 30 },
  );
});

it('inverts many at once', () => {
  const scalars = Array.from({ length: 9 }, drawScalar);
  expect(invertScalars(scalars)).toEqual(scalars.map(invertScalar));
});
