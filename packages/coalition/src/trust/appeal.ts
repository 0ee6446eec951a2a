import { randomUUID } from 'node:crypto';
import { DAY_MS } from '@phalanx/core';
import type { StatedOpinion } from './claim.js';

/** Within this each lab answers an appeal. */
export const ANSWER_WITHIN_MS = 7 * DAY_MS;

/**
 * A customer's objection, as labs see it: a number that was drawn, and indicators. Which customer of which lab it is, only the lab that opened it knows,
 * in its own files: the number is derived from nothing.
 */
export interface Appeal {
  readonly caseId: string;
  readonly indicatorIds: readonly string[];
  readonly openedBy: string;
  readonly openedAtMs: number;
}

/** A fresh case number: UUID version 4. */
export function drawCaseId(): string {
  return randomUUID();
}

/**
 * What one lab has done about an appeal. `withdrawn`: it does not use the indicator, or as its maker has taken it back. `kept`: it has looked and
 * stays with it, for itself alone. `open` until the deadline, `overdue` after.
 */
export type AppealAnswer = 'withdrawn' | 'kept' | 'open' | 'overdue';

/** Where an appeal stands with everybody. */
export interface AppealStatus {
  readonly answers: ReadonlyMap<string, AppealAnswer>;
  /** `upheld`: the maker has taken it back, for everybody. `answered`: every lab has. `open`: before the deadline. `overdue`: labs are missing after it. */
  readonly state: 'open' | 'upheld' | 'answered' | 'overdue';
}

/** Appeals among the opinions: each is opened by the first opinion against an indicator under its number. */
export function listAppeals(opinions: readonly StatedOpinion[]): readonly Appeal[] {
  const appeals = new Map<string, Appeal>();
  for (const { caseId, indicatorId, member, isAgainst, atMs } of [...opinions].sort(
    (a, b) => a.atMs - b.atMs,
  )) {
    if (caseId === null || (!isAgainst && !appeals.has(caseId))) continue;
    const known = appeals.get(caseId);
    if (known === undefined)
      appeals.set(caseId, { caseId, indicatorIds: [indicatorId], openedBy: member, openedAtMs: atMs });
    // What others name under a number that is not theirs does not widen the case.
    else if (member === known.openedBy && !known.indicatorIds.includes(indicatorId))
      appeals.set(caseId, { ...known, indicatorIds: [...known.indicatorIds, indicatorId] });
  }
  return [...appeals.values()];
}

/**
 * Where an appeal stands.
 *
 * @param members labs that are asked
 * @param makers member behind each indicator
 * @param retracted indicators that their makers have taken back
 */
export function judgeAppeal(
  appeal: Appeal,
  opinions: readonly StatedOpinion[],
  members: readonly string[],
  makers: ReadonlyMap<string, string>,
  retracted: ReadonlySet<string>,
  atMs: number,
): AppealStatus {
  const isOver = atMs > appeal.openedAtMs + ANSWER_WITHIN_MS;
  const isUpheld = appeal.indicatorIds.every((id) => retracted.has(id));
  const answers = new Map<string, AppealAnswer>();
  for (const member of new Set([...members, appeal.openedBy])) {
    const asked = appeal.indicatorIds.map((id): AppealAnswer | null => {
      if (makers.get(id) === member && retracted.has(id)) return 'withdrawn';
      const said = opinions
        .filter(
          (opinion) =>
            opinion.caseId === appeal.caseId && opinion.member === member && opinion.indicatorId === id,
        )
        .sort((a, b) => b.atMs - a.atMs)[0];
      if (said !== undefined) return said.isAgainst ? 'withdrawn' : 'kept';
      // A retraction of its maker answers for everybody.
      return retracted.has(id) ? 'withdrawn' : null;
    });
    if (asked.includes(null)) answers.set(member, isOver ? 'overdue' : 'open');
    else answers.set(member, asked.includes('kept') ? 'kept' : 'withdrawn');
  }
  const given = [...answers.values()];
  const state = isUpheld
    ? 'upheld'
    : given.includes('overdue')
      ? 'overdue'
      : given.includes('open')
        ? 'open'
        : 'answered';
  return { answers, state };
}
