import { toHex } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { KeyGeneration } from './distributed-key.js';
import { generateKey } from './distributed-key.test.support.js';
import { checkKeyGroup, keyIdOf } from './key-group.js';
import type { KeyDealing, KeyPiece } from './key-messages.js';
import { EpochShares, KeyShare } from './key-share.js';
import { rehearseKey } from './rehearsed-key.js';
import { addPoints, drawScalar, multiplyBase } from './ristretto.js';
import { interpolateAtZero, lagrangeAtZero } from './shamir.js';

const fails = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const secretOf = (shares: readonly KeyShare[]) =>
  interpolateAtZero(
    lagrangeAtZero(shares.map(({ index }) => index)),
    shares.map((share) => share.use((secret) => Uint8Array.from(secret))),
  );

describe('a key without a dealer', () => {
  it.each([
    [1, 1],
    [2, 3],
    [3, 5],
    [5, 5],
  ])('%i of %i: every quorum holds the same key, and all agree on the group', (threshold, participants) => {
    const shares = rehearseKey(threshold, participants, 7);
    const { group } = shares[0]!;
    expect(new Set(shares.map((share) => toHex(keyIdOf(share.group)))).size).toBe(1);
    expect(group.members).toEqual(shares.map(({ index }) => index));
    checkKeyGroup(group);
    for (const quorum of [shares.slice(0, threshold), shares.slice(-threshold)])
      expect(multiplyBase(secretOf(quorum))).toEqual(group.publicKey);
    if (threshold > 1)
      expect(multiplyBase(secretOf(shares.slice(0, threshold - 1)))).not.toEqual(group.publicKey);
  });

  it('is another key each time', () => {
    expect(rehearseKey(2, 3, 7)[0]!.group.publicKey).not.toEqual(rehearseKey(2, 3, 7)[0]!.group.publicKey);
  });

  it('needs a majority, so that two halves cannot both use it', () => {
    const options = { participant: 1, participants: 4, threshold: 2, epoch: 1 };
    expect(() => new KeyGeneration(options)).toThrow(fails('COALITION_LIMIT', /2 of 4/));
    expect(() => new KeyGeneration({ ...options, participants: 40, threshold: 30 })).toThrow(/30 of 40/);
    expect(() => new KeyGeneration({ ...options, participant: 5, threshold: 3 })).toThrow();
  });

  it('goes on without a dealer whose dealing or proof is false, late or not what was promised', () => {
    for (const interference of [
      { dealing: (d: KeyDealing) => (d.from === 2 ? { ...d, proof: d.proof.fill(1) } : d) },
      { dealing: (d: KeyDealing) => (d.from === 2 ? null : d) },
      {
        dealing: (d: KeyDealing) =>
          d.from === 2 ? { ...d, commitments: [d.commitments[0], d.commitments[0]] } : d,
      },
      {
        dealing: (d: KeyDealing) =>
          d.from === 2 ? { ...d, commitments: [...d.commitments, d.commitments[0]] } : d,
      },
      {
        dealing: (d: KeyDealing) =>
          d.from === 2 ? { ...d, commitments: d.commitments.map(() => new Uint8Array(32)) } : d,
      },
    ]) {
      const results = generateKey(2, 3, 7, interference);
      // Participant 2 itself believes that it dealt, and hears that the rest disagrees.
      expect(results[1]).toEqual(fails('COALITION_PROOF', /participant 1, 3 heard other dealings/));
      const shares = results.filter((result) => result instanceof KeyShare);
      expect(shares.map(({ group }) => group.members)).toEqual([
        [1, 3],
        [1, 3],
      ]);
      expect(multiplyBase(secretOf(shares))).toEqual(shares[0]!.group.publicKey);
    }
  });

  it('stops when two hear different dealings, and says who', () => {
    const results = generateKey(2, 3, 7, {
      complaint: (complaint) =>
        complaint.from === 2 ? { ...complaint, heard: new Uint8Array(32) } : complaint,
    });
    expect(results[0]).toEqual(fails('COALITION_PROOF', /participant 2 heard other dealings/));
  });

  it('refuses a key chosen after the others were seen', () => {
    // The rogue dealer promises something, waits, and cancels the others' parts: it cannot prove that it knows the difference.
    const [one, two] = [1, 2].map(
      (participant) => new KeyGeneration({ participant, participants: 3, threshold: 2, epoch: 7 }),
    );
    const rogue = new KeyGeneration({ participant: 3, participants: 3, threshold: 2, epoch: 7 });
    const promises = [one!.promise, two!.promise, rogue.promise];
    const dealt = [one!, two!].map((party, i) => party.deal(promises.filter(({ from }) => from !== i + 1)));
    const honest = rogue.deal(promises.slice(0, 2)).dealing;
    const cancelled = addPoints(honest.commitments[0]!, multiplyBase(drawScalar()));
    const false_ = { ...honest, commitments: [cancelled, honest.commitments[1]!] };
    const complaints = [one!, two!].map((party, i) =>
      party.complain([dealt[1 - i]!.dealing, false_], dealt[1 - i]!.pieces),
    );
    // The dealing is nobody's: it is left out before any complaint.
    expect(complaints.map(({ accused }) => accused)).toEqual([[], []]);
    for (const [i, party] of [one!, two!].entries()) party.answer([complaints[1 - i]!]);
    const shares = [one!, two!].map((party) => party.finish([]));
    expect(shares[0]!.group.members).toEqual([1, 2]);
    expect(multiplyBase(secretOf(shares))).toEqual(shares[0]!.group.publicKey);
  });

  it('a false piece that is answered rightly costs nobody anything', () => {
    const shares = generateKey(3, 5, 7, {
      piece: (piece) => (piece.from === 2 && piece.to === 4 ? { ...piece, secret: drawScalar() } : piece),
    }) as KeyShare[];
    expect(shares[0]!.group.members).toEqual([1, 2, 3, 4, 5]);
    expect(multiplyBase(secretOf(shares.slice(2)))).toEqual(shares[0]!.group.publicKey);
    expect(new Set(shares.map((share) => toHex(keyIdOf(share.group)))).size).toBe(1);
  });

  it('a dealer who does not answer, answers falsely or twice, or of whom many complain, is out', () => {
    const many = generateKey(3, 5, 7, { piece: (p) => (p.from === 2 ? null : p) });
    expect(many[1]).toEqual(fails('COALITION_PROOF', /dealers are left/));
    for (const interference of [
      { piece: (p: KeyPiece) => (p.from === 2 && p.to === 4 ? null : p), answer: () => null },
      {
        piece: (p: KeyPiece) => (p.from === 2 && p.to === 4 ? null : p),
        answer: (p: KeyPiece) => ({ ...p, secret: drawScalar() }),
      },
      { piece: (p: KeyPiece) => (p.from === 2 ? null : p) },
    ]) {
      const results = generateKey(3, 5, 7, interference);
      // Participant 2 believes that it answered: its key is another, as the key's id says.
      const shares = results.filter((result, i) => result instanceof KeyShare && i !== 1) as KeyShare[];
      expect(shares.map(({ index }) => index)).toEqual([1, 3, 4, 5]);
      checkKeyGroup(shares[0]!.group);
      expect(multiplyBase(secretOf(shares.slice(1)))).toEqual(shares[0]!.group.publicKey);
      expect(new Set(shares.map((share) => toHex(keyIdOf(share.group)))).size).toBe(1);
    }
  });

  it('a false complaint is answered in public, and harms nobody', () => {
    const shares = generateKey(3, 5, 7, {
      complaint: (complaint) => (complaint.from === 5 ? { ...complaint, accused: [1] } : complaint),
    });
    // Participant 5 itself believes that it complained of nobody, and so has another transcript.
    const groups = shares.slice(0, 4).map((share) => (share as KeyShare).group);
    expect(new Set(groups.map((group) => toHex(keyIdOf(group)))).size).toBe(1);
    expect(groups[0]!.members).toEqual([1, 2, 3, 4, 5]);
  });

  it('takes the steps once each, in order', () => {
    const party = new KeyGeneration({ participant: 1, participants: 1, threshold: 1, epoch: 7 });
    expect(() => party.complain([], [])).toThrow(fails('COALITION_MATCHING', /in order/));
    party.deal([]);
    expect(() => party.deal([])).toThrow(fails('COALITION_MATCHING', /in order/));
  });
});

describe('epochs', () => {
  it('destroys what is over, and does not go back', () => {
    const held = new EpochShares();
    const [old, current] = [rehearseKey(2, 3, 5)[0]!, rehearseKey(2, 3, 6)[0]!];
    held.add(old);
    held.add(current);
    expect(held.advance(6)).toEqual([5]);
    expect(old.destroyed).toBe(true);
    expect(() => old.use(() => 0)).toThrow(fails('COALITION_MATCHING', /destroyed/));
    expect([held.find(5), held.find(6)]).toEqual([null, current]);
    expect(held.advance(3)).toEqual([]);
    expect(() => held.add(rehearseKey(2, 3, 5)[0]!)).toThrow(fails('COALITION_MATCHING', /over/));
    expect(() => held.add(rehearseKey(2, 3, 6)[0]!)).toThrow(fails('COALITION_MATCHING', /has a key/));
  });

  it('takes no share that does not belong to the group', () => {
    const [share] = rehearseKey(2, 3, 7);
    expect(() => new KeyShare(share!.group, 1, drawScalar())).toThrow(
      fails('COALITION_MATCHING', /no share/),
    );
    expect(() => new KeyShare(share!.group, 4, drawScalar())).toThrow(
      fails('COALITION_MATCHING', /no share/),
    );
  });
});

it('checks a group that somebody wrote down', () => {
  const { group } = rehearseKey(3, 5, 7)[0]!;
  const shares = [...group.publicShares];
  [shares[3], shares[4]] = [shares[4]!, shares[3]!];
  for (const change of [
    { publicShares: shares },
    { publicKey: multiplyBase(drawScalar()) },
    { members: [1, 2, 3, 5, 4] },
    { members: [1, 2, 3, 4] },
    { publicKey: new Uint8Array(32) },
  ])
    expect(() => checkKeyGroup({ ...group, ...change })).toThrow(fails('COALITION_MATCHING', /./));
});
