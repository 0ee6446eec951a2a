import { verify } from 'node:crypto';
import { toHex, utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { publicKeyOf } from './ed25519-public-key.js';
import { type FrostBroadcast, FrostKeyGeneration, type FrostSubShare } from './frost-generation.js';
import { makeFrostKey } from './frost-key.js';
import type { FrostShare } from './frost-share.js';
import { FrostSigner } from './frost-signer.js';

const failsWith = (message: RegExp) =>
  expect.objectContaining({ code: 'LEDGER_SHARE', message: expect.stringMatching(message) });
const start = (t: number, n: number): FrostKeyGeneration[] =>
  Array.from({ length: n }, (_, i) => new FrostKeyGeneration(i + 1, t, n));
/** What each participant gets; the messages pass through `structuredClone`, as between processes. */
function othersOf(parties: readonly FrostKeyGeneration[], i: number): FrostBroadcast[] {
  return parties.filter((_, j) => j !== i).map(({ broadcast }) => structuredClone(broadcast));
}
const sentTo = (sent: readonly FrostSubShare[][], n: number): FrostSubShare[] =>
  structuredClone(sent.flat().filter(({ to }) => to === n));

function generate(t: number, n: number): FrostShare[] {
  const parties = start(t, n);
  const sent = parties.map((party, i) => party.distribute(othersOf(parties, i)));
  return parties.map((party, i) => party.finish(sentTo(sent, i + 1)));
}

describe('a key that nobody ever had', () => {
  it.each([
    [2, 3],
    [3, 3],
    [2, 2],
    [4, 7],
  ])('%i of %i sign under it', async (t, n) => {
    const shares = generate(t, n);
    expect(new Set(shares.map(({ group }) => group.commitments.map(toHex).join())).size).toBe(1);
    const { group } = shares[0]!;
    const key = makeFrostKey({
      group,
      participants: new Map(
        shares.slice(-t).map((share) => [share.participant, new FrostSigner(share, () => true)]),
      ),
      onFault: ({ reason }) => {
        throw new Error(reason);
      },
    });
    const signature = await key.sign(utf8('text'));
    expect(verify(null, utf8('text'), publicKeyOf(group.publicKey), signature)).toBe(true);
  });

  it('names whose broadcast has no proof', () => {
    const parties = start(2, 4);
    const others = othersOf(parties, 0);
    // The rogue key: a commitment made after the others' were seen, with a proof of something else.
    others[1] = { ...others[1]!, commitment: others[2]!.commitment };
    expect(() => parties[0]!.distribute(others)).toThrow(failsWith(/broadcast of participant 3 is false/));
    others[1] = { ...parties[3]!.broadcast, participant: 3 };
    expect(() => parties[0]!.distribute(others)).toThrow(failsWith(/broadcast of participant 3 is false/));
    others[1] = { ...parties[2]!.broadcast, commitment: [] };
    expect(() => parties[0]!.distribute(others)).toThrow(failsWith(/broadcast of participant 3 is false/));
  });

  it('names who sends another sub-share than its broadcast promises', () => {
    const parties = start(2, 3);
    const sent = parties.map((party, i) => party.distribute(othersOf(parties, i)));
    const [fromTwo, fromThree] = sentTo(sent, 1);
    const changed = fromThree!.secret.slice();
    changed[0]! ^= 1;
    const bad = [fromTwo!, { ...fromThree!, secret: changed }];
    expect(() => parties[0]!.finish(bad)).toThrow(failsWith(/what participant 3 sent does not fit/));
    expect(() => parties[0]!.finish(sentTo(sent, 2))).toThrow(failsWith(/messages from participant/));
    // What is right is still taken.
    parties[0]!.finish(sentTo(sent, 1));
    expect(() => parties[0]!.finish(sentTo(sent, 1))).toThrow(failsWith(/once/));
  });

  it('notices who tells two participants different things', () => {
    const [one, two, liar] = start(2, 3) as [FrostKeyGeneration, FrostKeyGeneration, FrostKeyGeneration];
    const other = new FrostKeyGeneration(3, 2, 3);
    const fromOne = one.distribute([two.broadcast, liar.broadcast]);
    const fromTwo = two.distribute([one.broadcast, other.broadcast]);
    const toOne = liar.distribute([one.broadcast, two.broadcast]);
    const toTwo = other.distribute([one.broadcast, two.broadcast]);
    expect(() => one.finish([...sentTo([fromTwo], 1), ...sentTo([toOne], 1)])).toThrow(
      failsWith(/participant 2 saw other broadcasts/),
    );
    expect(() => two.finish([...sentTo([fromOne], 2), ...sentTo([toTwo], 2)])).toThrow(
      failsWith(/participant 1 saw other broadcasts/),
    );
  });

  it('needs one message of each, in order', () => {
    const parties = start(2, 3);
    const [, second, third] = parties.map(({ broadcast }) => broadcast);
    expect(() => parties[0]!.finish([])).toThrow(failsWith(/0 messages from participant 2/));
    for (const others of [
      [second!],
      [second!, second!],
      [second!, third!, third!],
      [parties[0]!.broadcast, third!],
    ])
      expect(() => parties[0]!.distribute(others)).toThrow(failsWith(/messages? from participant/));
    const sent = parties.slice(1).map((party, i) => party.distribute(othersOf(parties, i + 1)));
    expect(() => parties[0]!.finish(sentTo(sent, 1))).toThrow(failsWith(/broadcasts come first/));
    expect(() => new FrostKeyGeneration(4, 2, 3)).toThrow(failsWith(/no participant 4/));
    expect(() => new FrostKeyGeneration(1, 1, 3)).toThrow(failsWith(/1 of 3/));
  });
});
