import { PhalanxError } from '@phalanx/core';
import { createSketcher } from '@phalanx/sketch';
import { HYDRA_DEFAULTS, WorldRecords } from '@phalanx/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readTraffic } from './baselines/traffic.js';
import { volumeThreshold } from './baselines/volume-threshold.js';
import { buildCell } from './cell.js';
import { type CellPlan, equalShares, planPopulation } from './cells/cell-plan.js';
import { runHydraBenchCommand } from './command.js';
import { loadMaterials } from './materials.js';
import { runPeer } from './peers.js';
import { runHydraBench } from './run.js';

const materials = loadMaterials({ split: 'development' });
const cell: CellPlan = {
  name: 'small',
  group: 'attack',
  what: 'a loud pool of 60 among 240 for two days',
  quick: true,
  baselines: false,
  seeds: 1,
  plan: (own, seed) => ({
    ...planPopulation(own, seed, { accounts: 240, days: 2 }),
    pools: [
      {
        ...HYDRA_DEFAULTS,
        accounts: 60,
        attackShare: 0.5,
        carefulness: 0,
        attackSources: equalShares([own.roles.attack[0]!]),
        coverSources: equalShares(own.roles.honest),
      },
    ],
  }),
};

describe('runHydraBench', () => {
  it('runs the whole detector and both halves, twice alike', async () => {
    const run = () => runHydraBench({ cells: [cell], materials, baselines: false });
    const first = await run();
    expect(first.map(({ detector }) => detector)).toEqual([
      'phalanx',
      'phalanx, content only',
      'phalanx, metadata only',
    ]);
    expect(first[0]!.accounts).toBe(300);
    expect(first[0]!.score.pools).toHaveLength(1);
    // A pool of one office and one card for fifty accounts is the least that the whole detector must find.
    expect(first[0]!.score.pools[0]).toMatchObject({ found: true });
    const again = await run();
    const findings = (results: typeof first) => results.map((result) => [result.score, result.findings]);
    expect(findings(again)).toEqual(findings(first));
  });

  it('scores a peer on the same world by the same file', () => {
    const built = buildCell(cell, '0', materials, new WorldRecords(createSketcher(new Uint8Array(32))));
    const traffic = readTraffic(built.world);
    const score = volumeThreshold.fit({ honest: [], attack: [], traffic: [] });
    const result = runPeer(built, traffic, { name: volumeThreshold.name, threshold: 100, score });
    const busy = traffic.rowsOf.filter((rows) => rows.length > 200).length;
    expect(busy).toBeGreaterThan(0);
    expect(result.findings.map(({ members }) => members)).toEqual([busy]);
    expect(result.score.pools[0]).toMatchObject({ named: false, leakedBeforeName: 1 });
  });
});

describe('the command', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    ['--cells', 'no-such-cell'],
    ['--split', 'both'],
    ['--seeds', '0'],
    ['--alpha', '0.9'],
  ])('refuses %s %s', async (...args) => {
    const failure = await runHydraBenchCommand(args).catch((error: unknown) => error);
    expect(PhalanxError.is(failure, 'BENCH_ARGUMENT')).toBe(true);
  });

  it('lists cells, those that begin alike by one star', async () => {
    const printed: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((line: string) => printed.push(line));
    await runHydraBenchCommand(['--split', 'development', '--list', '--cells', 'reseller-lru-*,null']);
    expect(printed.map((line) => line.split(':')[0])).toEqual([
      'reseller-lru-100',
      'reseller-lru-300',
      'null',
    ]);
  });
});
