import { DAY_MS } from '@phalanx/core';
import { digestObject } from '../stix/object-digest.js';
import { isExpired, readValidity } from './lifetime.js';
import { type OwnTelemetry, REPLAY_DAYS, type TraceHits } from './own-telemetry.js';
import type { IndicatorReport, TraceReport } from './quarantine-report.js';
import { changeState, type QuarantineState, type Transition } from './quarantine-state.js';
import { boundReplay } from './replay-statistics.js';
import type { SightingFacts } from './sighting-objects.js';
import type { TrustTerms } from './terms.js';
import { keyOfTrace, readTraces, type Trace } from './trace.js';
import { type Assessment, assessTraces, chooseReplayed, type TrustKnowledge } from './trace-assessment.js';
import type { TrustReason } from './trust-reason.js';
import type { HeldIndicator, TrustStore } from './trust-store.js';
import { findWarnings, type WarningList } from './warning-list.js';

/** Indicators that one replay looks at. */
export const REPLAYED_AT_ONCE = 100_000;

/** States in which an indicator is looked at again and again. */
const OPEN: readonly QuarantineState[] = ['quarantined', 'replayed', 'disputed', 'enforceable'];

export interface ReplayOptions {
  readonly store: TrustStore;
  /** Member as whom the lab itself takes part. */
  readonly self: string;
  readonly telemetry: OwnTelemetry;
  /** Besides what is permanent; give `permanentList()` too. */
  readonly lists: readonly WarningList[];
  readonly terms: TrustTerms;
  readonly atMs: number;
}

/** What a replay did. */
export interface ReplaySummary {
  readonly replayed: number;
  readonly states: ReadonlyMap<QuarantineState, number>;
  readonly transitions: readonly Transition[];
  /** What could be told of it to others: one sighting an indicator, not seen ones too. */
  readonly sightings: readonly SightingFacts[];
}

/**
 * Replays everything in quarantine over the last `REPLAY_DAYS` of own telemetry, judges it by all conditions and records what changed. What was
 * enforceable is judged again, and falls back when a condition no longer holds. Nothing acts on anything: `enforceable` is a permission, and a person
 * of the lab decides (`decideHeld`).
 */
export async function replayQuarantine(options: ReplayOptions): Promise<ReplaySummary> {
  const { store, telemetry, terms, atMs } = options;
  const fromMs = atMs - REPLAY_DAYS * DAY_MS;
  const all = (await store.listHeld(OPEN, REPLAYED_AT_ONCE)).map((held) => ({
    held,
    traces: tracesOf(held),
  }));
  const dead = new Set(
    all.filter(({ held, traces }) => isOver(held, traces, atMs)).map(({ held }) => held.id),
  );
  const live = all.filter(({ held }) => !dead.has(held.id));
  const knowledge = await gather(options, live);
  const chosen = chooseReplayed(knowledge, terms);
  const traces = knowledge.traces.map(({ trace }) => trace).filter((trace) => chosen.has(keyOfTrace(trace)));
  const { hits, ...population } = await telemetry.replay(traces, fromMs, atMs);
  const replayed = new Map(
    traces.map((trace, i): [string, TraceHits | null] => [keyOfTrace(trace), hits[i] ?? null]),
  );
  const assessment = assessTraces(knowledge, replayed, population, terms, atMs);
  const looked = live.map(({ held, traces: own }): HeldIndicator => {
    const report = reportOn(held.id, own, assessment, population, fromMs, atMs);
    const { state, reason } = judgeIndicator(held, report, knowledge.barred.has(held.member));
    return { ...held, report, state, reason, decision: state === 'enforceable' ? held.decision : null };
  });
  const over = all
    .filter(({ held }) => dead.has(held.id))
    .map(({ held }): HeldIndicator => ({ ...held, state: 'expired', reason: 'expired', decision: null }));
  const before = new Map(all.map(({ held }) => [held.id, held]));
  const transitions = [...looked, ...over].flatMap(({ id, state, reason }) => {
    const moved = changeState(id, before.get(id)!.state, state, reason, atMs);
    return moved === null ? [] : [moved];
  });
  await store.apply({
    held: [...looked, ...over],
    transitions,
    outcomes: assessment.outcomes,
    claims: over.map(({ id, member }) => ({ objectId: id, member, claims: [] })),
  });
  const states = new Map<QuarantineState, number>();
  for (const { state } of [...looked, ...over]) states.set(state, (states.get(state) ?? 0) + 1);
  return {
    replayed: traces.length,
    states,
    transitions,
    sightings: looked.map(sightingOf).filter((facts) => facts !== null),
  };
}

async function gather(
  { store, self, lists, atMs }: ReplayOptions,
  live: readonly { readonly held: HeldIndicator; readonly traces: readonly Trace[] }[],
): Promise<TrustKnowledge> {
  const named = new Map<string, { trace: Trace; indicatorIds: string[] }>();
  for (const { held, traces } of live) {
    for (const trace of traces) {
      const key = keyOfTrace(trace);
      const entry = named.get(key) ?? { trace, indicatorIds: [] };
      named.set(key, entry);
      entry.indicatorIds.push(held.id);
    }
  }
  const traces = [...named.values()];
  const overrides = await store.listOverrides(atMs);
  const counted = await store.listClaims();
  return {
    self,
    traces,
    claims: counted.filter(({ traceKey }) => named.has(traceKey)),
    absences: await store.listAbsences(),
    opinions: await store.listOpinions(),
    outcomes: await store.listOutcomes(),
    makers: new Map(live.map(({ held }) => [held.id, held.member])),
    warned: findWarnings(
      traces.map(({ trace }) => trace),
      lists,
    ),
    barred: await store.listBarred(),
    // Counsel has signed one version: the next is another thing.
    overridden: new Set(
      live.flatMap(({ held: { id, object } }) =>
        overrides.some(({ indicator, digest }) => indicator === id && digest === digestObject(object))
          ? [id]
          : [],
      ),
    ),
  };
}

function tracesOf({ object }: HeldIndicator): readonly Trace[] {
  return object.pattern_type === 'stix' ? (readTraces(String(object.pattern)) ?? []) : [];
}

function isOver({ object, seenAtMs }: HeldIndicator, traces: readonly Trace[], atMs: number): boolean {
  const validity = readValidity(object);
  const kinds = traces.map(({ kind }) => kind);
  return (
    validity !== null &&
    (kinds.length === 0 ? (validity.untilMs ?? Infinity) <= atMs : isExpired(validity, kinds, seenAtMs, atMs))
  );
}

function reportOn(
  id: string,
  traces: readonly Trace[],
  { verdicts, disputes }: Assessment,
  population: IndicatorReport['population'],
  fromMs: number,
  atMs: number,
): IndicatorReport {
  return {
    atMs,
    fromMs,
    population,
    disputedBy: disputes.get(id) ?? [],
    traces: traces.map((trace): TraceReport => {
      const traceKey = keyOfTrace(trace);
      const { hits, failed, labs } = verdicts.get(traceKey)!;
      const bounds = hits === null || hits.accounts === 0 ? null : boundReplay(hits, population);
      return {
        traceKey,
        kind: trace.kind,
        hits,
        failed,
        labs,
        falsePositiveBound: bounds?.falsePositives ?? null,
        suspectedBound: bounds?.suspected ?? null,
      };
    }),
  };
}

/** Shown here to be wrong, whatever others say. */
const WRONG: ReadonlySet<TrustReason> = new Set(['warning-list', 'hits-good']);

function judgeIndicator(
  held: HeldIndicator,
  { traces, disputedBy }: IndicatorReport,
  isBarred: boolean,
): { readonly state: QuarantineState; readonly reason: TrustReason } {
  if (isBarred) return { state: 'refused', reason: 'canary' };
  if (traces.length === 0) return { state: 'quarantined', reason: 'not-replayable' };
  if (disputedBy.length > 0) return { state: 'disputed', reason: 'disputed' };
  if (traces.some(({ failed }) => failed.length === 0)) return { state: 'enforceable', reason: 'all-hold' };
  // The trace that came nearest speaks for the indicator.
  const nearest = [...traces].sort((a, b) => a.failed.length - b.failed.length)[0]!;
  const reason = nearest.failed[0]!;
  if (traces.every(({ failed }) => failed.some((one) => WRONG.has(one)))) return { state: 'refused', reason };
  if (reason === 'over-cap' || (reason === 'not-replayable' && held.state === 'quarantined'))
    return { state: 'quarantined', reason };
  return { state: 'replayed', reason };
}

/**
 * What could be told of the last replay of an indicator; null when there is nothing. Seen is told only where own evidence names the accounts; not seen only where
 * everything was looked for.
 */
export function sightingOf({ id, report }: HeldIndicator): SightingFacts | null {
  if (report === null) return null;
  const hits = report.traces.flatMap((trace) => (trace.hits === null ? [] : [trace.hits]));
  const told = { indicatorId: id, fromMs: report.fromMs, toMs: report.atMs };
  const suspected = Math.max(0, ...hits.map((hit) => hit.suspected));
  if (suspected > 0) return { ...told, hits: suspected };
  const isAbsent =
    hits.length > 0 && hits.length === report.traces.length && hits.every(({ accounts }) => accounts === 0);
  return isAbsent ? { ...told, hits: 0 } : null;
}
