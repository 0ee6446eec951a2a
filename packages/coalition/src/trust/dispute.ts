import type { StatedOpinion } from './claim.js';

/** Opinions of one lab that stand against others at one time; what is beyond is not counted. */
export const STANDING_DISPUTES = 100;

/**
 * Indicators that somebody credible disputes, with who does. One's own opinion of one's own indicator says nothing: who doubts it retracts it.
 *
 * @param makers member behind each indicator
 * @param isCredible whether a member's opinions count
 */
export function findDisputes(
  opinions: readonly StatedOpinion[],
  makers: ReadonlyMap<string, string>,
  isCredible: (member: string) => boolean,
): ReadonlyMap<string, readonly string[]> {
  const latest = new Map<string, StatedOpinion>();
  for (const opinion of [...opinions].sort((a, b) => a.atMs - b.atMs))
    latest.set(`${opinion.member}\n${opinion.indicatorId}`, opinion);
  const against = new Map<string, string[]>();
  const standing = new Map<string, number>();
  for (const { indicatorId, member, isAgainst } of latest.values()) {
    if (!isAgainst || makers.get(indicatorId) === member || !isCredible(member)) continue;
    const count = (standing.get(member) ?? 0) + 1;
    standing.set(member, count);
    if (count > STANDING_DISPUTES) continue;
    against.set(indicatorId, [...(against.get(indicatorId) ?? []), member]);
  }
  return against;
}
