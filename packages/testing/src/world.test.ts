import { DAY_MS } from '@phalanx/core';
import { Exchange } from '@phalanx/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildWorld, type WorldPlan } from './build-world.js';
import { BUILT_IN_ATTACK_SOURCES, BUILT_IN_HONEST_SOURCES, buildBuiltInSources } from './built-in-grammar.js';
import { planHeavyAccount } from './campaigns/a1-heavy-account.js';
import { planAdaptive } from './campaigns/a9-adaptive.js';
import { RowFlag } from './exchange-columns.js';
import { eachExchange, readExchange } from './exchange-view.js';
import { HYDRA_DEFAULTS, type HydraPlan } from './hydra-plan.js';
import { planScenario } from './scenario.js';
import type { World } from './world.js';

const sources = buildBuiltInSources({ size: 800 });
const coverSources = BUILT_IN_HONEST_SOURCES.slice(0, 3).map((name) => ({ name, weight: 1 }));
const attackSources = BUILT_IN_ATTACK_SOURCES.slice(0, 2).map((name) => ({ name, weight: 1 }));
const pool = (settings: Partial<HydraPlan>): HydraPlan => ({
  ...HYDRA_DEFAULTS,
  attackSources,
  coverSources,
  accounts: 40,
  ...settings,
});
const plan = (settings: Partial<WorldPlan>): WorldPlan => ({
  seed: 'test',
  days: 3,
  sources,
  ordinary: { accounts: 0, sources: coverSources },
  ...settings,
});

/** Accounts of the rows, in time order, failed-and-resent requests once, of the pool's attack or cover only. */
function sequence(world: World, flag?: 'attack' | 'cover'): number[] {
  const { account, flags, prompt, source, offsetMs } = world.columns;
  const rows: number[] = [];
  const failed = new Set<string>();
  for (let i = 0; i < world.size; i++) {
    const attack = (flags[i]! & RowFlag.ATTACK) !== 0;
    if (flag !== undefined && attack !== (flag === 'attack')) continue;
    const key = `${account[i]} ${source[i]} ${prompt[i]}`;
    if (flags[i]! & RowFlag.ERROR) failed.add(key);
    else if (failed.delete(key)) continue;
    rows.push(account[i]!);
    expect(offsetMs[i]).toBeLessThan(world.days * DAY_MS);
  }
  return rows;
}

describe('buildWorld', () => {
  const small = planScenario('quickstart', {
    seed: 'a',
    sources,
    attackSources: BUILT_IN_ATTACK_SOURCES,
    honestSources: BUILT_IN_HONEST_SOURCES,
    ordinaryAccounts: 120,
    poolAccounts: 40,
    days: 2,
  });
  const world = buildWorld(small);

  it('is the same from the same seed, to the byte, and another from another', () => {
    const print = (w: World) => [...eachExchange(w)].map((e) => JSON.stringify(e)).join('\n');
    const first = print(world);
    expect(print(buildWorld(small))).toBe(first);
    expect(print(buildWorld({ ...small, seed: 'b' }))).not.toBe(first);
  });

  it('yields valid exchanges in time order, with unique ids and responses', () => {
    const ids = new Set<string>();
    const responses = new Set<string>();
    let last = 0;
    let answered = 0;
    for (const exchange of eachExchange(world)) {
      Exchange.parse(exchange);
      expect(exchange.startedAtMs).toBeGreaterThanOrEqual(last);
      last = exchange.startedAtMs;
      ids.add(exchange.sourceId!);
      if (exchange.response !== undefined) {
        responses.add(exchange.response);
        answered++;
      }
      expect(exchange.response === undefined).toBe(exchange.status === 'error');
    }
    expect(last).toBeLessThan(world.endMs);
    expect(ids.size).toBe(world.size);
    expect(responses.size).toBe(answered);
  });

  it('labels every account once, and has every hard honest class', () => {
    expect(world.labels.map((l) => l.accountId)).toEqual(world.accounts.map((a) => a.accountId));
    expect(new Set(world.labels.map((l) => l.accountId)).size).toBe(world.labels.length);
    const classes = new Set(world.labels.map((l) => l.class));
    for (const name of [
      'B1',
      'B2',
      'B3',
      'B4',
      'B5',
      'B6',
      'B7',
      'B8',
      'B9',
      'B10',
      'B10-licensed',
      'curated-list',
      'ordinary',
      'app',
      'A2',
    ])
      expect(classes, name).toContain(name);
    const { account, flags } = world.columns;
    for (let i = 0; i < world.size; i++)
      if (flags[i]! & RowFlag.ATTACK) expect(world.labels[account[i]!]!.attacker).toBe(true);
  });

  it('never uses an account before it exists', () => {
    const { account, offsetMs } = world.columns;
    for (let i = 0; i < world.size; i++)
      expect(world.startMs + offsetMs[i]!).toBeGreaterThanOrEqual(world.accounts[account[i]!]!.createdAtMs!);
  });

  it('keeps a world as it was when a pool is added: its other accounts ask at the same times', () => {
    const base = plan({ ordinary: { accounts: 30, sources: coverSources } });
    const times = (w: World) => Array.from(w.columns.offsetMs).filter((_, i) => w.columns.account[i]! < 30);
    expect(times(buildWorld({ ...base, pools: [pool({})] }))).toEqual(times(buildWorld(base)));
  });

  it('gives no prompt to two customers while fresh ones are drawn', () => {
    const w = buildWorld(plan({ pools: [pool({ attackShare: 1, cover: 'none', accounts: 60 })] }));
    const { source, prompt, flags } = w.columns;
    const seen = new Set<string>();
    let fresh = 0;
    for (let i = 0; i < w.size; i++) {
      if (flags[i]! & RowFlag.ERROR) continue;
      seen.add(`${source[i]} ${prompt[i]}`);
      fresh++;
    }
    // More than the 1,600 prompts of the two corpora, so that variations take part; never one twice.
    expect(fresh).toBeGreaterThan(3000);
    expect(seen.size).toBe(fresh);
  });

  it('hits the volumes asked for', () => {
    const w = buildWorld(
      plan({
        days: 4,
        ordinary: { accounts: 600, sources: coverSources, organisationShare: 0, familyShare: 0 },
      }),
    );
    // Lognormal volumes: standard error of the mean 26 * 1.31 / sqrt(600) = 1.4; late joiners take away about 2 %.
    expect(w.size / (600 * 4)).toBeGreaterThan(21);
    expect(w.size / (600 * 4)).toBeLessThan(31);
  });

  it.each([
    ['days', plan({ days: 0 })],
    ['ordinary.accounts', plan({ ordinary: { accounts: 1.5, sources: coverSources } })],
    ['no prompt source', plan({ ordinary: { accounts: 1, sources: [{ name: 'zzz', weight: 1 }] } })],
    ['cover', plan({ pools: [pool({ attackShare: 1 })] })],
    ['one name', plan({ pools: [pool({}), pool({})] })],
    ['wrapper', plan({ pools: [pool({ wrapper: 'no slot' })] })],
    [
      'one kind',
      plan({ tenants: [1, 2].map(() => ({ kind: 'class' as const, count: 1, sources: ['homework'] })) }),
    ],
  ])('refuses a bad plan: %s', (message, bad) => {
    expect(() => buildWorld(bad)).toThrowError(
      expect.objectContaining({ code: 'TESTING_PLAN', message: expect.stringContaining(message) }),
    );
  });
});

describe('a pool of accounts', () => {
  it('serves least recently used first: any run of n requests of n accounts is n different ones', () => {
    const accounts = sequence(buildWorld(plan({ pools: [pool({ attackShare: 0.3 })] })));
    expect(accounts.length).toBeGreaterThan(2500);
    // A request that is sent again later makes its account busier in the log, not in the relay; those are left out above.
    for (let i = 40; i < accounts.length; i++) expect(accounts[i]).toBe(accounts[i - 40]);
  });

  it('keeps sticky attack sessions of one worker to six to eight requests', () => {
    const w = buildWorld(
      plan({
        pools: [
          pool({
            attackShare: 1,
            cover: 'none',
            attackSchedule: 'sticky',
            accounts: 2000,
            requestsPerAccountDay: 2,
          }),
        ],
      }),
    );
    const counts = new Map<number, number>();
    for (const account of sequence(w)) counts.set(account, (counts.get(account) ?? 0) + 1);
    // With 1,700 sessions on 2,000 accounts most used accounts have one session.
    const single = [...counts.values()].filter((n) => n <= 8);
    const odd = single.filter((n) => n < 6).length;
    expect(single.length).toBeGreaterThan(300);
    expect(odd).toBeLessThanOrEqual(8); // the eight workers' last, unfinished sessions
  });

  it('moves in blocks of eight on 30 % of the accounts when it adapts', () => {
    const w = buildWorld(
      plan({ pools: [planAdaptive({ attackSources, coverSources, accounts: 200, attackShare: 0.3 })] }),
    );
    const attack = sequence(w, 'attack');
    expect(new Set(attack).size).toBeLessThanOrEqual(60);
    let runs = 1;
    for (let i = 1; i < attack.length; i++) if (attack[i] !== attack[i - 1]) runs++;
    expect(attack.length / runs).toBeGreaterThan(7);
    const { source, prompt, dress, flags } = w.columns;
    const keys = new Set<string>();
    let rows = 0;
    for (let i = 0; i < w.size; i++) {
      if ((flags[i]! & RowFlag.ATTACK) === 0 || flags[i]! & RowFlag.ERROR) continue;
      keys.add(`${source[i]} ${prompt[i]}`);
      rows++;
    }
    expect(1 - keys.size / rows).toBeGreaterThan(0.03);
    expect(1 - keys.size / rows).toBeLessThan(0.07);
    expect(new Set(dress).size).toBeGreaterThan(10);
  });

  it('suspends, and grows again', () => {
    const w = buildWorld(
      plan({ pools: [pool({ accounts: 100, suspension: { day: 1, share: 0.5, regrowthDays: 1 } })] }),
    );
    expect(w.suspensions.length).toBeGreaterThan(30);
    expect(w.accounts.length).toBe(100 + w.suspensions.length);
    const gone = new Set(w.suspensions.map((s) => s.accountId));
    const { account, offsetMs } = w.columns;
    const lastDay = new Set<number>();
    for (let i = 0; i < w.size; i++) {
      // A request that failed just before may be sent again within 20 s.
      if (gone.has(w.accounts[account[i]!]!.accountId)) expect(offsetMs[i]).toBeLessThan(DAY_MS + 20_000);
      if (offsetMs[i]! >= 2.5 * DAY_MS) lastDay.add(account[i]!);
    }
    expect(lastDay.size).toBe(100);
  });

  it('shares cards by carefulness: 50, 10, 3, nobody', () => {
    const largest = ([0, 1, 2, 3] as const).map((carefulness) => {
      const w = buildWorld(plan({ days: 1, pools: [pool({ accounts: 150, carefulness })] }));
      const cards = new Map<string, number>();
      for (const { paymentFingerprint } of w.accounts)
        if (paymentFingerprint !== undefined)
          cards.set(paymentFingerprint, (cards.get(paymentFingerprint) ?? 0) + 1);
      return Math.max(...cards.values());
    });
    expect(largest).toEqual([50, 10, 3, 1]);
  });

  it('freezes one header set for each account, which the customers behind contradict', () => {
    const w = buildWorld(plan({ pools: [pool({ attackShare: 0, accounts: 300 })], days: 1 }));
    const clients = new Map<number, Set<number>>();
    let contradictions = 0;
    for (let i = 0; i < w.size; i++) {
      const { account, client, system } = w.columns;
      if (!clients.has(account[i]!)) clients.set(account[i]!, new Set());
      clients.get(account[i]!)!.add(client[i]!);
      const platform = /Platform: (\w+)/.exec(w.systems[system[i]!]!)?.[1];
      const claimed = { Linux: 'linux', MacOS: 'darwin', Windows: 'win32' }[w.clients[client[i]!]!.os];
      if (platform !== undefined && platform !== claimed) contradictions++;
    }
    for (const set of clients.values()) expect(set.size).toBe(1);
    expect(contradictions).toBeGreaterThan(0);
  });

  it('asks for reasoning, wraps and samples as planned', () => {
    const w = buildWorld(
      plan({
        pools: [pool({ attackShare: 1, cover: 'none', samples: 4, elicitationShare: 1, wrapper: '<<{}>>' })],
      }),
    );
    const asked = new Map<string, number>();
    for (let row = 0; row < w.size; row++) {
      const text = readExchange(w, row).messages.at(-1)!.text;
      expect(text).toMatch(/<<[\s\S]*>>/);
      expect(text.replace(/<<[\s\S]*>>/, '').length).toBeGreaterThan(10);
      if ((w.columns.flags[row]! & RowFlag.ERROR) === 0) asked.set(text, (asked.get(text) ?? 0) + 1);
    }
    const counts = [...asked.values()];
    expect(counts.filter((n) => n === 4).length / counts.length).toBeGreaterThan(0.99);
  });

  it('keeps the attack share and the volume, whatever the modes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('lru' as const, 'sticky' as const, 'pinned' as const),
        fc.constantFrom('lru' as const, 'sticky' as const, 'random' as const, 'subset' as const),
        fc.double({ min: 0.05, max: 0.9, noNaN: true }),
        fc.constantFrom('frozen' as const, 'rotated' as const, 'natural' as const),
        (cover, attackSchedule, attackShare, fingerprints) => {
          const w = buildWorld(
            plan({
              days: 2,
              pools: [pool({ accounts: 60, cover, attackSchedule, attackShare, fingerprints })],
            }),
          );
          const mean = 60 * 26 * 2;
          // Five Poisson deviations, and for pinned cover the lognormal spread of 60 customers.
          const slack = 5 * Math.sqrt(mean) + (cover === 'pinned' ? (5 * 1.31 * mean) / Math.sqrt(60) : 0);
          expect(Math.abs(w.size - mean)).toBeLessThan(slack + 0.01 * mean);
          const attack = sequence(w, 'attack').length;
          expect(Math.abs(attack - mean * attackShare)).toBeLessThan(5 * Math.sqrt(mean * attackShare) + 1);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('can be one heavy account', () => {
    const w = buildWorld(plan({ days: 1, pools: [planHeavyAccount({ attackSources, coverSources })] }));
    expect(w.accounts).toHaveLength(1);
    expect(w.size).toBeGreaterThan(6500);
  });
});
