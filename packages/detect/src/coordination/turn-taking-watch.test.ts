import { expect, it } from 'vitest';
import { askTurns } from './turn-taking-watch.js';

const range = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);

it('asks for up to 300 members and twice as many others of like volume, none of them a member', () => {
  const exchanges = new Float64Array(2000).fill(20);
  exchanges.fill(200, 1500);
  const asked = askTurns(range(0, 500), exchanges)!;
  const [clock, other] = asked.others;
  expect([asked.members.length, clock.length, other.length]).toEqual([300, 300, 300]);
  expect(new Set([...asked.members, ...clock, ...other]).size).toBe(900);
  for (const account of [...clock, ...other]) {
    expect(account).toBeGreaterThanOrEqual(500);
    expect(exchanges[account]).toBe(20);
  }
});

it('asks for fewer accounts the more they send, and for none without enough others to tell the time by', () => {
  const exchanges = new Float64Array(1000).fill(600);
  expect(askTurns(range(0, 500), exchanges)!.members).toHaveLength(100);
  expect(askTurns(range(0, 950), exchanges)).toBeNull();
  expect(askTurns(range(0, 500), new Float64Array(1000))).toBeNull();
});
