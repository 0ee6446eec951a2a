import { describe, expect, it } from 'vitest';
import { drawPositions, makeDrawHalf } from './audit-draw.js';
import { EpochQuota, type QuotaEvent, type QuotaState } from './quotas.js';
import { countChanges, declareSet, paddedSize } from './set-commitment.js';

const fails = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const secret = new Uint8Array(32).fill(3);
const set = (from: number, to: number, epoch = 7) =>
  declareSet(
    secret,
    epoch,
    Array.from({ length: to - from }, (_, i) => Uint8Array.of((from + i) >> 8, from + i)),
  );

describe('quotas', () => {
  it('give 1.2 evaluations an element, once', () => {
    const events: QuotaEvent[] = [];
    const quota = new EpochQuota(7, (event) => events.push(event));
    expect(quota.remaining('a')).toBe(0);
    expect(() => quota.charge('a', 1)).toThrow(fails('COALITION_LIMIT', /0 left/));
    quota.declare('a', set(0, 100));
    expect(quota.remaining('a')).toBe(153); // 128 with padding
    quota.charge('a', 150);
    expect(() => quota.charge('a', 4)).toThrow(fails('COALITION_LIMIT', /3 left/));
    for (const count of [0, -1, 0.5, Number.NaN]) expect(() => quota.charge('a', count)).toThrow();
    quota.declare('a', set(0, 101));
    expect(quota.remaining('a')).toBe(3);
    expect(quota.remaining('b')).toBe(0);
    expect(events.map(({ kind, lab, count }) => `${kind} ${lab} ${count}`)).toEqual(
      [
        'refused a 1',
        'declared a 128',
        'evaluated a 150',
        'refused a 4',
        'refused a 0',
        'refused a -1',
      ].concat(['refused a 0.5', 'refused a NaN', 'declared a 128']),
    );
  });

  it('stop at 200,000, whatever is declared', () => {
    const quota = new EpochQuota(7, () => undefined);
    const tags = Array.from({ length: 262_144 }, (_, i) => {
      const tag = new Uint8Array(32);
      new DataView(tag.buffer).setUint32(0, i);
      return tag;
    });
    quota.declare('a', { type: 'phalanx-set-declaration-v1', epoch: 7, tags });
    expect(quota.remaining('a')).toBe(200_000);
  });

  it('count changes of a set over the whole epoch', () => {
    const quota = new EpochQuota(7, () => undefined);
    quota.declare('a', set(0, 100));
    // One more element: its tag comes, one of padding goes.
    expect(countChanges(set(0, 100), set(0, 101))).toBe(2);
    quota.declare('a', set(0, 106)); // 12 changes
    quota.declare('a', set(0, 100)); // 24: back again counts as well
    expect(() => quota.declare('a', set(0, 101))).toThrow(
      fails('COALITION_LIMIT', /26 changes to a set of 128/),
    );
    expect(() => quota.declare('a', set(0, 100, 8))).toThrow(fails('COALITION_MATCHING', /epoch 8/));
    expect(() => quota.declare('a', { ...set(0, 100), tags: set(0, 100).tags.reverse() })).toThrow(/order/);
    expect(() => quota.declare('a', { ...set(0, 100), tags: set(0, 100).tags.slice(1) })).toThrow(/padded/);
  });

  it('allow two runs with the same lab', () => {
    const quota = new EpochQuota(7, () => undefined);
    expect(() => quota.startRun('a', 'b')).toThrow(fails('COALITION_LIMIT', /run 1/));
    quota.declare('a', set(0, 20));
    quota.startRun('a', 'b');
    quota.startRun('a', 'b');
    quota.startRun('a', 'c');
    expect(() => quota.startRun('a', 'b')).toThrow(fails('COALITION_LIMIT', /run 3/));
  });

  it('survive a restart', () => {
    const known = new Map<string, QuotaState>();
    const log = ({ lab }: QuotaEvent, state: QuotaState | null) => state && known.set(lab, state);
    const quota = new EpochQuota(7, log);
    quota.declare('a', set(0, 100));
    quota.charge('a', 100);
    quota.startRun('a', 'b');
    expect(new EpochQuota(7, log, known).remaining('a')).toBe(53);
  });
});

it('pads to powers of two', () => {
  expect([0, 1, 16, 17, 100_000].map(paddedSize)).toEqual([16, 16, 16, 32, 131_072]);
});

it('draws one position in a hundred, which neither side chooses', () => {
  const halves = [makeDrawHalf(), makeDrawHalf()] as const;
  const subject = new Uint8Array(32);
  const drawn = drawPositions(subject, 4_096, [...halves]);
  expect(drawn).toHaveLength(41);
  expect(new Set(drawn).size).toBe(41);
  expect(drawPositions(subject, 4_096, [halves[1], halves[0]])).toEqual(drawn);
  expect(drawPositions(subject, 4_096, [halves[0], makeDrawHalf()])).not.toEqual(drawn);
  expect(drawPositions(new Uint8Array(32).fill(1), 4_096, [...halves])).not.toEqual(drawn);
  // 360 positions below 512: their mean is 255.5 with a standard deviation of 7.8.
  const means = Array.from({ length: 60 }, () =>
    drawPositions(subject, 512, [halves[0], makeDrawHalf()]).reduce((sum, at) => sum + at / 6, 0),
  );
  expect(Math.abs(means.reduce((sum, mean) => sum + mean / 60, 0) - 255.5)).toBeLessThan(45);
});
