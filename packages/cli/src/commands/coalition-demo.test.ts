import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { coalitionDemoCommand } from './coalition-demo.js';

/** Fewer days than the demo and fewer accounts of the hydra; of ten seeds that were tried the one in which no lab is sure alone and all are together. */
const SMALL = {
  seed: 'k10',
  labs: 3,
  days: 3,
  ordinaryAccounts: 250,
  attackSources: ['math-word-problem'],
  shared: true,
  hydra: {
    accounts: 120,
    requestsPerAccountDay: 9,
    attackShare: 0.15,
    cover: 'pinned',
    fingerprints: 'natural',
    carefulness: 1,
  },
} as const;

it('three labs find together what none of them finds alone, and nothing of theirs crosses', {
  timeout: 600_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-coalition-demo-'));
  let said = '';
  const terminal = {
    out: (text: string) => (said += text),
    talk: () => {},
    env: {},
    outIsScreen: false,
    talkIsScreen: false,
    columns: 100,
  };
  const page = join(folder, 'joint.html');
  try {
    expect(await coalitionDemoCommand({ seed: SMALL.seed, json: true, html: page }, terminal, SMALL)).toBe(0);
    const { story, control } = JSON.parse(said);
    // Alone: each lab has the hydra's accounts among its customers and names nobody.
    expect(story.labs.map(({ alone }: { alone: unknown[] }) => alone)).toEqual([[], [], []]);
    // Together: the pools of all three, each of them the hydra's; the labels are drawn anew each time.
    const named = story.verdicts.filter(({ kind }: { kind: string }) => kind === 'joint-pool');
    expect(named).toHaveLength(1);
    expect(named[0].candidate.pools.map(({ place }: { place: number }) => place)).toEqual([1, 2, 3]);
    expect(named[0].proved).toBeGreaterThanOrEqual(2);
    expect(named[0].text.title).toMatch(/^Pools A:\d+, B:\d+ and C:\d+ act as one hand$/);
    const truth = story.truth[story.verdicts.indexOf(named[0])];
    for (const { accounts, hydras } of truth) {
      expect(hydras).toBe(accounts);
      expect(accounts).toBeGreaterThanOrEqual(30);
    }
    // What crossed: nothing that was searched for, and as much from one lab as from another.
    expect(story.leaks).toEqual([]);
    // The same labs, with the honest tenants that all of them have, and no hydra.
    expect(control.verdicts.filter(({ kind }: { kind: string }) => kind.startsWith('joint'))).toEqual([]);
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('act as one hand');
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/https?:|src=/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
