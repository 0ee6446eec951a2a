import { DAY_MS } from '@phalanx/core';
import { LeastRecentlyUsed } from './account-queue.js';
import { type Clock, drawTimes } from './arrival-clock.js';
import { drawClientProfile } from './client-profile.js';
import { RowFlag } from './exchange-columns.js';
import { drawParameters } from './habits.js';
import { buildAttack } from './hydra-attack.js';
import { checkHydraPlan, type HydraPlan } from './hydra-plan.js';
import { enrolMembers, type Member, networkOn } from './hydra-roster.js';
import { LivePool, SessionRouter } from './live-pool.js';
import { type Asked, ask, type Persona, send } from './persona.js';
import type { Random } from './random.js';
import { drawCustomer } from './tenants/ordinary.js';
import { orderByTime } from './time-order.js';
import type { WorldBuilder } from './world-builder.js';

interface Customer {
  readonly persona: Persona;
  readonly router: SessionRouter;
}

/**
 * Adds a pool of accounts under one hand. Customers' and attack's requests are drawn in time, merged, and each is given
 * to an account in that order, as a relay would; demand shrinks with the share of accounts in service.
 *
 * @throws PhalanxError `TESTING_PLAN`.
 */
export function addHydra(builder: WorldBuilder, plan: HydraPlan): void {
  checkHydraPlan(plan);
  const random = builder.random('hydra', plan.name);
  const { members, proxies } = enrolMembers(builder, plan);
  const stamp = plan.stamped
    ? builder.internParameters({ max_tokens: 3000, ...drawParameters(builder.random('stamp', plan.name)) })
    : null;
  const emit = (member: Member, atMs: number, persona: Persona, asked: Asked, flags: number) => {
    const profiles = plan.fingerprints === 'rotated' ? [drawClientProfile(random)] : member.station.profiles;
    const network = networkOn(plan, member, proxies, atMs / DAY_MS);
    const sent = stamp === null ? persona : { ...persona, parameters: stamp };
    send(builder, member.account, atMs, sent, asked, { profiles, network }, random, flags);
  };

  const coverMean = plan.accounts * plan.requestsPerAccountDay * (1 - plan.attackShare) * builder.days;
  if (plan.cover === 'pinned') addPinnedCover(builder, plan, members, coverMean, random, emit);
  const cover =
    plan.cover === 'lru' || plan.cover === 'sticky' ? drawCover(builder, plan, coverMean, random) : null;
  const attackFromMs = Math.min(plan.attackFromDay * DAY_MS, builder.spanMs);
  const attackMean =
    (plan.accounts * plan.requestsPerAccountDay * plan.attackShare * (builder.spanMs - attackFromMs)) /
    DAY_MS;
  const attackClock =
    plan.disguise === null ? builder.arrivals.drawMachineClock(random) : builder.arrivals.drawClock(random);
  const attackTimes = drawTimes(
    attackClock,
    random.poisson(attackMean),
    attackFromMs,
    builder.spanMs,
    random,
  );

  const coverCount = cover?.times.length ?? 0;
  const keys = new Uint32Array(coverCount + attackTimes.length);
  if (cover !== null) keys.set(cover.times);
  keys.set(attackTimes, coverCount);

  const pool = new LivePool(members);
  const queue = new LeastRecentlyUsed([]);
  pool.follow(queue);
  const attack = buildAttack(builder, plan, members, pool, queue, random);
  const attackFlag = plan.products === null ? RowFlag.ATTACK : 0;
  for (const event of orderByTime(keys)) {
    const atMs = keys[event]!;
    pool.advance(atMs, random);
    if (pool.size === 0 || !random.chance(pool.size / plan.accounts)) continue;
    if (event >= coverCount) {
      const member = attack.route(atMs);
      if (member === null) continue;
      const { persona, asked } = attack.ask(member, atMs);
      emit(member, atMs, persona, asked, attackFlag);
    } else {
      const customer = cover!.customers[cover!.owner[event]!]!;
      const member = plan.cover === 'lru' ? pool.members[queue.take()]! : customer.router.route(pool);
      emit(member, atMs, customer.persona, ask(builder, customer.persona, random), 0);
    }
  }
}

type Emit = (member: Member, atMs: number, persona: Persona, asked: Asked, flags: number) => void;

/** Every account keeps one customer, whose volume is lognormal as any stranger's. */
function addPinnedCover(
  builder: WorldBuilder,
  plan: HydraPlan,
  members: readonly Member[],
  mean: number,
  random: Random,
  emit: Emit,
): void {
  const perMs = mean / (plan.accounts * builder.spanMs);
  for (const member of members) {
    const clock = builder.arrivals.drawClock(random);
    const persona = drawPoolCustomer(builder, plan, random, clock);
    const count = random.poisson(random.lognormal(perMs * (member.leaveMs - member.joinMs), 1));
    for (const atMs of drawTimes(clock, count, member.joinMs, member.leaveMs, random))
      emit(member, atMs, persona, ask(builder, persona, random), 0);
  }
}

/** The reseller's customers, volumes lognormal with sigma 1.3, and when each of them asks. */
function drawCover(builder: WorldBuilder, plan: HydraPlan, mean: number, random: Random) {
  const count = Math.max(20, Math.round(plan.accounts * plan.customersPerAccount));
  const volumes = Float64Array.from({ length: count }, () => random.lognormal(1, 1.3));
  const total = volumes.reduce((sum, volume) => sum + volume, 0);
  const customers: Customer[] = [];
  const parts: Float64Array[] = [];
  for (let k = 0; k < count; k++) {
    const clock = builder.arrivals.drawClock(random);
    customers.push({
      persona: drawPoolCustomer(builder, plan, random, clock),
      router: new SessionRouter(`${builder.seed} ${plan.name} ${k}`, random, 6, 8),
    });
    parts.push(drawTimes(clock, random.poisson((mean * volumes[k]!) / total), 0, builder.spanMs, random));
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const times = new Float64Array(length);
  const owner = new Uint32Array(length);
  let at = 0;
  parts.forEach((part, k) => {
    times.set(part, at);
    owner.fill(k, at, at + part.length);
    at += part.length;
  });
  return { customers, times, owner };
}

function drawPoolCustomer(builder: WorldBuilder, plan: HydraPlan, random: Random, clock: Clock): Persona {
  const os = (['Linux', 'MacOS', 'Windows'] as const)[random.weighted([0.55, 0.28, 0.17])]!;
  return drawCustomer(builder, { sources: plan.coverSources }, random, os, clock);
}
