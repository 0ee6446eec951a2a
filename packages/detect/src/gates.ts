import type { ExchangeSample } from '@phalanx/domain';
import { NearRepeatIndex } from './demand/near-repeats.js';
import type { Proposal } from './links/proposal.js';
import type { Population } from './population/population.js';

/** A group with this share of its accounts under one organisation is that organisation. */
export const ONE_ORGANISATION = 0.8;
const ONE_APPLICATION = 0.8;
const SHARED_TASKS = 0.5;
const FIRST_PROMPTS = 3_000;

/**
 * Why a pool may rightly act as one, or null. Checked before any evidence is gathered: a pool set aside costs no alpha
 * and is listed in the report, so that silence can be audited.
 */
export function setAsideReason(
  population: Population,
  proposal: Proposal,
  sample: ExchangeSample,
): string | null {
  const { members } = proposal;
  const organisation = mostCommon(
    Array.from(members, (a) => population.organisation[a]!).filter((hash) => hash !== 0n),
  );
  if (organisation.count >= ONE_ORGANISATION * members.length)
    return `${organisation.count} of ${members.length} accounts belong to one organisation`;
  const system = mostCommon(Array.from(sample.systemHash).filter((hash) => hash !== 0n));
  if (system.count >= ONE_APPLICATION * sample.systemHash.length)
    return 'one application: four of five exchanges carry the same system prompt';
  const repeats = repeatShare(sample);
  if (repeats >= SHARED_TASKS)
    return `one task list: ${Math.round(100 * repeats)} % of the prompts repeat one that was asked before, as classes, benchmarks and products do`;
  return null;
}

/** Share of the first 3,000 prompts that nearly repeat an earlier one; 3 % is usual for separate customers. */
function repeatShare(sample: ExchangeSample): number {
  const index = new NearRepeatIndex(FIRST_PROMPTS, new Set());
  const rows = Math.min(FIRST_PROMPTS, sample.promptHash.length);
  let repeats = 0;
  for (let row = 0; row < rows; row++) if (index.add(sample, row)) repeats++;
  return repeats / Math.max(1, rows);
}

function mostCommon<T>(values: readonly T[]): { value: T | null; count: number } {
  const counts = new Map<T, number>();
  let best: { value: T | null; count: number } = { value: null, count: 0 };
  for (const value of values) {
    const count = (counts.get(value) ?? 0) + 1;
    counts.set(value, count);
    if (count > best.count) best = { value, count };
  }
  return best;
}
