import { buildBuiltInSources, buildWorld, HYDRA_DEFAULTS, type HydraPlan } from '@phalanx/testing';
import { describe, expect, it } from 'vitest';
import { chooseThreshold, type TrainingData } from './baseline.js';
import { contentClassifier } from './content-classifier.js';
import { distributionShift } from './distribution-shift.js';
import { evilCohort } from './evil-cohort.js';
import { synchroTrap } from './synchro-trap.js';
import { readTraffic, spreadRows, type Traffic } from './traffic.js';
import { volumeThreshold } from './volume-threshold.js';
import { hashWords } from './word-features.js';

const sources = buildBuiltInSources({
  names: ['chat', 'support-question', 'instruction-synthesis'],
  size: 1000,
});
const cover = ['chat', 'support-question'].map((name) => ({ name, weight: 1 }));

/** 120 customers, and a pool of 30 accounts that hides nothing: the easiest case of every baseline. */
function makeWorld(seed: string, pool: Partial<HydraPlan> | null) {
  return buildWorld({
    seed,
    days: 3,
    sources,
    ordinary: { accounts: 120, sources: cover, organisationShare: 0, requestsPerDay: 20 },
    pools:
      pool === null
        ? []
        : [
            {
              ...HYDRA_DEFAULTS,
              accounts: 30,
              requestsPerAccountDay: 20,
              attackShare: 1,
              cover: 'none',
              carefulness: 1,
              attackSources: [{ name: 'instruction-synthesis', weight: 1 }],
              coverSources: cover,
              ...pool,
            },
          ],
  });
}

const honest = readTraffic(makeWorld('honest', null));
const attacked = makeWorld('attacked', {});
const traffic = readTraffic(attacked);
const isThief = attacked.labels.map(({ campaign }) => campaign !== '');
const training: TrainingData = {
  honest: sources.filter(({ side }) => side === 'benign'),
  attack: sources.filter(({ side }) => side === 'attack'),
  traffic: [honest],
};

/** Shares of thieves and of others among the accounts above a threshold set on honest traffic. */
function accuse(fit: (data: TrainingData) => (t: Traffic) => { score: Float64Array }) {
  const scorer = fit(training);
  const threshold = chooseThreshold([scorer(honest).score], 0.001);
  const { score } = scorer(traffic);
  const rate = (thief: boolean): number => {
    const group = [...score].filter((_, a) => isThief[a] === thief);
    return group.filter((value) => value > threshold).length / group.length;
  };
  return { thieves: rate(true), others: rate(false) };
}

describe('baselines on a pool that hides nothing', () => {
  it('the content classifier knows the prompts it was trained on', () => {
    const { thieves, others } = accuse(contentClassifier.fit);
    expect(thieves).toBeGreaterThan(0.6);
    expect(others).toBeLessThan(0.1);
  });

  it('MMD tells a window of one source from a sample of everybody, thief or not', () => {
    const ofEverybody = spreadRows(Uint32Array.from(honest.account.keys()), 30);
    const longOf = (thief: boolean): Uint32Array =>
      traffic.rowsOf.find(
        (rows, a) =>
          rows.length >= 30 && isThief[a] === thief && (thief || attacked.labels[a]!.class !== 'app'),
      )!;
    const rows = [ofEverybody, longOf(true), longOf(false)];
    const texts = [honest, traffic, traffic].map(
      (from, i) => (row: number) => from.promptText(rows[i]!.at(row)!),
    );
    const windows = rows.map((_, i) => Uint32Array.from({ length: 30 }, (_, k) => 1000 * i + k));
    const { score } = distributionShift.fit(training)({
      ...traffic,
      accounts: 3,
      rowsOf: windows,
      promptText: (row) => texts[Math.floor(row / 1000)]!(row % 1000),
    });
    expect(score[0]).toBeLessThan(4);
    expect(score[1]).toBeGreaterThan(8);
    expect(score[2]).toBeGreaterThan(4);
  });

  it('EvilCohort joins accounts that share two networks, and nobody by one or by a crowded one', () => {
    const visits: [account: number, network: number][] = [];
    for (let a = 0; a < 400; a++) visits.push([a, 7], [a, 1000 + a]);
    for (let a = 0; a < 12; a++) visits.push([a, 1], [a, 2]);
    for (let a = 20; a < 40; a++) visits.push([a, 3]);
    const scorer = evilCohort.fit(training);
    const suspicion = scorer({
      ...traffic,
      accounts: 400,
      account: Uint32Array.from(visits, ([account]) => account),
      network: Uint32Array.from(visits, ([, network]) => network),
    });
    expect(suspicion.group(1)).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]]);
    expect(suspicion.score[0]).toBe(12);
    expect(suspicion.score[20]).toBe(1);
  });

  it('SynchroTrap links accounts that come from one network hour by hour', () => {
    const busy = makeWorld('busy', { carefulness: 0, requestsPerAccountDay: 60 });
    const scorer = synchroTrap.fit(training);
    const threshold = chooseThreshold([scorer(honest).score], 0.001);
    const thieves = new Set(busy.labels.flatMap(({ campaign }, a) => (campaign === '' ? [] : [a])));
    const groups = scorer(readTraffic(busy)).group(threshold);
    expect(groups.flat().filter((a) => thieves.has(a)).length).toBeGreaterThan(20);
    expect(groups.flat().filter((a) => !thieves.has(a)).length).toBeLessThan(10);
  });

  it('volume says nothing about accounts of ordinary volume', () => {
    expect(accuse(volumeThreshold.fit).thieves).toBeLessThan(0.1);
    const { score, group } = volumeThreshold.fit(training)(traffic);
    expect(score[traffic.account[0]!]).toBe(traffic.rowsOf[traffic.account[0]!]!.length / 3);
    expect(group(Number.POSITIVE_INFINITY)).toEqual([]);
  });
});

describe('chooseThreshold', () => {
  it('leaves at most the share above it, over all scores together', () => {
    const scores = [Float64Array.from({ length: 600 }, (_, i) => i), new Float64Array(400)];
    const threshold = chooseThreshold(scores, 0.005);
    expect(scores.flatMap((part) => [...part]).filter((value) => value > threshold)).toHaveLength(5);
    expect(chooseThreshold([Float64Array.of(3, 1, 2)], 0.001)).toBe(3);
  });
});

describe('features', () => {
  it('spreads rows in order and keeps short lists whole', () => {
    expect([...spreadRows(Uint32Array.of(1, 2, 3, 4, 5, 6), 3)]).toEqual([1, 3, 5]);
    expect([...spreadRows(Uint32Array.of(7, 9), 3)]).toEqual([7, 9]);
  });

  it('hashes equal wording to equal buckets, whatever the case, and other wording elsewhere', () => {
    expect(hashWords('Write a Poem.', 1 << 16)).toEqual(hashWords('write a poem.', 1 << 16));
    const other = new Set(hashWords('Reset my password', 1 << 16));
    expect([...hashWords('write a poem.', 1 << 16)].filter((bucket) => other.has(bucket))).toEqual([]);
  });
});
