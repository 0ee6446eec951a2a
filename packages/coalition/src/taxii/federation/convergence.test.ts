import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TlpLevel } from '../../stix/marking/tlp.js';
import { digestObject } from '../../stix/object-digest.js';
import type { StixObject } from '../../stix/stix-object.js';
import { COLLECTION, changeSigned, Hub, KeptState, LABS, makeSigned, pull } from './hubs.test.support.js';

const LEVELS: readonly TlpLevel[] = ['clear', 'green', 'amber', 'amber+strict', 'red'];
const RELAYED = new Set<TlpLevel>(['clear', 'green', 'amber']);

const step = fc.oneof(
  fc.record({ kind: fc.constant('post' as const), hub: fc.nat(5), level: fc.constantFrom(...LEVELS) }),
  fc.record({ kind: fc.constant('change' as const), which: fc.nat(50), revoke: fc.boolean() }),
  fc.record({
    kind: fc.constant('pull' as const),
    edge: fc.nat(30),
    crash: fc.boolean(),
    lost: fc.boolean(),
  }),
);

interface Posted {
  readonly hub: number;
  readonly level: TlpLevel;
  object: StixObject;
  readonly digests: string[];
}

it('hubs in any topology come to have all that may reach them, once, over crashes; and then are quiet', async () => {
  const moved = { relayed: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 3, max: 6 }),
      fc.uniqueArray(fc.tuple(fc.nat(5), fc.nat(5)), {
        minLength: 2,
        maxLength: 14,
        selector: (edge) => edge.join(),
      }),
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.boolean(),
      async (size, drawn, steps, throughServer) => {
        const hubs = Array.from({ length: size }, (_, at) => new Hub(at));
        const edges = drawn
          .map(([from, to]) => ({ from: from % size, to: to % size }))
          .filter(({ from, to }) => from !== to)
          .map((edge) => ({ ...edge, state: new KeptState() }));
        const posted: Posted[] = [];
        let added = 0;
        const follow = async (at: number, crash: boolean, lost: boolean) => {
          const { from, to, state } = edges[at]!;
          state.crashes = crash;
          let requests = 0;
          const client = hubs[from]!.connect(null, (inner) => async (request) => {
            const answer = await inner(request);
            if (lost && ++requests === 1) throw new TypeError('socket hang up');
            return answer;
          });
          const before = (await hubs[to]!.listDigests()).length;
          await pull(client, hubs[to]!.target(throughServer), state).catch((error: Error) => {
            expect(error.message).toBe('killed');
          });
          const gained = (await hubs[to]!.listDigests()).length - before;
          added += gained;
          return gained;
        };
        for (const one of steps) {
          if (one.kind === 'post') {
            const hub = one.hub % size;
            const object = makeSigned(LABS[hub]!, one.level);
            const [result] = await hubs[hub]!.connect(LABS[hub]!).post(COLLECTION, [object]);
            expect(result).toMatchObject({ outcome: 'accepted' });
            posted.push({ hub, level: one.level, object, digests: [digestObject(object)] });
          } else if (one.kind === 'change') {
            const target = posted[one.which % Math.max(1, posted.length)];
            if (target === undefined || target.object.revoked === true) continue;
            target.object = changeSigned(LABS[target.hub]!, target.object, one.revoke);
            target.digests.push(digestObject(target.object));
            const [result] = await hubs[target.hub]!.connect(LABS[target.hub]!).post(COLLECTION, [
              target.object,
            ]);
            expect(result).toMatchObject({ outcome: 'accepted' });
          } else if (edges.length > 0) await follow(one.edge % edges.length, one.crash, one.lost);
        }
        // As many rounds as the longest way has steps, and one in which nothing moves.
        for (let round = 0; round < size; round++) {
          for (const at of edges.keys()) {
            const gained = await follow(at, false, false);
            if (round === size - 1) expect(gained).toBe(0);
          }
        }
        let relayed = 0;
        for (const [at, hub] of hubs.entries()) {
          const reaching = reach(at, edges);
          const expected = posted
            .filter((one) => one.hub === at || (reaching.has(one.hub) && RELAYED.has(one.level)))
            .flatMap(({ digests }) => digests)
            .sort();
          expect(await hub.listDigests()).toEqual(expected);
          relayed +=
            expected.length - posted.filter((one) => one.hub === at).flatMap(({ digests }) => digests).length;
        }
        expect(added).toBe(relayed);
        moved.relayed += relayed;
      },
    ),
    { numRuns: 8 },
  );
  expect(moved.relayed).toBeGreaterThan(20);
}, 60_000);

/** Hubs whose objects come to one, over however many others. */
function reach(to: number, edges: readonly { from: number; to: number }[]): Set<number> {
  const found = new Set([to]);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const edge of edges) if (found.has(edge.to)) found.add(edge.from);
  }
  return found;
}
