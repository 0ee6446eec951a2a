import { logBinomialLowerTail } from '@phalanx/stats';
import type { Claim } from './claim.js';

/** Chance at which an independent lab is taken for one that repeats others. */
const FOLLOWER_LEVEL = 1e-3;

/** Who first told of each trace, and who only repeats. */
export interface Independence {
  /** Whether a claim is somebody's own as far as can be told. */
  readonly isIndependent: (claim: Claim) => boolean;
  /** Whether a claim came before its maker could have read another's. */
  readonly isFirst: (claim: Claim) => boolean;
  /** Members whose claims follow those of others too regularly. */
  readonly followers: ReadonlySet<string>;
}

/**
 * Tells own claims from repeated ones.
 *
 * - Signed again: an indicator with the same list of many traces as an earlier one of another lab is the same evidence, and counts once.
 * - Never first: a lab that saw by itself is sometimes the first of those who tell of a trace, with probability 1/m among m. One whose indicators are the
 *   first of too few (binomial lower tail at the smallest 1/m, below 0.001) is a follower: its later claims do not count, only those where it was first.
 *
 * A lab that is honest and always late looks like one that copies, and is treated so: its later claims are lost, nothing else. A
 * lab that repeats only now and then is not found; its copies then count as claims, and never as merit (`isFirst`).
 *
 * @param claims of all traces, equal or alike traces under one key
 * @param embargoMs time for which the hub shows a claim to nobody
 */
export function judgeIndependence(claims: readonly Claim[], embargoMs: number): Independence {
  const firstAt = new Map<string, number>();
  const tellers = new Map<string, Set<string>>();
  const evidence = new Map<string, Claim>();
  for (const claim of [...claims].sort((a, b) => a.atMs - b.atMs || (a.objectId < b.objectId ? -1 : 1))) {
    if (!firstAt.has(claim.traceKey)) firstAt.set(claim.traceKey, claim.atMs);
    const names = tellers.get(claim.traceKey) ?? new Set();
    tellers.set(claim.traceKey, names.add(claim.member));
    if (claim.evidenceDigest !== null && !evidence.has(claim.evidenceDigest))
      evidence.set(claim.evidenceDigest, claim);
  }
  const isFirst = (claim: Claim) => claim.atMs <= firstAt.get(claim.traceKey)! + embargoMs;
  const followers = findFollowers(claims, tellers, isFirst);
  const isSignedAgain = ({ evidenceDigest, member, atMs }: Claim) => {
    const original = evidenceDigest === null ? undefined : evidence.get(evidenceDigest);
    return original !== undefined && original.member !== member && atMs > original.atMs + embargoMs;
  };
  return {
    isFirst,
    followers,
    isIndependent: (claim) => !isSignedAgain(claim) && (isFirst(claim) || !followers.has(claim.member)),
  };
}

function findFollowers(
  claims: readonly Claim[],
  tellers: ReadonlyMap<string, ReadonlySet<string>>,
  isFirst: (claim: Claim) => boolean,
): Set<string> {
  // Of each member and shared trace, whether the first of its claims was in time.
  const shared = new Map<string, Map<string, boolean>>();
  for (const claim of claims) {
    // A sighting answers somebody: it does not pretend to be first.
    if (claim.objectId.startsWith('sighting--')) continue;
    if (tellers.get(claim.traceKey)!.size < 2) continue;
    const mine = shared.get(claim.member) ?? new Map<string, boolean>();
    shared.set(claim.member, mine.set(claim.traceKey, mine.get(claim.traceKey) === true || isFirst(claim)));
  }
  const followers = new Set<string>();
  for (const [member, traces] of shared) {
    const share = Math.min(...[...traces.keys()].map((key) => 1 / tellers.get(key)!.size));
    const firsts = [...traces.values()].filter(Boolean).length;
    if (logBinomialLowerTail(firsts, traces.size, share) <= Math.log(FOLLOWER_LEVEL)) followers.add(member);
  }
  return followers;
}
