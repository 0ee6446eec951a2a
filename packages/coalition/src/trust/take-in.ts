import type { StixObject } from '../stix/stix-object.js';
import { appendVersion, type VersionHead } from '../stix/version-chain.js';
import { type Admitted, admitObject, type KnownMembers, type Rejection } from './admission.js';
import type { Claim } from './claim.js';
import { changeState } from './quarantine-state.js';
import { readRetractor } from './retraction.js';
import { fingerprintOfKey, keyOfTrace, readTraces, type Trace, TraceIndex } from './trace.js';
import type { HeldIndicator, TrustChange, TrustStore } from './trust-store.js';

/** Indicators of one member in quarantine at one time; more is not taken in. */
export const HELD_CAP = 20_000;

/** What became of one object. `known`: this version is here. `own`: one's own comes back from the hub. */
export type TakenIn = 'taken' | 'known' | 'own' | 'unheld' | 'over-cap' | Rejection;

/** Where an object came from and who takes it in. */
export interface Intake {
  readonly store: TrustStore;
  readonly known: KnownMembers;
  /** Member as whom the lab itself takes part. */
  readonly self: string;
}

/**
 * Takes one object of the hub into quarantine: nothing of it acts on anything. Indicators wait for the replay; sightings and opinions count when it comes.
 * What is about an indicator that is not here is left out (`unheld`): take objects in the order of the hub.
 *
 * @param addedMs when the hub took it in
 */
export async function takeIn(
  intake: Intake,
  object: StixObject,
  addedMs: number,
  atMs: number,
): Promise<TakenIn> {
  const { store, known, self } = intake;
  const held = object.type === 'indicator' ? await store.findHeld(object.id) : null;
  const admitted = admitObject(object, known, held === null ? null : headOf(held), atMs);
  // A maker who takes back a version that never came here takes back what did.
  if (admitted === 'broken-chain' && held !== null && readRetractor(object, known) === held.member)
    return applyRetraction(store, object, held.member, atMs);
  if (typeof admitted === 'string') return admitted;
  if (admitted.member === self) return noteOwn(store, admitted, self, addedMs);
  switch (admitted.kind) {
    case 'indicator':
      return takeIndicator(intake, admitted, held, addedMs, atMs);
    case 'sighting':
      return takeSighting(intake, admitted, addedMs);
    case 'opinion':
      return takeOpinion(intake, admitted, addedMs);
  }
}

/**
 * Takes back what is held of an object that its maker has revoked, whether or not all versions between came here. To be called with what `readRetractor` or
 * `followRetractions` has verified.
 */
export async function applyRetraction(
  store: TrustStore,
  object: StixObject,
  member: string,
  atMs: number,
): Promise<TakenIn> {
  const held = await store.findHeld(object.id);
  const none = { claims: [{ objectId: object.id, member, claims: [] }] };
  if (held === null || held.member !== member) {
    // A sighting is not held; its claims go. Of what is not here there are none.
    if (held === null) await store.apply(none);
    return 'unheld';
  }
  const moved = changeState(object.id, held.state, 'retracted', 'retracted', atMs);
  await store.apply({
    ...none,
    held: [{ ...held, object, state: 'retracted', reason: 'retracted', report: null, decision: null }],
    transitions: moved === null ? [] : [moved],
  });
  return moved === null ? 'known' : 'taken';
}

/** One's own words come back from the hub: with the hub's time, they show who only repeats them. */
async function noteOwn(
  store: TrustStore,
  admitted: Admitted,
  self: string,
  addedMs: number,
): Promise<TakenIn> {
  if (admitted.kind === 'indicator') {
    const { object, traces, isRevoked, evidenceDigest } = admitted;
    const claims = (isRevoked ? [] : (traces ?? [])).map((trace) => ({
      traceKey: keyOfTrace(trace),
      member: self,
      objectId: object.id,
      atMs: addedMs,
      evidenceDigest,
    }));
    await store.apply({ claims: [{ objectId: object.id, member: self, claims }] });
  }
  return 'own';
}

async function takeIndicator(
  { store }: Intake,
  indicator: Extract<Admitted, { kind: 'indicator' }>,
  held: HeldIndicator | null,
  addedMs: number,
  atMs: number,
): Promise<TakenIn> {
  const { object, member, head, traces, isRevoked, evidenceDigest } = indicator;
  if (held !== null && headOf(held).digest === head.digest) return 'known';
  if (held === null && (await store.countHeld(member)) >= HELD_CAP) return 'over-cap';
  const from = held?.state ?? 'quarantined';
  const to = isRevoked ? 'retracted' : 'quarantined';
  const reason = isRevoked ? 'retracted' : held === null ? 'received' : 'new-version';
  const first = {
    indicatorId: object.id,
    atMs,
    from: null,
    to: 'quarantined',
    reason: 'received',
    by: null,
  } as const;
  const moved = changeState(object.id, from, to, reason, atMs);
  const claims = isRevoked
    ? []
    : (traces ?? []).map((trace) => ({
        traceKey: keyOfTrace(trace),
        member,
        objectId: object.id,
        atMs: addedMs,
        evidenceDigest,
      }));
  await store.apply({
    held: [
      {
        id: object.id,
        member,
        object,
        state: to,
        reason,
        takenAtMs: held?.takenAtMs ?? atMs,
        seenAtMs: Math.max(addedMs, held?.seenAtMs ?? 0),
        report: null,
        decision: null,
      },
    ],
    transitions: [...(held === null ? [first] : []), ...(moved === null ? [] : [moved])],
    claims: [{ objectId: object.id, member, claims }],
    ...(isRevoked ? {} : await findBarred(store, member, traces ?? [], atMs)),
  });
  return 'taken';
}

async function takeSighting(
  { store }: Intake,
  { member, id, indicatorId, isSeen }: Extract<Admitted, { kind: 'sighting' }>,
  addedMs: number,
): Promise<TakenIn> {
  const held = await store.findHeld(indicatorId);
  if (held === null || held.state === 'retracted') return 'unheld';
  // A lab does not raise itself.
  if (held.member === member) return 'known';
  const keys = (readTraces(String(held.object.pattern)) ?? []).map((trace) => ({
    trace,
    traceKey: keyOfTrace(trace),
  }));
  if (!isSeen) {
    await store.apply({ absences: keys.map(({ traceKey }) => ({ traceKey, member, atMs: addedMs })) });
    return 'taken';
  }
  const claims = keys.map(
    ({ traceKey }): Claim => ({ traceKey, member, objectId: id, atMs: addedMs, evidenceDigest: null }),
  );
  await store.apply({
    held: [{ ...held, seenAtMs: Math.max(held.seenAtMs, addedMs) }],
    claims: [{ objectId: id, member, claims }],
    ...(await findBarred(
      store,
      member,
      keys.map(({ trace }) => trace),
      addedMs,
    )),
  });
  return 'taken';
}

async function takeOpinion(
  { store }: Intake,
  { member, indicatorIds, isAgainst, caseId }: Extract<Admitted, { kind: 'opinion' }>,
  addedMs: number,
): Promise<TakenIn> {
  const held = (await Promise.all(indicatorIds.map((id) => store.findHeld(id)))).filter(
    (one) => one !== null,
  );
  if (held.length === 0) return 'unheld';
  await store.apply({
    opinions: held.map(({ id }) => ({ indicatorId: id, member, isAgainst, atMs: addedMs, caseId })),
  });
  return 'taken';
}

async function findBarred(
  store: TrustStore,
  member: string,
  traces: readonly Trace[],
  atMs: number,
): Promise<Pick<TrustChange, 'barred'>> {
  const canaries = await store.listCanaries();
  if (canaries.size === 0) return {};
  const planted = new TraceIndex(
    [...canaries.keys()].map(fingerprintOfKey).filter((trace) => trace !== null),
  );
  const claimed = traces
    .flatMap((trace) => planted.findAlike(trace))
    .find((key) => canaries.get(key) !== member);
  return claimed === undefined ? {} : { barred: [{ member, traceKey: claimed, atMs }] };
}

function headOf(held: HeldIndicator): VersionHead {
  return appendVersion(null, held.object);
}
