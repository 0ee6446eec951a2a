import { toHex } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RevealedGroup } from '../matching/threshold-reveal.js';
import { JointDocket } from './joint-docket.js';
import type { EvidenceStatement, LinkStatement } from './joint-messages.js';

const TERMS = { epoch: 1, threshold: 2, entries: 16, alpha: 0.01 };
const tags = [1, 2, 3].map((number) => new Uint8Array(16).fill(number));
const sighting = {
  valueClass: 'device' as const,
  value: new Uint8Array(0),
  day: 1,
  decade: 0,
  detail: new Uint8Array(0),
};
const revealed: RevealedGroup[] = tags.map((tag) => ({
  tag,
  places: [1, 2, 3],
  sightings: [{ place: 1, sighting }],
  isDisputed: false,
}));
const links = (place: number, day: number, label: number, declared: number[] = []): LinkStatement => ({
  type: 'phalanx-joint-links-v1',
  place,
  day,
  links: tags.map((tag) => ({ tag: toHex(tag), labels: [label] })),
  declared,
});
const evidence = (
  place: number,
  coordination: number | null,
  both: number | null = 0,
  day = 2,
): EvidenceStatement => ({
  type: 'phalanx-joint-evidence-v1',
  place,
  candidate: 1,
  day,
  coordination,
  both,
});

function open(declared: number[] = []): JointDocket {
  const docket = new JointDocket(TERMS);
  docket.openRound(1, revealed, [links(1, 1, 17), links(2, 1, 4, declared), links(3, 1, 9)]);
  return docket;
}

describe('docket', () => {
  it('names pools of which at least two are coordinated, though no lab is sure', () => {
    const docket = open();
    for (const [i, tenths] of [18, 15, 14].entries()) docket.addEvidence(evidence(i + 1, tenths));
    expect(docket.judge(2)).toMatchObject([
      {
        kind: 'joint-pool',
        proved: 2,
        log10ECoordination: 2.9,
        evidence: [{ place: 1 }, { place: 2 }, { place: 3 }],
      },
    ]);
  });

  it('is not convinced by one lab, however sure it is', () => {
    const docket = open();
    for (const [i, tenths] of [99, 9, 9].entries()) docket.addEvidence(evidence(i + 1, tenths));
    expect(docket.judge(2)).toMatchObject([{ kind: 'lead', proved: 1 }]);
  });

  it('calls nothing a campaign that coordination alone would not report, whatever one lab says: one level serves both', () => {
    const said = fc.tuple(fc.integer({ min: -20, max: 60 }), fc.integer({ min: -20, max: 60 }));
    fc.assert(
      fc.property(fc.array(said, { minLength: 3, maxLength: 3 }), said, fc.nat(2), (labs, lie, liar) => {
        const docket = open();
        for (const [i, [one, other]] of labs.entries())
          docket.addEvidence(
            i === liar
              ? evidence(i + 1, ...lie)
              : evidence(i + 1, Math.max(one, other), Math.min(one, other)),
          );
        const [verdict] = docket.judge(2);
        const others = labs.filter((_, i) => i !== liar).map(([one, other]) => Math.max(one, other));
        const isReported = verdict!.kind === 'joint-pool' || verdict!.kind === 'joint-campaign';
        if (isReported)
          expect(others.reduce((sum, tenths) => sum + tenths, 0) / 10).toBeGreaterThanOrEqual(
            verdict!.neededLog10E - 1e-9,
          );
      }),
    );
  });

  it('calls it a campaign by demand only', () => {
    const docket = open();
    for (const place of [1, 2, 3]) docket.addEvidence(evidence(place, 30, 20));
    expect(docket.judge(2)).toMatchObject([{ kind: 'joint-campaign', log10EBoth: 4 }]);
  });

  it('takes silence for an e-value of 0', () => {
    const docket = open();
    for (const place of [1, 2]) docket.addEvidence(evidence(place, 90));
    expect(docket.judge(2)).toMatchObject([{ kind: 'nothing', proved: 0 }]);
  });

  it('lets a group stand aside that is declared at one of the labs', () => {
    const docket = open([4]);
    for (const place of [1, 2, 3]) docket.addEvidence(evidence(place, 90, 90));
    expect(docket.judge(2)).toMatchObject([{ kind: 'stands-aside' }]);
  });

  it('opens the same pools once, and numbers what it opens', () => {
    const docket = open();
    expect(docket.openRound(2, revealed, [links(1, 2, 17), links(2, 2, 4), links(3, 2, 9)])).toEqual([]);
    const [second] = docket.openRound(3, revealed, [links(1, 3, 17), links(2, 3, 4), links(3, 3, 10)]);
    expect(second).toMatchObject({ number: 2, day: 3 });
    expect(docket.judge(3).map(({ neededLog10E }) => neededLog10E.toFixed(2))).toEqual(['2.30', '2.78']);
  });

  it('refuses who is not in it, who says two things, and rounds that go back', () => {
    const docket = open();
    docket.addEvidence(evidence(1, 5));
    docket.addEvidence(evidence(1, 5));
    for (const wrong of [
      evidence(1, 6),
      evidence(4, 5),
      evidence(2, 5, 0, 0),
      { ...evidence(1, 5), candidate: 2 },
    ])
      expect(() => docket.addEvidence(wrong)).toThrow(expect.objectContaining({ code: 'COALITION_TRUST' }));
    for (const statements of [[links(1, 1, 2)], [links(1, 2, 2), links(1, 2, 3)], [links(1, 3, 2)]])
      expect(() => docket.openRound(statements[0]!.day === 1 ? 1 : 2, revealed, statements)).toThrow(
        expect.objectContaining({ code: 'COALITION_TRUST' }),
      );
  });
});
