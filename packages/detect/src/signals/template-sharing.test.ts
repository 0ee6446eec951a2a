import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import {
  countFalseAlarms,
  drawTimes,
  makeEvidence,
  readLog10P,
  type SimulatedAccount,
} from './simulated-evidence.test.support.js';
import { groupTemplates } from './template-groups.js';
import { templateSharing } from './template-sharing.js';

const drawLanes = (random: Random) => Uint8Array.from({ length: 32 }, () => random.integer(256));

/** The lanes with up to `changes` of them drawn anew. */
function vary(lanes: Uint8Array, changes: number, random: Random): Uint8Array {
  const other = lanes.slice();
  for (let i = 0; i < changes; i++) other[random.integer(32)] = random.integer(256);
  return other;
}

/**
 * 150 accounts; every fourth prompt is cast from one of the account's three favourites among 30 public templates. One
 * prompt in ten of the 30 members comes from one of `own` templates.
 */
function makeAccounts(seed: number, own = 0): SimulatedAccount[] {
  const random = new Random(1000 + seed);
  const published = Array.from({ length: 30 }, () => drawLanes(random));
  const secret = Array.from({ length: own }, () => drawLanes(random));
  return Array.from({ length: 150 }, (_, i) => {
    const favourites = [1, 2, 3].map(() => published[random.integer(30)]!);
    const requests = drawTimes(random, 8 + random.integer(24)).map((atMs) => ({
      atMs,
      headLanes:
        own > 0 && i < 30 && random.bernoulli(0.1)
          ? vary(secret[random.integer(own)]!, 2, random)
          : random.bernoulli(0.25)
            ? vary(favourites[random.integer(3)]!, 2, random)
            : drawLanes(random),
    }));
    return { member: i < 30, requests };
  });
}

it('names p < 0.05 for honest accounts no more often than in one world of twenty', async () => {
  const { alarms, tooMany } = await countFalseAlarms(templateSharing, 100, (seed) =>
    makeEvidence(makeAccounts(seed)),
  );
  expect(tooMany, `${alarms} of 100`).toBe(false);
});

it('sees three secret templates in a tenth of the prompts', async () => {
  const evidence = await makeEvidence(makeAccounts(1, 3));
  const { effect } = templateSharing.measure(evidence)!;
  expect(effect.value).toBeGreaterThan(2 * effect.reference!);
  expect(readLog10P(templateSharing, evidence)).toBe(-3);
});

it('is silent without lanes and with too few prompts', async () => {
  const evidence = await makeEvidence(makeAccounts(1));
  expect(
    templateSharing.measure({
      ...evidence,
      peerSample: { ...evidence.peerSample, minhash: undefined } as never,
    }),
  ).toBeNull();
  const few = makeAccounts(1).map(({ member, requests }) => ({ member, requests: requests.slice(0, 3) }));
  expect(templateSharing.measure(await makeEvidence(few))).toBeNull();
});

it('groups what agrees in 28 lanes, not in 27, and never what was copied', () => {
  const random = new Random(7);
  const base = drawLanes(random);
  const off = (count: number) => base.map((lane, i) => lane ^ ((i * 5) % 32 < count ? 1 : 0));
  const rows = (...lanes: Uint8Array[]) =>
    Uint8Array.from(lanes.flatMap((head) => [...head, ...new Uint8Array(32)]));
  const two = Int32Array.of(0, 1);
  expect(groupTemplates(two, BigUint64Array.of(1n, 2n), rows(base, off(4)))).toEqual([two]);
  expect(groupTemplates(two, BigUint64Array.of(1n, 2n), rows(base, off(5)))).toEqual([]);
  expect(groupTemplates(two, BigUint64Array.of(1n, 1n), rows(base, base))).toEqual([]);
  expect(groupTemplates(Int32Array.of(0, -1), BigUint64Array.of(1n, 2n), rows(base, base))).toEqual([]);
});
