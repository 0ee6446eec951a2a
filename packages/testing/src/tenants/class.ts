import { DAY_MS, HOUR_MS } from '@phalanx/core';
import { OPENERS } from '../dress.js';
import { fixedNetwork } from '../network-pool.js';
import { askLiteral, drawStation, makePersona, send, tasteOfSource } from '../persona.js';
import { drawSignUp } from '../sign-up.js';
import type { WorldBuilder } from '../world-builder.js';
import type { TenantPlan } from './tenant-plan.js';

/** Tasks of one term. */
const TASKS = 20;

/**
 * B7: `size` students (default 300) with the same 20 tasks, an account each on one campus, signed up within three days;
 * each works through the tasks in order at own hours, in own words (opener, case, typing), asking one to four times.
 */
export function addClasses(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('B7', i);
    const source = builder.findSource(random.choice(plan.sources));
    const tasks = Array.from({ length: TASKS }, () => random.integer(0, builder.sources[source]!.size - 1));
    const network = fixedNetwork('campus', builder.nextOrganisation() + 1000);
    const emailDomain = `college-${random.integer(1, 9999)}.example`;
    for (let s = 0; s < (plan.size ?? 300); s++) {
      const own = builder.random('B7', i, s);
      const facts = drawSignUp(own, network, builder, { emailDomain, programme: 'education' });
      facts.createdAtMs = builder.startMs - Math.floor((1 + 3 * own.uniform()) * DAY_MS);
      delete facts.paymentFingerprint;
      const account = builder.addAccount(facts, { class: 'B7', campaign: '', attacker: false });
      const station = drawStation(network, own);
      const dresses = Array.from({ length: 4 }, () =>
        builder.internDress({
          prefix: own.choice(OPENERS),
          lowerShare: own.uniform(),
          typos: own.uniform() * 0.03,
          dropEnd: 0.5,
        }),
      );
      const persona = makePersona(builder, [tasteOfSource(builder, source)]);
      const perDay = TASKS / builder.days;
      for (let t = 0; t < TASKS; t++) {
        const day = Math.floor(t / perDay + own.uniform());
        let atMs = Math.floor(day * DAY_MS + (8 + 13 * own.uniform()) * HOUR_MS);
        for (let times = own.integer(1, 4); times > 0 && atMs < builder.spanMs; times--) {
          send(
            builder,
            account,
            atMs,
            persona,
            askLiteral(source, tasks[t]!, own.choice(dresses)),
            station,
            own,
          );
          atMs += Math.floor(own.exponential(180_000));
        }
      }
    }
  }
}
