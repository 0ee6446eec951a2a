import { describe, expect, it } from 'vitest';
import {
  drawTorchIntegers,
  drawTorchMantissas,
  permuteTorch,
  pickTorchMantissas,
  reduceTorchSeed,
} from './torch-generator.js';

describe('torch’s CPU generator', () => {
  it('permutes as torch does', () => {
    expect([...permuteTorch(0, 10)]).toEqual([4, 1, 7, 5, 3, 9, 0, 8, 6, 2]);
    expect([...permuteTorch(0, 50257).subarray(0, 5)]).toEqual([32487, 28000, 28825, 16393, 15419]);
    expect([...permuteTorch(15485863, 1_000_003).subarray(0, 4)]).toEqual([138280, 994103, 467886, 915329]);
    expect([...permuteTorch(3, 9000, 700)]).toEqual([...permuteTorch(3, 9000).subarray(0, 700)]);
    expect([...permuteTorch(7, 1)]).toEqual([0]);
    expect([...permuteTorch(7, 0)]).toEqual([]);
  });

  it('draws as torch does', () => {
    expect([...drawTorchMantissas(0, 4)]).toEqual([8325804, 12888623, 1484405, 2215104]);
    expect([...drawTorchIntegers(0, 2, 16)].join('')).toBe('0110111111100100');
    const places = Uint32Array.of(1999, 0, 700, 0, 623, 624);
    const all = drawTorchMantissas(9, 2000);
    expect([...pickTorchMantissas(9, places)]).toEqual([...places].map((place) => all[place]));
  });

  it('keeps 32 bits of a seed that Python reduced', () => {
    expect(reduceTorchSeed(5n)).toBe(5);
    expect(reduceTorchSeed(5n + 2n ** 32n)).toBe(5);
    expect(reduceTorchSeed(-1n)).toBe(2 ** 32 - 2);
    expect(reduceTorchSeed(2n ** 64n - 1n)).toBe(0);
    expect(reduceTorchSeed(2n ** 64n + 6n)).toBe(7);
  });

  it('refuses lengths that it has no room for', () => {
    expect(() => permuteTorch(1, 2 ** 20 + 1)).toThrow(/length of a permutation/);
    expect(() => drawTorchMantissas(1, -1)).toThrow(/length of a stream/);
    expect(() => drawTorchIntegers(1, 2 ** 29, 4)).toThrow(/range of integers/);
  });
});
