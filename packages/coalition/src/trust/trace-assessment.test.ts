import { DAY_MS } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { parseAddressRange } from '../stix/pattern/address-range.js';
import type { Claim } from './claim.js';
import type { Outcome } from './lab-precision.js';
import { DEFAULT_TERMS } from './terms.js';
import { keyOfTrace, type Trace } from './trace.js';
import { assessTraces, chooseReplayed, type TrustKnowledge } from './trace-assessment.js';

const NOW = 100 * DAY_MS;
const population = { accounts: 20_000, good: 10_000, suspected: 400 };
const seen = { accounts: 30, good: 0, suspected: 28, findings: ['f'] };
const block = (i: number): Trace => ({
  kind: 'address-range',
  range: parseAddressRange(`20.${i >> 8}.${i & 255}.0/24`)!,
});

/** What lab a knows when `tellers[i]` tell of the i-th block, in this order; all of them have credit. */
function know(
  tellers: readonly (readonly string[])[],
  changes: Partial<TrustKnowledge> = {},
): TrustKnowledge {
  const traces = tellers.map((labs, i) => ({
    trace: block(i),
    indicatorIds: labs.map((lab) => `indicator--${lab}-${i}`),
  }));
  const claims = tellers.flatMap((labs, i) =>
    labs.map(
      (member, j): Claim => ({
        traceKey: keyOfTrace(block(i)),
        member,
        objectId: `indicator--${member}-${i}`,
        atMs: j,
        evidenceDigest: null,
      }),
    ),
  );
  const labs = [...new Set(tellers.flat())];
  const outcomes = labs.flatMap((member) =>
    Array.from(
      { length: 9 },
      (_, i): Outcome => ({
        member,
        kind: 'address-range',
        subject: `past ${i}`,
        wasRight: true,
        weight: 1,
        atMs: NOW,
      }),
    ),
  );
  return {
    self: 'a',
    claims,
    traces,
    outcomes,
    makers: new Map(
      traces.flatMap(({ indicatorIds }) => indicatorIds.map((id) => [id, id.split('--')[1]!.split('-')[0]!])),
    ),
    absences: [],
    opinions: [],
    warned: new Map(),
    barred: new Set(),
    overridden: new Set(),
    ...changes,
  };
}

function assess(knowledge: TrustKnowledge, hits = seen, terms = DEFAULT_TERMS) {
  const replayed = new Map(knowledge.traces.map(({ trace }) => [keyOfTrace(trace), hits]));
  const found = assessTraces(knowledge, replayed, population, terms, NOW);
  return {
    ...found,
    failed: knowledge.traces.map(({ trace }) => found.verdicts.get(keyOfTrace(trace))!.failed),
  };
}

describe('what is needed of others', () => {
  it('is the word of two labs besides own evidence, each once', () => {
    expect(assess(know([['b', 'c'], ['b'], ['b', 'b']])).failed).toEqual([
      [],
      ['too-few-labs'],
      ['too-few-labs'],
    ]);
  });

  it('is not met by a lab that nothing is known of, nor by oneself', () => {
    const tellers = [['b', 'c']];
    const { outcomes } = know(tellers);
    expect(
      assess(know(tellers, { outcomes: outcomes.filter(({ member }) => member === 'b') })).failed,
    ).toEqual([['too-few-labs']]);
    expect(assess(know([['b', 'a']])).failed).toEqual([['too-few-labs']]);
  });

  it('may be replaced by counsel, and own evidence may not', () => {
    const overridden = new Set(['indicator--b-0']);
    expect(assess(know([['b']], { overridden })).failed).toEqual([[]]);
    const nothing = { accounts: 30, good: 0, suspected: 0, findings: [] };
    expect(assess(know([['b']], { overridden }), nothing).failed).toEqual([['no-own-evidence']]);
  });

  it('ends where too much would rest on one lab', () => {
    // Each is first of half of them: who never is would be taken for one that repeats.
    const tellers = Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? ['b', 'c'] : ['c', 'b']));
    const { failed } = assess(know(tellers), seen, { ...DEFAULT_TERMS, influenceCap: 10 });
    expect(failed.filter((reasons) => reasons.length === 0)).toHaveLength(10);
    expect(failed.flat()).toEqual(['over-influence', 'over-influence']);
    // With one lab more than is needed none is decisive.
    const more = assess(know(tellers.map((labs) => [...labs, 'd'])), seen, {
      ...DEFAULT_TERMS,
      influenceCap: 10,
    });
    expect(more.failed.flat()).toEqual([]);
  });

  it('counts nobody who is barred', () => {
    expect(assess(know([['b', 'c'], ['c']], { barred: new Set(['c']) })).failed).toEqual([
      ['too-few-labs'],
      ['canary', 'too-few-labs'],
    ]);
  });
});

describe('what is learnt', () => {
  it('counts in the same assessment: a lab that turns is not judged by what it was', () => {
    const poison = Array.from({ length: 60 }, () => ['c']);
    const knowledge = know([['b', 'c'], ...poison]);
    const replayed = new Map(
      knowledge.traces.map(({ trace }, i) => [
        keyOfTrace(trace),
        i === 0 ? seen : { accounts: 1, good: 1, suspected: 0, findings: [] },
      ]),
    );
    const { verdicts, precisionOf } = assessTraces(knowledge, replayed, population, DEFAULT_TERMS, NOW);
    expect(precisionOf('c', 'address-range').low).toBeLessThan(0.2);
    expect(verdicts.get(keyOfTrace(block(0)))!.failed).toEqual(['too-few-labs']);
  });

  it('is little where nothing was seen here and others looked in vain', () => {
    const nothing = { accounts: 0, good: 0, suspected: 0, findings: [] };
    const absences = ['c', 'd', 'e', 'b'].map((member) => ({
      traceKey: keyOfTrace(block(0)),
      member,
      atMs: 5,
    }));
    const { outcomes } = assess(know([['b']], { absences }), nothing);
    expect(outcomes).toEqual([expect.objectContaining({ member: 'b', wasRight: false, weight: 0.2 })]);
  });

  it('gives no merit to who could have read it first, also from oneself', () => {
    const { outcomes } = assess(know([['a', 'b'], ['c', 'b'], ['b']]));
    expect(outcomes.filter(({ wasRight }) => wasRight).map(({ member }) => member)).toEqual(['c', 'b']);
  });
});

describe('a flood', () => {
  it('waits beyond the cap, and takes nothing from what others tell', () => {
    const tellers = [['b', 'c'], ...Array.from({ length: 3000 }, () => ['d'])];
    const knowledge = know(tellers);
    const chosen = chooseReplayed(knowledge, DEFAULT_TERMS);
    expect(chosen.size).toBe(DEFAULT_TERMS.replayCap + 1);
    expect(chosen.has(keyOfTrace(block(0)))).toBe(true);
    const replayed = new Map(
      [...chosen].map((key) => [
        key,
        key === keyOfTrace(block(0)) ? seen : { accounts: 1, good: 0, suspected: 0, findings: [] },
      ]),
    );
    const { verdicts } = assessTraces(knowledge, replayed, population, DEFAULT_TERMS, NOW);
    expect(verdicts.get(keyOfTrace(block(0)))!.failed).toEqual([]);
    expect([...verdicts.values()].filter(({ failed }) => failed.includes('over-cap'))).toHaveLength(1000);
  });
});

describe('every condition by itself', () => {
  it.each([
    [{ accounts: 0, good: 0, suspected: 0, findings: [] }, ['not-seen']],
    [{ accounts: 300, good: 0, suspected: 20, findings: [] }, ['too-common', 'no-own-evidence']],
    [{ accounts: 3, good: 2, suspected: 1, findings: [] }, ['hits-good', 'no-own-evidence']],
    [{ accounts: 400, good: 60, suspected: 340, findings: [] }, ['over-budget']],
    [{ accounts: 30, good: 0, suspected: 3, findings: [] }, ['no-own-evidence']],
    [{ accounts: 40, good: 2, suspected: 36, findings: [] }, []],
  ])('%j: %j', (hits, expected) => {
    expect(
      assess(know([['b', 'c', 'd']]), hits).failed[0]!.filter((reason) => reason !== 'too-few-labs'),
    ).toEqual(expected);
  });

  it('that own telemetry cannot look for, stands on a list, or waits', () => {
    const knowledge = know([['b', 'c']], { warned: new Map([[keyOfTrace(block(0)), 'list']]) });
    expect(assess(knowledge).failed[0]).toEqual(expect.arrayContaining(['warning-list']));
    const one = (hits: ReadonlyMap<string, null>) =>
      assessTraces(know([['b', 'c', 'd']]), hits, population, DEFAULT_TERMS, NOW).verdicts.get(
        keyOfTrace(block(0)),
      )!.failed;
    expect(one(new Map([[keyOfTrace(block(0)), null]]))).toEqual(['not-replayable']);
    expect(one(new Map())).toEqual(['over-cap']);
  });
});
