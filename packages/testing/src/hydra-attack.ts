import { DAY_MS } from '@phalanx/core';
import { LeastRecentlyUsed } from './account-queue.js';
import { type Dress, ELICITATIONS } from './dress.js';
import { drawParameters } from './habits.js';
import type { HydraPlan } from './hydra-plan.js';
import { buildProductDemand } from './hydra-products.js';
import type { Member } from './hydra-roster.js';
import { type LivePool, SessionRouter } from './live-pool.js';
import { type Asked, ask, makePersona, type Persona, tasteOfSource } from './persona.js';
import { mixPair, type Random } from './random.js';
import type { WorldBuilder } from './world-builder.js';

/** Concurrent workers of a thief's job, each with a session of its own. */
const WORKERS = 8;

/** The attack side of a pool: who carries the next request, and what it asks. */
export interface Attack {
  /** Null when none of the accounts that carry the attack is in service. */
  route(atMs: number): Member | null;
  ask(member: Member, atMs: number): { readonly persona: Persona; readonly asked: Asked };
}

/** @param queue The pool's own queue, shared with LRU cover. */
export function buildAttack(
  builder: WorldBuilder,
  plan: HydraPlan,
  members: readonly Member[],
  pool: LivePool,
  queue: LeastRecentlyUsed,
  random: Random,
): Attack {
  return {
    route: buildRoute(builder, plan, members, pool, queue, random),
    ask: buildDemand(builder, plan, random),
  };
}

function buildRoute(
  builder: WorldBuilder,
  plan: HydraPlan,
  members: readonly Member[],
  pool: LivePool,
  queue: LeastRecentlyUsed,
  random: Random,
): Attack['route'] {
  const share = plan.disguise?.accountShare ?? (plan.attackSchedule === 'subset' ? 0.3 : 1);
  const all = members.map((_, i) => i);
  const carriers =
    share === 1 ? all : random.shuffle(all).slice(0, Math.max(1, Math.round(share * all.length)));
  if (plan.attackSchedule === 'lru') {
    let own = queue;
    if (plan.cover !== 'lru' || share < 1) {
      own = new LeastRecentlyUsed([]);
      pool.follow(own, share < 1 ? new Set(carriers) : null);
    }
    return () => (own.size === 0 ? null : members[own.take()]!);
  }
  const pickLive = (draw: () => number): number => {
    for (let tries = 0; tries < 50; tries++) {
      const member = draw();
      if (pool.isLive(member)) return member;
    }
    return -1;
  };
  if (plan.attackSchedule === 'sticky' && share === 1) {
    const workers = Array.from(
      { length: WORKERS },
      (_, w) => new SessionRouter(`${builder.seed} ${plan.name} worker ${w}`, random, 6, 8),
    );
    return () => random.choice(workers).route(pool);
  }
  // Blocks on carriers: even for sticky and random, uneven (gamma 2) for a subset.
  const weights = carriers.map(() => (plan.attackSchedule === 'subset' ? random.gamma(2) : 1));
  const cumulative: number[] = [];
  weights.reduce((sum, weight, i) => (cumulative[i] = sum + weight), 0);
  const total = cumulative[cumulative.length - 1]!;
  const draw = () => {
    const u = random.uniform() * total;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle]! > u) high = middle;
      else low = middle + 1;
    }
    return carriers[low]!;
  };
  const block = plan.disguise?.block ?? (plan.attackSchedule === 'random' ? 1 : 8);
  let left = 0;
  let member = -1;
  return () => {
    if (left === 0 || !pool.isLive(member)) {
      member = pickLive(draw);
      left = block;
    }
    left--;
    return member < 0 ? null : members[member]!;
  };
}

function buildDemand(builder: WorldBuilder, plan: HydraPlan, random: Random): Attack['ask'] {
  if (plan.attackShare === 0) return () => unreachable();
  if (plan.products !== null) return buildProductDemand(builder, plan, plan.products);
  const { disguise } = plan;
  const [before = '', after = ''] = plan.wrapper?.split('{}') ?? [];
  const look: Dress =
    disguise === null
      ? {}
      : { lowerShare: disguise.lowerShare, typos: disguise.typos, dropEnd: disguise.dropEnd };
  const dressUp = (elicitation: Dress, opener: string): number => {
    const prefix = opener + (elicitation.prefix ?? '') + before;
    const suffix = after + (elicitation.suffix ?? '');
    return builder.internDress({ ...look, ...(prefix && { prefix }), ...(suffix && { suffix }) });
  };
  const elicitation = random.choice(ELICITATIONS);
  const jobs = plan.attackSources.map(({ name }) => {
    const parameters = builder.internParameters({ max_tokens: 2048, ...drawParameters(random) });
    return makePersona(builder, [tasteOfSource(builder, builder.findSource(name))], {
      reaskShare: disguise?.repeatShare ?? 0,
      samples: plan.samples,
      meanTurns: plan.attackTurns,
      tools: plan.attackTools.length === 0 ? 0 : builder.internTools(plan.attackTools),
      parameters,
    });
  });
  const weights = plan.attackSources.map((source) => source.weight);
  return (member, atMs) => {
    const job = jobs.length === 1 ? jobs[0]! : jobs[random.weighted(weights)]!;
    const asked = ask(builder, job, random);
    // By prompt, so that a prompt asked again is worded alike.
    const luck = mixPair(mixPair(asked.source, asked.cell), asked.prompt);
    const elicited = luck < plan.elicitationShare * 4294967296;
    // A careful thief words the request for reasoning in five ways, a plain one always in the same.
    const phrase = elicited
      ? disguise === null
        ? elicitation
        : ELICITATIONS[luck % ELICITATIONS.length]!
      : {};
    const dress = dressUp(phrase, disguise?.personas ? member.opener : '');
    const sinceRelease = atMs / DAY_MS - builder.releaseDay;
    const isNew = plan.releasePivot && (sinceRelease >= 1 || (sinceRelease >= 0 && random.chance(0.5)));
    const model = isNew ? 1 : 0;
    const parameters = plan.attackParameters === 'natural' ? member.parameters : job.parameters;
    return { persona: { ...job, parameters, models: [model, model] }, asked: { ...asked, dress } };
  };
}

function unreachable(): never {
  throw new RangeError('a pool without attack asked for an attack prompt');
}
