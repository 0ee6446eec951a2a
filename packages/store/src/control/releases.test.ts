import type { KeptRelease } from '@phalanx/coalition/policy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONTROL_ENGINES } from './control-engines.test.support.js';
import type { ControlStore } from './control-store.js';

const DAY = '2026-11-21';

function makeRelease(sequence: number, retainUntilMs = 1000): KeptRelease {
  const releaseId = sequence.toString(16).padStart(32, '0');
  return {
    statement: {
      kind: 'indicator-release',
      version: 1,
      atMs: 5,
      by: 'lab',
      releaseId,
      sequence,
      decision: 'released',
      reasons: [],
      categories: ['sighting'],
      recipients: [],
      envelopeSha256: 'ab'.repeat(32),
      objects: [],
      policySha256: 'cd'.repeat(32),
      approvals: [],
    },
    opening: { releaseId, envelopeSalt: 'ef'.repeat(16), objects: [] },
    envelope: Uint8Array.of(1, 2, 3),
    reasons: [],
    retainUntilMs,
  };
}

describe.each(CONTROL_ENGINES)('releases in $name', (engine) => {
  let store: ControlStore;
  beforeAll(() => engine.start());
  beforeEach(async () => {
    store = await engine.openEmpty();
  });
  afterAll(() => engine.stop());

  it('are numbered without a gap, also when many are decided at once and some fail', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) =>
        store.releases.keep((sequence) => {
          if (i % 4 === 3) throw new Error('no receipt');
          return makeRelease(sequence);
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(3);
    const unlogged = await store.releases.listUnlogged();
    expect(unlogged.map(({ statement }) => statement.sequence)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(unlogged[4]).toEqual(makeRelease(4));
    await store.releases.markLogged(unlogged[0]!.statement.releaseId);
    expect(await store.releases.listUnlogged()).toHaveLength(8);
    await store.close();
  });

  it('take no more of a standing approval than it has, together', async () => {
    const standing = [
      { sha256: 'aa'.repeat(32), maxPerDay: 3 },
      { sha256: 'bb'.repeat(32), maxPerDay: 5 },
    ];
    const taken = await Promise.all(Array.from({ length: 8 }, () => store.releases.takeUses(DAY, standing)));
    expect(taken.filter(Boolean)).toHaveLength(3);
    // What could not be taken whole was not taken in part.
    expect(await store.releases.countUses(DAY)).toEqual(
      new Map([
        ['aa'.repeat(32), 3],
        ['bb'.repeat(32), 3],
      ]),
    );
    expect(await store.releases.takeUses('2026-11-22', standing)).toBe(true);
    expect(await store.releases.takeUses(DAY, [])).toBe(true);
    await store.close();
  });

  it('lose bytes and salts when their time is over, and keep the receipt', async () => {
    await store.releases.keep((sequence) => makeRelease(sequence, 1000));
    await store.releases.keep((sequence) => makeRelease(sequence, 2000));
    expect(await store.releases.eraseEnded(1500)).toBe(1);
    expect(await store.releases.eraseEnded(1500)).toBe(0);
    const [ended, live] = await Promise.all(
      [0, 1].map((i) => store.releases.find(makeRelease(i).statement.releaseId)),
    );
    expect(ended).toEqual({ ...makeRelease(0, 1000), opening: null, envelope: null });
    expect(live!.opening).not.toBeNull();
    expect(await store.releases.find('00'.repeat(16).replace(/^0/, 'f'))).toBeNull();
    await store.close();
  });

  it('erase what came in when its time is over, the shorter of two', async () => {
    const term = (objectId: string, retainUntilMs: number) => ({
      objectId,
      digest: 'ab'.repeat(32),
      purpose: 'model-theft-defence',
      retainUntilMs,
    });
    await store.receivedTerms.put([term('a', 100), term('b', 300)]);
    await store.receivedTerms.put([term('a', 500), term('b', 200)]);
    await store.receivedTerms.put([]);
    expect((await store.receivedTerms.listEnded(250, 10)).map(({ objectId }) => objectId)).toEqual([
      'a',
      'b',
    ]);
    expect(await store.receivedTerms.listEnded(150, 10)).toHaveLength(1);
    await store.receivedTerms.erase(['a']);
    expect(await store.receivedTerms.find('a')).toBeNull();
    expect(await store.receivedTerms.find('b')).toEqual(term('b', 200));
    await store.close();
  });
});
