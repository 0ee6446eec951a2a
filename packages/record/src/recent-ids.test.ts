import { expect, it } from 'vitest';
import { RecentIds } from './recent-ids.js';

const chain = new Uint8Array(16);

function id(n: number): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(n);
  return bytes;
}

it('knows the last 262,144, and forgets the oldest first', () => {
  const recent = new RecentIds();
  const { capacity } = recent;
  let known = 0;
  for (let n = 0; n < 3 * capacity; n++) if (!recent.add(id(n), chain, 0)) known++;
  expect(known).toBe(0);
  for (const n of [2 * capacity, 3 * capacity - 1]) expect(recent.add(id(n), chain, 0)).toBe(false);
  expect(recent.add(id(2 * capacity - 1), chain, 0)).toBe(true);
  expect(recent.add(id(2 * capacity), chain, 0)).toBe(true);
  expect(recent.add(id(2 * capacity + 2), chain, 0)).toBe(false);
});

it('tells exchanges of one id by chain and time', () => {
  const recent = new RecentIds();
  expect(recent.add(id(1), chain, 0)).toBe(true);
  expect(recent.add(id(1), chain, 1)).toBe(true);
  expect(recent.add(id(1), Uint8Array.of(...chain.slice(1), 1), 0)).toBe(true);
  expect(recent.add(id(1), chain, 0)).toBe(false);
});
