import { createSketcher, HashDomain, sketchExchange } from '@phalanx/sketch';
import { describe, expect, it } from 'vitest';
import { buildWorld } from './build-world.js';
import { buildBuiltInSources } from './built-in-grammar.js';
import { planLruHydra } from './campaigns/a2-lru-hydra.js';
import { planAdaptive } from './campaigns/a9-adaptive.js';
import { readExchange } from './exchange-view.js';
import { WorldRecords } from './world-records.js';

const sources = buildBuiltInSources({ names: ['chat', 'support-question', 'tool-use'], size: 400 });
const world = buildWorld({
  seed: 'records',
  days: 2,
  sources,
  ordinary: { accounts: 60, sources: [{ name: 'chat', weight: 1 }] },
  tenants: [
    { kind: 'declared-aggregator', count: 1, sources: ['chat'], requestsPerDay: 200, size: 3 },
    { kind: 'judge-in-ci', count: 1, sources: ['support-question'], requestsPerDay: 100 },
  ],
  pools: [
    planLruHydra({
      accounts: 20,
      attackTools: ['search', 'read_file'],
      attackSources: [{ name: 'tool-use', weight: 1 }],
      coverSources: [{ name: 'support-question', weight: 1 }],
    }),
    planAdaptive({
      accounts: 20,
      attackSources: [{ name: 'tool-use', weight: 1 }],
      coverSources: [{ name: 'support-question', weight: 1 }],
    }),
  ],
});
const sketcher = createSketcher(new Uint8Array(32).fill(3));
const records = new WorldRecords(sketcher);

describe('WorldRecords', () => {
  it('makes the records that sketchExchange makes, in every field a reader shows', () => {
    const made = [...records.records(world)];
    expect(made).toHaveLength(world.size);
    const endUsers = new Map<bigint, bigint>();
    let contradictions = 0;
    made.forEach((record, row) => {
      if (row % 5 !== 0) return;
      const real = sketchExchange(readExchange(world, row), sketcher);
      const left = { ...record };
      const right = { ...real };
      for (const field of [
        'id',
        'endUser',
        'contradiction',
        'responseHash',
        'responseMinhash',
        'responseBytes',
        'promptBytes',
        'durationMs',
        'inputTokens',
        'turns',
      ] as const) {
        delete (left as Partial<typeof left>)[field];
        delete (right as Partial<typeof right>)[field];
      }
      expect(left).toEqual(right);
      endUsers.set(real.endUser, endUsers.get(real.endUser) ?? record.endUser);
      expect(record.endUser).toBe(endUsers.get(real.endUser));
      // Without the first message fewer contradictions can be seen, or, rarely, one that a second platform excuses.
      if (record.contradiction !== real.contradiction) contradictions++;
    });
    expect(new Set(endUsers.values()).size).toBe(endUsers.size);
    expect((5 * contradictions) / world.size).toBeLessThan(0.02);
  });

  it('gives the same the second time, from memory', () => {
    const [first, second] = [new WorldRecords(sketcher), records].map((maker) =>
      [...maker.records(world)].filter((_, row) => row % 5 === 0),
    );
    expect(second).toEqual(first);
  });

  it('hashes account facts as records do', () => {
    const facts = records.facts(world);
    const accounts = new Set([...records.records(world)].map(({ account }) => account));
    for (const account of accounts) expect(facts.account).toContain(account);
    const declared = world.accounts.findIndex(({ declaration }) => declaration === 'aggregator');
    expect(facts.declaration[declared]).toBe('aggregator');
    expect(facts.organisation[declared]).toBe(
      sketcher.hash64(HashDomain.ORGANISATION, world.accounts[declared]!.organisationId!),
    );
  });
});
