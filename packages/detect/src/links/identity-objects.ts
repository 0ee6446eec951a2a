import type { KeyedCounts } from '@phalanx/domain';
import type { Population } from '../population/population.js';
import type { SharedObjects } from './object-communities.js';

/** Payment instruments, sign-up networks and sign-up devices as shared objects, from what the provider knows. */
export function identityObjects(population: Population): SharedObjects[] {
  const { facts, factRow, account } = population;
  const kinds: [string, BigUint64Array][] = [
    ['payment', facts.payment],
    ['sign-up network', facts.signupNetwork],
    ['sign-up device', facts.signupDevice],
  ];
  return kinds.map(([kind, column]) => {
    const who: bigint[] = [];
    const what: bigint[] = [];
    factRow.forEach((row, i) => {
      if (row < 0 || column[row] === 0n) return;
      who.push(account[i]!);
      what.push(column[row]!);
    });
    const touched: KeyedCounts = {
      account: BigUint64Array.from(who),
      key: BigUint64Array.from(what),
      count: new Uint32Array(who.length).fill(1),
    };
    return { kind, touched };
  });
}
