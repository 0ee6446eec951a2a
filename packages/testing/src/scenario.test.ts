import { describe, expect, it } from 'vitest';
import { buildWorld } from './build-world.js';
import { BUILT_IN_ATTACK_SOURCES, BUILT_IN_HONEST_SOURCES, buildBuiltInSources } from './built-in-grammar.js';
import { planHeavyAccount } from './campaigns/a1-heavy-account.js';
import { planLruHydra } from './campaigns/a2-lru-hydra.js';
import { planSlowAndLow } from './campaigns/a3-slow-and-low.js';
import { planReasoningElicitation } from './campaigns/a4-reasoning-elicitation.js';
import { planRewardModel } from './campaigns/a5-reward-model.js';
import { planSafeRewrites } from './campaigns/a6-safe-rewrites.js';
import { planAgentic } from './campaigns/a7-agentic.js';
import { planReleasePivot } from './campaigns/a8-release-pivot.js';
import { planAdaptive } from './campaigns/a9-adaptive.js';
import { planProgrammeFarm } from './campaigns/a10-programme-farm.js';
import { RowFlag } from './exchange-columns.js';
import { planScenario, SCENARIOS } from './scenario.js';

const sources = buildBuiltInSources({ size: 300 });
const options = {
  seed: 'scenario',
  sources,
  attackSources: ['code-task', 'tool-use'],
  honestSources: BUILT_IN_HONEST_SOURCES,
  ordinaryAccounts: 80,
  days: 2,
};
const attackSources = options.attackSources.map((name) => ({ name, weight: 1 }));
const coverSources = [{ name: 'chat', weight: 1 }];

describe('planScenario', () => {
  it.each(SCENARIOS.map((name) => [name]))(
    '%s can be built, and attacks only from the attack sources',
    (name) => {
      const world = buildWorld(planScenario(name, { ...options, poolAccounts: 30 }));
      const { source, flags, account } = world.columns;
      let attacks = 0;
      let strays = 0;
      for (let i = 0; i < world.size; i++) {
        const asked = sources[source[i]!]!.name;
        if (flags[i]! & RowFlag.ATTACK) {
          attacks++;
          if (!options.attackSources.includes(asked)) strays++;
        } else if (world.labels[account[i]!]!.class !== 'B10-licensed') {
          if (!options.honestSources.includes(asked)) strays++;
        }
      }
      expect(strays).toBe(0);
      expect(attacks > 0).toBe(name !== 'attack-free');
      expect(world.labels.some((label) => label.attacker)).toBe(name !== 'attack-free');
    },
  );

  it('refuses what it does not know', () => {
    expect(() => planScenario('march' as never, options)).toThrowError(/no scenario march/);
    expect(() => planScenario('quickstart', { ...options, attackSources: [] })).toThrowError(
      /attackSources is empty/,
    );
    expect(() => planScenario('quickstart', { ...options, honestSources: ['x'] })).toThrowError(
      /no prompt source x/,
    );
    expect(BUILT_IN_ATTACK_SOURCES).toContain('tool-use');
  });
});

describe('campaign plans', () => {
  const plans = [
    planHeavyAccount,
    planLruHydra,
    planSlowAndLow,
    planReasoningElicitation,
    planRewardModel,
    planSafeRewrites,
    planAgentic,
    planReleasePivot,
    planAdaptive,
    planProgrammeFarm,
  ].map((plan) => plan({ attackSources, coverSources }));
  it.each(plans.map((plan) => [plan.class, plan] as const))('%s builds as planned, small', (name, plan) => {
    const accounts = Math.min(plan.accounts, 50);
    const world = buildWorld({
      seed: 'plans',
      days: 2,
      sources,
      ordinary: { accounts: 0, sources: coverSources },
      releaseDay: 1,
      pools: [{ ...plan, accounts, requestsPerAccountDay: Math.min(40, plan.requestsPerAccountDay) }],
    });
    expect(world.labels.every((label) => label.class === name && label.attacker)).toBe(true);
    const { flags, model, offsetMs, turns } = world.columns;
    let attack = 0;
    for (let i = 0; i < world.size; i++) if (flags[i]! & RowFlag.ATTACK) attack++;
    const slack =
      (plan.cover === 'pinned' ? 0.5 : 5 / Math.sqrt(world.size * Math.max(0.05, plan.attackShare))) *
      plan.attackShare;
    expect(Math.abs(attack / world.size - plan.attackShare)).toBeLessThanOrEqual(slack + 1e-9);
    if (plan.releasePivot) {
      const late = offsetMs.findIndex((at) => at >= 86_400_000);
      let moved = 0;
      let after = 0;
      for (let i = 0; i < world.size; i++) {
        if ((flags[i]! & RowFlag.ATTACK) === 0) continue;
        if (i < late) expect(model[i]).toBe(0);
        else {
          after++;
          moved += model[i]!;
        }
      }
      expect(moved / after).toBeGreaterThan(0.35);
      expect(moved / after).toBeLessThan(0.65);
    }
    if (plan.attackTurns > 1) expect(Math.max(...turns)).toBeGreaterThan(20);
  });
});
