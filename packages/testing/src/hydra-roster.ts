import { DAY_MS, HOUR_MS } from '@phalanx/core';
import { drawClientProfile, drawRelayProfile } from './client-profile.js';
import { OPENERS } from './dress.js';
import { drawParameters } from './habits.js';
import type { HydraPlan } from './hydra-plan.js';
import { drawCloud, drawHome, drawNetwork, fixedNetwork, type NetworkProfile } from './network-pool.js';
import type { Station } from './persona.js';
import { hashString, mixPair, type Random } from './random.js';
import { drawSignUp, drawToken, type SharedSignUp } from './sign-up.js';
import type { WorldBuilder } from './world-builder.js';

/** One account of a pool, in service within [joinMs, leaveMs) of the world. */
export interface Member {
  readonly account: number;
  readonly joinMs: number;
  readonly leaveMs: number;
  readonly station: Station;
  /** Parameter set of its attack requests when they are to look natural. */
  readonly parameters: number;
  /** Small talk in front of its attack prompts when the thief gives every account a persona. */
  readonly opener: string;
}

/** Relay software stores one of a handful of header sets for each account. */
const RELAY_HEADER_SETS = 6;

/** Signs up the accounts of a pool, replacements of suspended ones included, by its carefulness. */
export function enrolMembers(
  builder: WorldBuilder,
  plan: HydraPlan,
): { members: Member[]; proxies: NetworkProfile[] } {
  const random = builder.random('hydra', plan.name, 'roster');
  const proxies = drawProxies(builder, plan, random);
  const members: Member[] = [];
  const burstMs = -random.integer(3, 40) * DAY_MS;
  const enrol = (joinMs: number, leaveMs: number) => {
    const i = members.length;
    const network =
      plan.carefulness === 3 ? drawNetwork(random) : proxies[pickProxy(plan, i, proxies.length)]!;
    const facts = drawSignUp(
      random,
      plan.carefulness === 3 ? drawHome(random) : network,
      builder,
      shareSignUp(builder, plan, i),
    );
    const agedMs =
      plan.carefulness === 0
        ? burstMs + random.integer(0, 6 * HOUR_MS)
        : plan.carefulness === 3
          ? Math.min(0, facts.createdAtMs! - builder.startMs)
          : -random.uniform() * (plan.carefulness === 1 ? 20 : 90) * DAY_MS;
    // An account is opened before its first use: replacements shortly before, the first crop as planned.
    const createdMs = joinMs > 0 ? joinMs - random.uniform() * DAY_MS : agedMs;
    facts.createdAtMs = Math.max(0, Math.floor(builder.startMs + createdMs));
    if (plan.programme !== '') facts.programme = plan.programme;
    else if (plan.carefulness < 3) delete facts.programme;
    const account = builder.addAccount(facts, {
      class: plan.class,
      campaign: plan.name,
      attacker: plan.attackShare > 0 && plan.products === null,
    });
    const profile =
      plan.fingerprints === 'frozen'
        ? drawRelayProfile(random, RELAY_HEADER_SETS, `${builder.seed} ${plan.name}`)
        : drawClientProfile(random);
    if (leaveMs < builder.spanMs) builder.suspend(account, leaveMs);
    members.push({
      account,
      joinMs,
      leaveMs,
      station: { profiles: [profile], network },
      parameters: builder.internParameters(drawParameters(random)),
      opener: random.choice(OPENERS),
    });
  };
  const { suspension } = plan;
  const banMs = suspension === null ? builder.spanMs : suspension.day * DAY_MS;
  for (let i = 0; i < plan.accounts; i++) {
    const joinMs = Math.floor((plan.staggerDays * DAY_MS * i) / plan.accounts);
    const banned = suspension !== null && banMs > joinMs && random.chance(suspension.share);
    enrol(joinMs, banned ? Math.min(banMs, builder.spanMs) : builder.spanMs);
  }
  const banned = members.filter((member) => member.leaveMs < builder.spanMs).length;
  for (let i = 0; i < banned; i++) {
    const joinMs = Math.floor(banMs + ((i + 1) / banned) * suspension!.regrowthDays * DAY_MS);
    if (joinMs < builder.spanMs) enrol(joinMs, builder.spanMs);
  }
  return { members, proxies };
}

function drawProxies(builder: WorldBuilder, plan: HydraPlan, random: Random): NetworkProfile[] {
  switch (plan.carefulness) {
    case 0:
      return [fixedNetwork('office', builder.nextOrganisation())];
    case 1:
      return Array.from({ length: Math.ceil(plan.accounts / 10) }, () => drawCloud(random));
    case 2:
      return Array.from({ length: plan.accounts }, () => drawHome(random));
    case 3:
      return [];
  }
}

function pickProxy(plan: HydraPlan, member: number, proxies: number): number {
  return plan.carefulness === 1 ? Math.floor(member / 10) % proxies : member % proxies;
}

/** What members i share with one another: cards by 50, 10, 3 or nobody; devices by 50 or 10 or nobody. */
function shareSignUp(builder: WorldBuilder, plan: HydraPlan, member: number): SharedSignUp {
  if (plan.carefulness === 3) return {};
  const token = (what: string, group: number) =>
    drawToken(builder.random('hydra', plan.name, what, Math.floor(member / group)), `${what}-`);
  if (plan.carefulness === 2) return { paymentFingerprint: token('card', 3) };
  const group = plan.carefulness === 0 ? 50 : 10;
  return { paymentFingerprint: token('card', group), signupDevice: token('dev', group) };
}

/** The network that a member uses on this day: with carefulness 2, another member's proxy on one day in ten. */
export function networkOn(
  plan: HydraPlan,
  member: Member,
  proxies: readonly NetworkProfile[],
  day: number,
): NetworkProfile {
  if (plan.carefulness !== 2) return member.station.network;
  const h = mixPair(hashString(plan.name, member.account), Math.floor(day));
  return h % 10 === 0 ? proxies[(h >>> 8) % proxies.length]! : member.station.network;
}
