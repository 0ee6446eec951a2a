import type { ExchangeSample } from '@phalanx/domain';
import type { Proposal } from './links/proposal.js';
import type { Population } from './population/population.js';

const MOST = 0.8;
const HALF = 0.5;

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
  const declared = members.filter((a) => population.declaration[a] !== '');
  if (declared.length >= HALF * members.length)
    return `${declared.length} of ${members.length} accounts are declared (${mostCommon(Array.from(declared, (a) => population.declaration[a]!)).value})`;
  const organisation = mostCommon(
    Array.from(members, (a) => population.organisation[a]!).filter((hash) => hash !== 0n),
  );
  if (organisation.count >= MOST * members.length)
    return `${organisation.count} of ${members.length} accounts belong to one organisation`;
  const system = mostCommon(Array.from(sample.systemHash).filter((hash) => hash !== 0n));
  if (system.count >= MOST * sample.systemHash.length)
    return 'one application: four of five exchanges carry the same system prompt';
  return null;
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
