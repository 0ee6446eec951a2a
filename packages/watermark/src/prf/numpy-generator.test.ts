import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { drawNumpyWords, expandNumpySeed, shuffleNumpyMask } from './numpy-generator.js';

// Numbers printed by numpy 2.4.6: SeedSequence.generate_state, PCG64.random_raw, default_rng(seed).shuffle of a mask.
describe('numpy’s generator', () => {
  it('expands a seed as SeedSequence does', () => {
    expect([...expandNumpySeed(12345, 8)]).toEqual([
      2688385916, 3048105090, 4196366895, 3152189807, 924159892, 1692637855, 2685664627, 1052446614,
    ]);
  });

  it('draws as PCG64 does', () => {
    expect([...drawNumpyWords(12345, 3)]).toEqual([
      4193609425186963869n,
      5843160025838961886n,
      14708796524633321433n,
    ]);
    expect([...drawNumpyWords(0, 2)]).toEqual([11749869230777074271n, 4976686463289251617n]);
  });

  it('shuffles a mask as Generator.shuffle does', () => {
    expect(shuffleNumpyMask(0, 20, 5).join('')).toBe('10010010001000000010');
    const large = shuffleNumpyMask(4294967295, 50257, 25128);
    expect(createHash('sha256').update(large).digest('hex')).toBe(
      'c736045e803450a5c5ae967307c095f92745bd40adbdadc554f09b697a3e3252',
    );
    expect(shuffleNumpyMask(1, 0, 0)).toHaveLength(0);
  });

  it('refuses masks that it has no room for', () => {
    expect(() => shuffleNumpyMask(1, 2 ** 20 + 1, 1)).toThrow(/length of a mask/);
    expect(() => shuffleNumpyMask(1, 10, 11)).toThrow(/ones of a mask/);
  });
});
