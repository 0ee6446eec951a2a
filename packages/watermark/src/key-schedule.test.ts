import { describe, expect, it } from 'vitest';
import { deriveMarkKey, foreignKeyId, markKeyId } from './key-schedule.js';

const master = Uint8Array.from({ length: 32 }, (_, i) => i);
const scope = { tenant: 'tenant-1', model: 'example-7b', epoch: '2026-11' };

describe('the key schedule', () => {
  it('has a key for each tenant, model and epoch', () => {
    const scopes = [
      scope,
      { ...scope, tenant: 'tenant-2' },
      { ...scope, model: 'example-8b' },
      { ...scope, epoch: '2026-12' },
      { tenant: 'tenant-1","example-7b', model: '2026-11', epoch: 'x' },
    ];
    const keys = scopes.map((each) => Buffer.from(deriveMarkKey(master, each)).toString('hex'));
    expect(new Set(keys).size).toBe(scopes.length);
    expect(keys[0]).toHaveLength(32);
  });

  it('names keys without showing them', () => {
    const key = deriveMarkKey(master, scope);
    expect(markKeyId(key)).toMatch(/^[0-9a-f]{32}$/);
    expect(markKeyId(key)).not.toBe(Buffer.from(key).toString('hex'));
    expect(foreignKeyId(master, 'vllm-gumbel', '42')).not.toBe(foreignKeyId(master, 'hf-kgw', '42'));
    expect(foreignKeyId(master, 'vllm-gumbel', '42')).not.toBe(
      foreignKeyId(
        master.map((byte) => byte ^ 1),
        'vllm-gumbel',
        '42',
      ),
    );
    expect(() => markKeyId(new Uint8Array(8))).toThrow('16 bytes');
  });

  it('refuses a short master secret and names without content', () => {
    expect(() => deriveMarkKey(new Uint8Array(16), scope)).toThrow('32 bytes');
    expect(() => deriveMarkKey(master, { ...scope, tenant: '' })).toThrow('tenant');
    expect(() => deriveMarkKey(master, { ...scope, model: 'x'.repeat(257) })).toThrow('model');
  });
});
