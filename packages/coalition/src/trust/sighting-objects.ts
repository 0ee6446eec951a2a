import { DAY_MS } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { type Authorship, makeDomainObject } from '../stix/made-object.js';
import type { StixObject } from '../stix/stix-object.js';
import { formatTimestamp } from '../stix/timestamp.js';

/** Name under which an opinion belongs to an appeal: `external_references` of the standard. */
export const APPEAL_SOURCE = 'phalanx-appeal';

/** What a replay tells others of one indicator: days, and the decade of the hits. */
export interface SightingFacts {
  readonly indicatorId: string;
  /** Exchanges or accounts that it hit; 0: looked for, and not seen. */
  readonly hits: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * A sighting of one's own (STIX 2.1 section 5.2): first and last day, and as `count` the lower end of the decade. Fewer than ten are told without a
 * count, so that no small number points at somebody; 0 says that it was looked for and not seen. It names no place: the identity that made it is enough.
 *
 * @throws PhalanxError `COALITION_STIX` when it is not valid
 */
export function makeSighting(
  { indicatorId, hits, fromMs, toMs }: SightingFacts,
  authorship: Authorship,
): StixObject {
  if (!Number.isSafeInteger(hits) || hits < 0) refuse('COALITION_STIX', 'hits are a count', 'count them');
  return makeDomainObject('sighting', authorship, {
    sighting_of_ref: indicatorId,
    count:
      hits === 0
        ? 0
        : hits < 10
          ? undefined
          : Math.min(10 ** Math.floor(Math.log10(hits) + 1e-9), 100_000_000),
    first_seen: formatTimestamp(startOfDay(fromMs)),
    last_seen: formatTimestamp(startOfDay(toMs - 1) + DAY_MS - 1),
  });
}

/** Words of the standard (section 10.20); nothing between has a use here. */
export type OpinionWord = 'strongly-disagree' | 'disagree' | 'agree';

/**
 * An opinion of an indicator (section 4.15), without a word of explanation.
 *
 * @param caseId of the appeal that it belongs to
 * @throws PhalanxError `COALITION_STIX` when it is not valid
 */
export function makeOpinion(
  indicatorId: string,
  opinion: OpinionWord,
  authorship: Authorship,
  caseId?: string,
): StixObject {
  return makeDomainObject('opinion', authorship, {
    opinion,
    object_refs: [indicatorId],
    external_references:
      caseId === undefined ? undefined : [{ source_name: APPEAL_SOURCE, external_id: caseId }],
  });
}

function startOfDay(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}
