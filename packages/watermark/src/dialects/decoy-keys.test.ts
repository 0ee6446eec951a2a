import { describe, expect, it } from 'vitest';
import { openDecoys } from './decoy-keys.js';
import { dialects } from './registry.js';

const KEYS: Record<string, { parameters: object; key: string }> = {
  'phalanx-gumbel': { parameters: {}, key: '00112233445566778899aabbccddeeff' },
  'phalanx-multibit': { parameters: { bits: 4 }, key: '00112233445566778899aabbccddeeff:3' },
  'vllm-gumbel': { parameters: {}, key: '42' },
  'sglang-dual-gumbel': { parameters: {}, key: '42,43' },
  'hf-kgw': { parameters: { vocabulary: 1000 }, key: '15485863' },
};

describe('decoys', () => {
  it('are marks of the dialect under other keys', () => {
    for (const [name, { parameters, key }] of Object.entries(KEYS)) {
      const parsed = dialects[name]!.parameters.safeParse(parameters);
      expect(parsed.success, `${name}: ${parsed.error?.message}`).toBe(true);
      const open = openDecoys(name, parsed.data, key);
      const ngrams = {
        width: open().contextWidth + 1,
        count: 64,
        tokens: Int32Array.from({ length: 64 * (open().contextWidth + 1) }, (_, i) => (i * 7919) % 997),
        text: new Uint32Array(64),
        position: new Uint32Array(64),
        repeated: 0,
        unscored: 0,
      };
      const read = () => open().read(ngrams).join();
      expect(new Set(Array.from({ length: 20 }, read)).size, name).toBe(20);
    }
  });

  it('are refused for a key that the dialect does not take', () => {
    expect(() => openDecoys('phalanx-gumbel', {}, '42')).toThrow(/another form/);
  });
});
