import { buildBuiltInSources, buildWorld, HYDRA_DEFAULTS, RowFlag } from '@phalanx/testing';
import { describe, expect, it } from 'vitest';
import { type Accusation, isCampaignClass, scoreAccusations } from './score.js';

const sources = buildBuiltInSources({
  names: ['chat', 'support-question', 'instruction-synthesis'],
  size: 300,
});
const cover = [{ name: 'chat', weight: 1 }];
const world = buildWorld({
  seed: 'score',
  days: 3,
  sources,
  ordinary: { accounts: 60, sources: cover },
  pools: [
    {
      ...HYDRA_DEFAULTS,
      name: 'thief',
      accounts: 20,
      attackShare: 0.2,
      attackSources: [{ name: 'instruction-synthesis', weight: 1 }],
      coverSources: cover,
    },
    {
      ...HYDRA_DEFAULTS,
      name: 'reseller',
      class: 'aggregator-undeclared',
      accounts: 20,
      attackShare: 0,
      attackSources: [],
      coverSources: cover,
    },
  ],
});
const of = (campaign: string): number[] =>
  world.labels.flatMap((label, account) => (label.campaign === campaign ? [account] : []));
const thieves = of('thief');
const relays = of('reseller');
const strangers = of('');
const accuse = (members: readonly number[], settings: Partial<Accusation> = {}): Accusation => ({
  kind: 'distillation-campaign',
  members,
  alarmAtMs: world.startMs + 2 * 86_400_000,
  kindAlarmAtMs: world.startMs + 2 * 86_400_000,
  proposedBy: 'test',
  log10ECoordination: 0,
  log10EDemand: 0,
  ...settings,
});
const pool = (accusations: Accusation[], name: string) =>
  scoreAccusations(world, accusations).pools.find((outcome) => outcome.name === name)!;

describe('scoreAccusations', () => {
  it('names a campaign at half of its accounts and half of the finding, and not below', () => {
    expect(pool([accuse([...thieves.slice(0, 10), ...strangers.slice(0, 10)])], 'thief')).toMatchObject({
      named: true,
      found: true,
      accountShare: 0.5,
    });
    expect(pool([accuse(thieves.slice(0, 9))], 'thief').found).toBe(false);
    expect(pool([accuse([...thieves, ...strangers.slice(0, 21)])], 'thief').found).toBe(false);
  });

  it('counts what leaked before the alarm by the attack flag, and all of it without one', () => {
    const { account, flags, offsetMs } = world.columns;
    let all = 0;
    let early = 0;
    for (let row = 0; row < world.size; row++) {
      if (!(flags[row]! & RowFlag.ATTACK)) continue;
      expect(thieves).toContain(account[row]);
      all++;
      if (offsetMs[row]! < 2 * 86_400_000) early++;
    }
    const outcome = pool([accuse(thieves)], 'thief');
    expect(outcome.attackExchanges).toBe(all);
    expect(outcome.leakedBeforeName).toBe(early / all);
    expect(outcome.namedDay).toBe(2);
    expect(pool([], 'thief')).toMatchObject({ leakedBeforeAlarm: 1, leakedBeforeName: 1, namedDay: null });
  });

  it('holds a reseller named a campaign to be a false campaign, and found as a pool to be right', () => {
    const wrong = scoreAccusations(world, [accuse(relays)]);
    expect(wrong.falseCampaigns).toBe(1);
    expect(wrong.classes.find((row) => row.class === 'aggregator-undeclared')).toMatchObject({
      accounts: 20,
      accused: 0,
      accusedOfCampaign: 20,
    });
    const right = scoreAccusations(world, [accuse(relays, { kind: 'hidden-pool' })]);
    expect(right).toMatchObject({ falseCampaigns: 0, falseHiddenPools: 0 });
    expect(right.pools.find(({ name }) => name === 'reseller')).toMatchObject({ found: true, named: false });
  });

  it('counts insufficient apart, and lets a naming outweigh it', () => {
    const doubt = accuse(thieves, { kind: 'insufficient' });
    expect(pool([doubt], 'thief')).toMatchObject({ found: true, named: false, insufficient: true });
    expect(pool([doubt, accuse(thieves)], 'thief')).toMatchObject({ named: true, insufficient: false });
  });

  it('charges strangers in any finding to their class', () => {
    const { classes, falseHiddenPools } = scoreAccusations(world, [
      accuse([...thieves, ...strangers.slice(0, 3)]),
      accuse(strangers.slice(10, 20), { kind: 'hidden-pool' }),
    ]);
    expect(falseHiddenPools).toBe(1);
    expect(classes.reduce((n, row) => n + row.accused, 0)).toBe(13);
    expect(classes.reduce((n, row) => n + row.accusedOfCampaign, 0)).toBe(3);
    expect(classes.reduce((n, row) => n + row.accounts, 0)).toBe(80);
  });

  it('calls a small pure part of a pool a fragment: neither false nor found', () => {
    const score = scoreAccusations(world, [accuse(thieves.slice(0, 5), { kind: 'hidden-pool' })]);
    expect(score).toMatchObject({ fragments: 1, falseHiddenPools: 0 });
    expect(score.pools.every(({ found }) => !found)).toBe(true);
    expect(scoreAccusations(world, [accuse(relays.slice(0, 5))])).toMatchObject({
      fragments: 1,
      falseCampaigns: 1,
    });
  });

  it('computes B-cubed as by hand', () => {
    // 10 of 20 thieves with 5 strangers: precision (10 x 10/15 + 5 x 1/15) / 15; recall 10/20.
    const score = scoreAccusations(world, [accuse([...thieves.slice(0, 10), ...strangers.slice(0, 5)])]);
    expect(score.bCubedPrecision).toBeCloseTo((10 * (10 / 15) + 5 / 15) / 15, 12);
    expect(score.bCubedRecall).toBeCloseTo(0.5, 12);
  });

  it('counts an organisation as one tenant', () => {
    const honest = world.accounts.filter((_, account) => world.labels[account]!.campaign !== 'thief');
    const tenants = new Set(honest.map((a) => a.organisationId ?? a.accountId));
    expect(scoreAccusations(world, []).tenantMonths).toBeCloseTo((tenants.size * 3) / 30, 12);
  });
});

describe('isCampaignClass', () => {
  it('tells attack labels from honest ones', () => {
    expect(
      ['A1', 'A10', 'B1', 'B10', 'aggregator-undeclared', 'app', 'organisation'].map(isCampaignClass),
    ).toEqual([true, true, false, false, false, false, false]);
  });
});
