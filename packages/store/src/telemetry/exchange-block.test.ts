import { describe, expect, it } from 'vitest';
import { ExchangeBlock } from './exchange-block.js';
import { decodeNative } from './native.js';
import { randomExchanges } from './random-exchanges.test.support.js';

const [record] = randomExchanges(1, 1);

describe('ExchangeBlock', () => {
  it('encodes the same rows to the same bytes, however it grew and whatever it held before', () => {
    const rows = randomExchanges(2, 5000);
    const fresh = new ExchangeBlock();
    for (const row of rows) fresh.push(row);
    const used = new ExchangeBlock();
    for (const row of randomExchanges(3, 9000)) used.push(row);
    used.clear();
    expect(used.rows).toBe(0);
    for (const row of rows) used.push(row);
    expect(Buffer.compare(used.encode(), fresh.encode())).toBe(0);
    expect(decodeNative(fresh.encode()).rows).toBe(5000);
  });

  it('copies what it is given', () => {
    const block = new ExchangeBlock();
    const id = new Uint8Array(16).fill(9);
    block.push({ ...record!, id });
    id.fill(0);
    const ids = decodeNative(block.encode()).columns.find((column) => column.name === 'id');
    expect(ids?.values).toEqual(new Uint8Array(16).fill(9));
  });

  it.each([
    ['id', new Uint8Array(15)],
    ['minhash', new Uint8Array(65)],
    ['topics', new Uint8Array(0)],
    ['responseMinhash', new Uint8Array(64)],
    ['atMs', -1],
    ['atMs', 10_413_792_000_000],
    ['atMs', Number.NaN],
    ['inputTokens', -1],
    ['durationMs', Number.NaN],
    ['account', -1n],
    ['network', 2n ** 64n],
  ])('refuses %s = %s and keeps the rows before it', (field, value) => {
    const block = new ExchangeBlock();
    block.push(record!);
    const before = block.encode();
    expect(() => block.push({ ...record!, [field]: value })).toThrow(
      expect.objectContaining({ code: 'STORE_ROW_INVALID' }),
    );
    expect(block.encode()).toEqual(before);
  });
});
