import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BLOCK_FORMATS, decodeBlocks, findBlockFormat } from './gguf-block.js';
import { JUDGED_BLOCKS } from './gguf-block.test.support.js';

describe('blocks of ggml', () => {
  for (const [name, { block, first, sha256 }] of Object.entries(JUDGED_BLOCKS))
    it(`decodes ${name} bit for bit as gguf-py`, () => {
      const numbers = decodeBlocks(findBlockFormat(name), Buffer.from(block, 'base64'));
      expect([...numbers.subarray(0, 3)]).toEqual([...first]);
      expect(createHash('sha256').update(new Uint8Array(numbers.buffer)).digest('hex')).toBe(sha256);
    });

  it('decodes several blocks, wherever they lie in memory', () => {
    const { block, first } = JUDGED_BLOCKS.Q8_0;
    const one = Buffer.from(block, 'base64');
    const shifted = Buffer.concat([Buffer.alloc(1), one, one]).subarray(1);
    const numbers = decodeBlocks(findBlockFormat('Q8_0'), shifted);
    expect(numbers).toHaveLength(64);
    expect([...numbers.subarray(32, 35)]).toEqual([...first]);
  });

  it('says so where a type is not decoded, or not known', () => {
    const undecoded = [...BLOCK_FORMATS.values()].filter(({ decode }) => decode === undefined);
    expect(undecoded.length).toBeGreaterThan(0);
    for (const format of undecoded)
      expect(() => decodeBlocks(format, new Uint8Array(format.bytes))).toThrow('is not decoded');
    expect(() => findBlockFormat('Q9_9')).toThrow('no tensor type');
  });
});
