import { PhalanxError } from '@phalanx/core';
import type { DetectionReport, TelemetryReader } from '@phalanx/domain';
import { drawFindings } from './findings.js';
import { type DetectErrorCode, type DetectOptions, withDefaults } from './options.js';
import { replay } from './replay.js';

const BLIND_SPOTS = [
  'One account alone: a thief who needs no second account coordinates nothing.',
  'A pool whose accounts each keep one customer, share nothing and carry attack traffic that is rewritten, padded with repeats and sent by a part of the accounts only.',
  'Whether a curated list behind an undeclared reseller is theft or an honest job; such pools are answered "insufficient" unless the prompts themselves ask for training material.',
];

/**
 * Finds hidden pools and distillation campaigns in everything the reader holds, or in `options.window`.
 *
 * The history is replayed slot by slot, so the report says when each alarm would have come.
 *
 * @throws PhalanxError `DETECT_EMPTY` when there is no traffic in the window, `DETECT_OPTIONS` for options out of range
 */
export async function detectCampaigns(
  reader: TelemetryReader,
  options: Partial<DetectOptions> = {},
): Promise<DetectionReport> {
  const started = performance.now();
  const all = withDefaults(options);
  const window = all.window ?? (await reader.span());
  const exchanges = window ? await reader.countExchanges(window) : 0;
  if (!window || exchanges === 0)
    throw new PhalanxError<DetectErrorCode>('DETECT_EMPTY', 'there are no exchanges in the window', {
      advice: 'Ingest logs first, or widen the window.',
    });
  const replayed = await replay(reader, window, all);
  const drawn = await drawFindings(reader, replayed, all);
  return {
    schema: 'phalanx.detection-report.v1',
    window,
    accounts: replayed.population.size,
    exchanges,
    poolsExamined: replayed.pools.length,
    alpha: all.alpha,
    ...drawn,
    setAside: replayed.pools
      .filter((pool) => pool.setAside !== null)
      .map((pool) => ({ accounts: pool.proposal.members.length, reason: pool.setAside! })),
    blindSpots: BLIND_SPOTS,
    seconds: (performance.now() - started) / 1000,
    configuration: {
      alpha: all.alpha,
      dayMs: all.dayMs,
      minAccounts: all.minAccounts,
      sampleRows: all.sampleRows,
      content: all.families.content,
      metadata: all.families.metadata,
    },
  };
}
