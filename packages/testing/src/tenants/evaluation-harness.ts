import { HOUR_MS, MINUTE_MS } from '@phalanx/core';
import { drawCloud } from '../network-pool.js';
import { askLiteral, drawStation, makePersona, send, tasteOfSource } from '../persona.js';
import { drawSignUp, drawToken } from '../sign-up.js';
import type { WorldBuilder } from '../world-builder.js';
import type { TenantPlan } from './tenant-plan.js';

/** Questions of a benchmark that one run asks at most. */
const RUN_LIMIT = 1500;

/**
 * B2: a benchmark run whole and in order, again for every version that is tested. A tenant is a team of `size` keys
 * (default 4) on one card; each key makes a run every second day or so, at one to four requests a second.
 */
export function addEvaluationHarness(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('B2', i);
    const source = builder.findSource(random.choice(plan.sources));
    const length = Math.min(RUN_LIMIT, builder.sources[source]!.size);
    const first = random.integer(0, builder.sources[source]!.size - length);
    const shared = {
      organisationId: drawToken(random, 'org-'),
      paymentFingerprint: drawToken(random, 'card-'),
    };
    const persona = makePersona(builder, [tasteOfSource(builder, source)], {
      parameters: builder.internParameters({ temperature: 0, max_tokens: random.choice([1, 16, 512]) }),
    });
    for (let key = 0; key < (plan.size ?? 4); key++) {
      const network = drawCloud(random);
      const account = builder.addAccount(drawSignUp(random, network, builder, shared), {
        class: 'B2',
        campaign: '',
        attacker: false,
      });
      const station = drawStation(network, random);
      const meanGapMs = (length / (plan.requestsPerDay ?? length / 2)) * 24 * HOUR_MS;
      for (
        let start = random.exponential(meanGapMs);
        start < builder.spanMs;
        start += MINUTE_MS + random.exponential(meanGapMs)
      ) {
        let atMs = start;
        const paceMs = 1000 / random.integer(1, 4);
        for (let q = 0; q < length && atMs < builder.spanMs; q++, atMs += random.exponential(paceMs))
          send(builder, account, Math.floor(atMs), persona, askLiteral(source, first + q), station, random);
      }
    }
  }
}
