import type { AccountActivity } from '@phalanx/domain';
import { expect, it } from 'vitest';
import { choosePeers, compareWithPeers, peerOfRow, sayChance } from './peers.js';

/** Accounts 1, 2, ... with so many exchanges each; the first `members` are the pool. */
function choose(exchanges: readonly number[], members: number) {
  const account = BigUint64Array.from(exchanges, (_, i) => BigInt(i + 1));
  const activity = { account, exchanges: Uint32Array.from(exchanges) } as AccountActivity;
  return choosePeers({ memberSet: new Set(account.slice(0, members)) }, activity);
}
const fill = (count: number, volume: number) => new Array<number>(count).fill(volume);

it('takes four others a member, of like volume, and no more members than others', () => {
  const exchanges = [
    ...fill(20, 10),
    ...fill(30, 100),
    ...fill(200, 10),
    ...fill(5, 100),
    ...fill(300, 1000),
  ];
  const { account, isMember, start } = choose(exchanges, 50)!;
  const strata = [...start.slice(1)].map((end, s) => {
    const volumes = new Set([...account.slice(start[s], end)].map((hash) => exchanges[Number(hash) - 1]!));
    const members = isMember.slice(start[s], end).reduce((sum, mark) => sum + mark, 0);
    return { volumes: [...volumes], members, others: end - start[s]! - members };
  });
  expect(strata.sort((a, b) => a.volumes[0]! - b.volumes[0]!)).toEqual([
    { volumes: [10], members: 20, others: 80 },
    { volumes: [100], members: 5, others: 5 },
  ]);
  expect(new Set(account).size).toBe(110);
});

it('knows at most 1,000 members, and answers null below ten with company', () => {
  const { isMember } = choose(fill(9000, 5), 1500)!;
  expect([isMember.length, isMember.reduce((sum, mark) => sum + mark, 0)]).toEqual([5000, 1000]);
  expect(choose([...fill(40, 5), ...fill(9, 5)], 40)).toBeNull();
  expect(choose([...fill(40, 5), ...fill(99, 500)], 40)).toBeNull();
});

it('draws groups with as many accounts of each stratum as the pool has', () => {
  const peers = choose([...fill(10, 10), ...fill(4, 100), ...fill(60, 10), ...fill(60, 100)], 14)!;
  const sizes = new Set<string>();
  const { observed, typical } = compareWithPeers(peers, (group) => {
    const counts = [...peers.start.slice(1)].map((end, s) =>
      group.slice(peers.start[s], end).reduce((sum, mark) => sum + mark, 0),
    );
    sizes.add(counts.sort().join());
    return group.reduce((sum, mark, i) => sum + mark * peers.isMember[i]!, 0);
  });
  expect([...sizes]).toEqual(['10,4']);
  expect(observed).toBe(14);
  expect(typical).toBeCloseTo(14 / 5, 0);
  const sample = { account: BigUint64Array.of(peers.account[3]!, 9999n) };
  expect([...peerOfRow(peers, sample)]).toEqual([3, -1]);
});

it('writes a p-value that is neither 0 nor minus 0', () => {
  expect(sayChance(Math.log(1 / 1000), 'x')).toBe('log10 p -3.00 against x');
  expect(sayChance(-1e-9, 'x')).toBe('log10 p 0.00 against x');
});
