import type { Absence, Claim, StatedOpinion } from './claim.js';
import { findDisputes } from './dispute.js';
import { type Independence, judgeIndependence } from './independent-support.js';
import { type LearntKind, learnPrecision, type Outcome, type Precision } from './lab-precision.js';
import type { OwnReplay, TraceHits } from './own-telemetry.js';
import { judgeReplay, type ReplayJudgement } from './replay-statistics.js';
import type { TrustTerms } from './terms.js';
import { keyOfTrace, type Trace, TraceIndex } from './trace.js';
import type { TrustReason } from './trust-reason.js';

/** Everything that a lab knows when it assesses. Rows of any order. */
export interface TrustKnowledge {
  /** Member as whom the lab itself takes part. */
  readonly self: string;
  /**
   * Of indicators that are in force; claims on traces that are not in `traces` are left out. One's own are among them: they are no voice, and who
   * repeats them has not told of anything first.
   */
  readonly claims: readonly Claim[];
  readonly absences: readonly Absence[];
  readonly opinions: readonly StatedOpinion[];
  /** Learnt in earlier assessments. */
  readonly outcomes: readonly Outcome[];
  /** Traces that are to be assessed, with the indicators in force that name them. */
  readonly traces: readonly { readonly trace: Trace; readonly indicatorIds: readonly string[] }[];
  /** Member behind each indicator. */
  readonly makers: ReadonlyMap<string, string>;
  /** Traces that stand on a warning list, with its name. */
  readonly warned: ReadonlyMap<string, string>;
  /** Members who have claimed to see a canary. */
  readonly barred: ReadonlySet<string>;
  /** Indicators for which counsel's word stands in for the number of labs, now. */
  readonly overridden: ReadonlySet<string>;
}

/** What is known of one trace after an assessment. */
export interface TraceVerdict {
  readonly traceKey: string;
  /** Null when own telemetry cannot be searched for it, or it waits. */
  readonly hits: TraceHits | null;
  /** Conditions that do not hold, in their order; none: it may be enforced. */
  readonly failed: readonly TrustReason[];
  /** Members whose claims counted. */
  readonly labs: readonly string[];
  /** Those whose own replay this is counted as one more. */
  readonly isSeenHere: boolean;
}

export interface Assessment {
  readonly verdicts: ReadonlyMap<string, TraceVerdict>;
  /** What this assessment has learnt about others; it has counted already. */
  readonly outcomes: readonly Outcome[];
  readonly followers: ReadonlySet<string>;
  readonly precisionOf: (member: string, kind: LearntKind) => Precision;
  /** Disputed indicators, with those who dispute them and count. */
  readonly disputes: ReadonlyMap<string, readonly string[]>;
}

/** What must not be judged yet: more of one lab's traces than are replayed at one time. Its oldest go first. */
export function chooseReplayed(knowledge: TrustKnowledge, terms: TrustTerms): ReadonlySet<string> {
  const byFamily = new Map<string, string[]>();
  for (const [key, family] of familiesOf(knowledge))
    byFamily.set(family, [...(byFamily.get(family) ?? []), key]);
  return new Set([...byFamily.values()].flatMap((keys) => keys.slice(0, terms.replayCap)));
}

/**
 * Judges every trace by all conditions: replay, own evidence, number of labs, precision, influence, disputes. Pure: equal
 * knowledge, equal verdicts. What the replay shows of a lab's word is learnt first and counts in the same assessment, so that a
 * lab that turns on the others is not judged by what it was yesterday.
 *
 * @param replayed result of each trace, by key; absent for those that wait
 * @param population of the same replay
 */
export function assessTraces(
  knowledge: TrustKnowledge,
  replayed: ReadonlyMap<string, TraceHits | null>,
  population: Omit<OwnReplay, 'hits'>,
  terms: TrustTerms,
  atMs: number,
): Assessment {
  const leaderOf = groupAlike(knowledge);
  const claims = knowledge.claims.flatMap((claim) => {
    const leader = leaderOf.get(claim.traceKey);
    return leader === undefined ? [] : [{ ...claim, traceKey: leader }];
  });
  const independence = judgeIndependence(claims, terms.embargoMs);
  const judgements = judgeFamilies(knowledge, replayed, population, terms);
  const claimsOf = groupBy(claims, ({ traceKey }) => traceKey);
  const outcomes = learnOutcomes(knowledge, replayed, judgements, leaderOf, claimsOf, independence, atMs);
  const precisionOf = makePrecision([...knowledge.outcomes, ...outcomes], atMs, terms.precisionHalfLifeMs);
  const disputes = findDisputes(
    knowledge.opinions,
    knowledge.makers,
    (member) => !knowledge.barred.has(member) && precisionOf(member, 'opinion').mean >= 0.5,
  );
  const pivotal = new Map<string, number>();
  const verdicts = new Map<string, TraceVerdict>();
  for (const { trace, indicatorIds } of inOrderOfClaims(knowledge)) {
    const traceKey = keyOfTrace(trace);
    const hits = replayed.get(traceKey) ?? null;
    const judgement = judgements.get(traceKey);
    const counted = (claimsOf.get(leaderOf.get(traceKey)!) ?? []).filter(
      (claim) =>
        claim.member !== knowledge.self &&
        !knowledge.barred.has(claim.member) &&
        independence.isIndependent(claim) &&
        precisionOf(claim.member, trace.kind).low >= terms.credit,
    );
    const labs = [...new Set(counted.map(({ member }) => member))].sort();
    const isSeenHere = judgement?.isCorroborated === true && judgement.isWithinBudget;
    const seen = labs.length + (isSeenHere ? 1 : 0);
    const isOverridden = indicatorIds.some((id) => knowledge.overridden.has(id));
    const failed: TrustReason[] = [
      ...judgeHits(traceKey, replayed, judgement, knowledge, population, terms),
      ...(indicatorIds.every((id) => knowledge.barred.has(knowledge.makers.get(id) ?? ''))
        ? (['canary'] as const)
        : []),
      ...(indicatorIds.every((id) => disputes.has(id)) && indicatorIds.length > 0
        ? (['disputed'] as const)
        : []),
      ...(seen < terms.labs && !isOverridden ? (['too-few-labs'] as const) : []),
    ];
    if (failed.length === 0 && seen === terms.labs && !isOverridden) {
      // Without any one of these labs it would not pass.
      if (labs.some((lab) => (pivotal.get(lab) ?? 0) >= terms.influenceCap)) failed.push('over-influence');
      else for (const lab of labs) pivotal.set(lab, (pivotal.get(lab) ?? 0) + 1);
    }
    verdicts.set(traceKey, { traceKey, hits, failed, labs, isSeenHere });
  }
  return { verdicts, outcomes, followers: independence.followers, precisionOf, disputes };
}

function judgeHits(
  traceKey: string,
  replayed: ReadonlyMap<string, TraceHits | null>,
  judgement: ReplayJudgement | undefined,
  { warned }: TrustKnowledge,
  population: Omit<OwnReplay, 'hits'>,
  terms: TrustTerms,
): TrustReason[] {
  const listed: TrustReason[] = warned.has(traceKey) ? ['warning-list'] : [];
  const hits = replayed.get(traceKey);
  if (hits === undefined) return [...listed, 'over-cap'];
  if (hits === null || judgement === undefined) return [...listed, 'not-replayable'];
  if (hits.accounts === 0) return [...listed, 'not-seen'];
  return [
    ...listed,
    ...(hits.accounts > terms.commonShare * population.accounts && hits.suspected < hits.accounts / 2
      ? (['too-common'] as const)
      : []),
    ...(isAgainstGood(hits) ? (['hits-good'] as const) : []),
    ...(judgement.isWithinBudget ? [] : (['over-budget'] as const)),
    ...(judgement.isCorroborated ? [] : (['no-own-evidence'] as const)),
  ];
}

/** It hits those whom own people vouch for rather than those whom own findings name. */
function isAgainstGood({ good, suspected }: TraceHits): boolean {
  return good > 0 && suspected <= good;
}

/** Traces by the member who told of them first. */
function familiesOf(knowledge: TrustKnowledge): Map<string, string> {
  const family = new Map<string, string>();
  for (const { traceKey, member } of [...knowledge.claims].sort(compareClaims))
    if (!family.has(traceKey)) family.set(traceKey, member);
  const named = new Set(knowledge.traces.map(({ trace }) => keyOfTrace(trace)));
  return new Map([...family].filter(([key]) => named.has(key)));
}

function judgeFamilies(
  knowledge: TrustKnowledge,
  replayed: ReadonlyMap<string, TraceHits | null>,
  population: Omit<OwnReplay, 'hits'>,
  terms: TrustTerms,
): Map<string, ReplayJudgement> {
  const families = groupBy([...familiesOf(knowledge)], ([, member]) => member);
  const judgements = new Map<string, ReplayJudgement>();
  for (const members of families.values()) {
    const keys = members.map(([key]) => key).filter((key) => (replayed.get(key) ?? null) !== null);
    const found = judgeReplay(
      keys.map((key) => replayed.get(key)!),
      population,
      families.size,
      terms,
    );
    for (const [i, key] of keys.entries()) judgements.set(key, found[i]!);
  }
  return judgements;
}

/** What looked for and not seen by others says, where it was not seen here either. */
const ABSENCE_WEIGHT = 0.1;
const MOST_ABSENCES = 2;

function learnOutcomes(
  knowledge: TrustKnowledge,
  replayed: ReadonlyMap<string, TraceHits | null>,
  judgements: ReadonlyMap<string, ReplayJudgement>,
  leaderOf: ReadonlyMap<string, string>,
  claimsOf: ReadonlyMap<string, readonly Claim[]>,
  { isFirst }: Independence,
  atMs: number,
): Outcome[] {
  const outcomes = new Map<string, Outcome>();
  const note = (outcome: Outcome) =>
    outcomes.set(`${outcome.member}\n${outcome.kind}\n${outcome.subject}`, outcome);
  const absent = groupBy(knowledge.absences, ({ traceKey }) => traceKey);
  const shown = new Map<string, boolean>();
  for (const { trace, indicatorIds } of knowledge.traces) {
    const traceKey = keyOfTrace(trace);
    const hits = replayed.get(traceKey);
    const isListed = knowledge.warned.has(traceKey);
    const judgement = judgements.get(traceKey);
    const claims = (claimsOf.get(leaderOf.get(traceKey)!) ?? []).filter(
      ({ member }) => member !== knowledge.self,
    );
    const isRight = !isListed && judgement?.isCorroborated === true && judgement.isWithinBudget;
    const isWrong = isListed || (hits != null && isAgainstGood(hits) && !isRight);
    const about = { kind: trace.kind, subject: traceKey, atMs };
    for (const claim of claims) {
      const { member } = claim;
      // Merit is of those who told of it before they could read it; guilt of everybody who signed it.
      if (isRight && isFirst(claim)) note({ ...about, member, wasRight: true, weight: 1 });
      if (isWrong) note({ ...about, member, wasRight: false, weight: 1 });
    }
    if (!isRight && !isWrong && hits?.accounts === 0) {
      const others = new Set((absent.get(traceKey) ?? []).map(({ member }) => member));
      for (const { member } of claims) {
        const count = [...others].filter((other) => other !== member && !knowledge.barred.has(other)).length;
        const weight = ABSENCE_WEIGHT * Math.min(count, MOST_ABSENCES);
        if (weight > 0) note({ ...about, member, wasRight: false, weight });
      }
    }
    for (const id of indicatorIds) {
      if (isRight) shown.set(id, true);
      else if (isWrong && !shown.has(id)) shown.set(id, false);
    }
  }
  for (const { indicatorId, member, isAgainst } of knowledge.opinions) {
    const wasRight = shown.get(indicatorId);
    if (!isAgainst || wasRight === undefined || knowledge.makers.get(indicatorId) === member) continue;
    note({ member, kind: 'opinion', subject: indicatorId, wasRight: !wasRight, weight: 1, atMs });
  }
  return [...outcomes.values()];
}

function makePrecision(
  outcomes: readonly Outcome[],
  atMs: number,
  halfLifeMs: number,
): Assessment['precisionOf'] {
  // The last outcome of a subject counts: what a later replay shows replaces what an earlier one did.
  const last = new Map<string, Outcome>();
  for (const outcome of outcomes) last.set(`${outcome.member}\n${outcome.kind}\n${outcome.subject}`, outcome);
  const byLab = groupBy([...last.values()], ({ member, kind }) => `${member}\n${kind}`);
  const known = new Map<string, Precision>();
  return (member, kind) => {
    const name = `${member}\n${kind}`;
    const found = known.get(name) ?? learnPrecision(byLab.get(name) ?? [], kind, atMs, halfLifeMs);
    known.set(name, found);
    return found;
  };
}

/** Of each trace the first that is like it; traces that are alike through a third are not put together. */
function groupAlike(knowledge: TrustKnowledge): Map<string, string> {
  const traces = inOrderOfClaims(knowledge).map(({ trace }) => trace);
  const index = new TraceIndex(traces);
  const leaderOf = new Map<string, string>();
  for (const trace of traces) {
    const key = keyOfTrace(trace);
    if (leaderOf.has(key)) continue;
    for (const alike of [key, ...index.findAlike(trace)]) if (!leaderOf.has(alike)) leaderOf.set(alike, key);
  }
  return leaderOf;
}

function inOrderOfClaims({ claims, traces }: TrustKnowledge): TrustKnowledge['traces'] {
  const first = new Map<string, number>();
  for (const { traceKey, atMs } of claims)
    first.set(traceKey, Math.min(atMs, first.get(traceKey) ?? Infinity));
  const timed = traces.map((entry) => ({ entry, key: keyOfTrace(entry.trace) }));
  timed.sort((a, b) => (first.get(a.key) ?? 0) - (first.get(b.key) ?? 0) || (a.key < b.key ? -1 : 1));
  return timed.map(({ entry }) => entry);
}

function compareClaims(a: Claim, b: Claim): number {
  return a.atMs - b.atMs || (a.objectId < b.objectId ? -1 : 1);
}

function groupBy<T>(items: Iterable<T>, nameOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}
