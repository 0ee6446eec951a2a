import { DAY_MS } from '@phalanx/core';
import { drawTimes } from '../arrival-clock.js';
import { drawCloud } from '../network-pool.js';
import { ask, drawStation, drawTaste, makePersona, send } from '../persona.js';
import { drawSignUp } from '../sign-up.js';
import type { WorldBuilder } from '../world-builder.js';
import type { TenantPlan } from './tenant-plan.js';

/**
 * B9: a product that launches inside the world: nearly silent before, twenty-fold in its first two days, then a third
 * of that; on a release day the whole customer base changes model within 24 hours.
 */
export function addLaunchBursts(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('B9', i);
    const network = drawCloud(random);
    const account = builder.addAccount(
      drawSignUp(random, network, { startMs: builder.startMs - 30 * DAY_MS, days: 0 }),
      {
        class: 'B9',
        campaign: '',
        attacker: false,
      },
    );
    const station = drawStation(network, random);
    const source = builder.findSource(random.choice(plan.sources));
    const users = plan.size ?? 800;
    const persona = makePersona(builder, [drawTaste(builder, source, random)], {
      models: [0, 1],
      switchDay: builder.releaseDay + random.uniform(),
      endUser: builder.reserveEndUsers(users),
      endUsers: users,
      system: builder.internSystem(`You power the app "${random.integer(1000, 99_999)}". Be brief.`),
    });
    const clock = builder.arrivals.drawClock(random);
    const launchMs = random.uniform() * builder.spanMs;
    const base = plan.requestsPerDay ?? 100;
    const phases = [
      [0, launchMs, base],
      [launchMs, launchMs + 2 * DAY_MS, base * 20],
      [launchMs + 2 * DAY_MS, builder.spanMs, base * 7],
    ] as const;
    for (const [from, to, perDay] of phases) {
      const endMs = Math.min(to, builder.spanMs);
      if (endMs <= from) continue;
      const count = random.poisson((perDay * (endMs - from)) / DAY_MS);
      for (const atMs of drawTimes(clock, count, Math.ceil(from), Math.ceil(endMs), random))
        send(builder, account, atMs, persona, ask(builder, persona, random), station, random);
    }
  }
}
