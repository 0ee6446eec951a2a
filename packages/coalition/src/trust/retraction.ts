import { PhalanxError } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { digestObject } from '../stix/object-digest.js';
import { verifyObject } from '../stix/signed-object.js';
import type { StixObject } from '../stix/stix-object.js';
import { validateObject } from '../stix/validate-object.js';
import type { KnownMembers } from './admission.js';

/** How often a lab asks for retractions. */
export const RETRACTION_POLL_MS = 60_000;
/** After this without an acknowledgement of a lab there is an alarm. */
export const ACKNOWLEDGE_WITHIN_MS = 5 * 60_000;
/** Retractions of one answer. */
export const RETRACTION_PAGE = 500;

/** The last version of an object, which takes it back, with its place in the hub's feed. */
export interface Retraction {
  /** From 1, without gaps, in the order in which the hub took them in. */
  readonly seq: number;
  readonly objectId: string;
  /** `digestObject` of the version. */
  readonly digest: string;
  readonly member: string;
  readonly atMs: number;
  readonly object: StixObject;
}

/** One lab has taken in everything up to a place. */
export interface Acknowledgement {
  readonly member: string;
  readonly seq: number;
  readonly atMs: number;
}

/** What a hub's feed needs of whatever keeps it. */
export interface RetractionStore {
  /** Adds at the end; the same digest again gives the one that is there. */
  addRetraction(retraction: Omit<Retraction, 'seq'>): Promise<Retraction>;
  /** In order of `seq`, those after `afterSeq`; at most `limit`. */
  listRetractions(afterSeq: number, limit: number): Promise<readonly Retraction[]>;
  /** Moves a member's acknowledgement forward, never back. */
  acknowledge(acknowledgement: Acknowledgement): Promise<void>;
  listAcknowledgements(): Promise<readonly Acknowledgement[]>;
}

/**
 * Takes a retraction into a hub's feed.
 *
 * @throws PhalanxError `COALITION_TRUST` unless it is a valid revoked version, signed by the lab that made the object: nobody retracts what is another's
 */
export async function publishRetraction(
  store: RetractionStore,
  object: StixObject,
  known: KnownMembers,
  atMs: number,
): Promise<Retraction> {
  const member = readRetractor(object, known);
  if (member === null)
    return refuse(
      'COALITION_TRUST',
      'this takes nothing back',
      'send the revoked version that its maker has signed',
    );
  return store.addRetraction({ objectId: object.id, digest: digestObject(object), member, atMs, object });
}

/** Who takes back by this object what is theirs; null when it is no such thing. */
export function readRetractor(object: StixObject, known: KnownMembers): string | null {
  if (
    object.revoked !== true ||
    typeof object.created_by_ref !== 'string' ||
    validateObject(object).length > 0
  )
    return null;
  try {
    const verified = verifyObject(object, known.keys);
    return verified === null ? null : (known.members.get(verified.identity) ?? verified.identity);
  } catch (error) {
    if (PhalanxError.is(error)) return null;
    throw error;
  }
}

/**
 * A page of the feed for one lab.
 *
 * @throws PhalanxError `COALITION_TRUST` for a place that is no whole number
 */
export async function readFeed(store: RetractionStore, afterSeq: number): Promise<readonly Retraction[]> {
  if (!Number.isSafeInteger(afterSeq) || afterSeq < 0)
    refuse('COALITION_TRUST', 'this is no place in the feed', 'begin at 0');
  return store.listRetractions(afterSeq, RETRACTION_PAGE);
}

/**
 * Notes that a lab has everything up to `seq`.
 *
 * @throws PhalanxError `COALITION_TRUST` for a place that the feed has not reached: who acknowledges the future would never be missed
 */
export async function acknowledgeFeed(
  store: RetractionStore,
  { member, seq, atMs }: Acknowledgement,
): Promise<void> {
  if (!Number.isSafeInteger(seq) || seq < 1)
    return refuse('COALITION_TRUST', 'this is no place in the feed', 'acknowledge what was read');
  const [there] = await store.listRetractions(seq - 1, 1);
  if (there?.seq !== seq)
    return refuse('COALITION_TRUST', 'the feed has not come so far', 'acknowledge what was read');
  await store.acknowledge({ member, seq, atMs });
}

/** A lab that has not acknowledged a retraction in time. */
export interface RetractionAlarm {
  readonly member: string;
  /** The first that it has not acknowledged. */
  readonly seq: number;
  readonly objectId: string;
  readonly lateMs: number;
}

/**
 * Labs that have not acknowledged in time; each by the first retraction that it lacks. The maker of a retraction needs no telling.
 *
 * @param members labs that read the feed
 */
export function findAlarms(
  retractions: readonly Pick<Retraction, 'seq' | 'objectId' | 'member' | 'atMs'>[],
  acknowledgements: readonly Acknowledgement[],
  members: readonly string[],
  atMs: number,
  withinMs = ACKNOWLEDGE_WITHIN_MS,
): readonly RetractionAlarm[] {
  const reached = new Map(acknowledgements.map(({ member, seq }) => [member, seq]));
  const ordered = [...retractions].sort((a, b) => a.seq - b.seq);
  return members.flatMap((member) => {
    const seen = reached.get(member) ?? 0;
    const late = ordered.find((one) => one.seq > seen && one.member !== member && atMs - one.atMs > withinMs);
    return late === undefined
      ? []
      : [{ member, seq: late.seq, objectId: late.objectId, lateMs: atMs - late.atMs - withinMs }];
  });
}

/** The feed as a lab reaches it, over whatever carries it. A lab is shown what it may read: places have gaps. */
export interface RetractionFeed {
  read(afterSeq: number): Promise<RetractionPage>;
  acknowledge(seq: number): Promise<void>;
}

export interface RetractionPage {
  /** Ascending by place. */
  readonly retractions: readonly Pick<Retraction, 'seq' | 'object'>[];
  /** Up to where the hub has looked for this page. */
  readonly upTo: number;
}

/** What following the feed did. */
export interface FollowedRetractions {
  /** Place from which to go on: before the first that is unproven. */
  readonly seq: number;
  readonly applied: number;
  /** Those that the hub shows and no maker known here has signed; they are not acknowledged, nor anything after them. */
  readonly unproven: readonly string[];
}

/** Pages read in one go: a hub that never ends is left after so many. */
const MAX_PAGES = 1_000;

/**
 * Reads the feed to its end and applies what it says, page by page; then acknowledges. A page is applied before it is acknowledged, so that a lab that
 * fails between the two applies it again, which changes nothing. The hub is not believed: each retraction must be signed by its
 * maker. One that is not, or whose maker's key this lab does not know yet, is neither applied nor acknowledged, and those after it are
 * applied and not acknowledged: nobody keeps a lab from what others take back, and the hub's alarm tells.
 *
 * @param apply takes one object back here; the same again changes nothing
 */
export async function followRetractions(
  feed: RetractionFeed,
  afterSeq: number,
  known: KnownMembers,
  apply: (object: StixObject, member: string) => Promise<void>,
): Promise<FollowedRetractions> {
  const unproven = new Set<string>();
  let [seq, readTo, applied] = [afterSeq, afterSeq, 0];
  for (let page = 0; page < MAX_PAGES; page++) {
    const { retractions, upTo } = await feed.read(readTo);
    const before = readTo;
    const acknowledged = seq;
    for (const { seq: next, object } of retractions) {
      const member = next > readTo ? readRetractor(object, known) : null;
      if (member === null) unproven.add(object.id);
      else {
        await apply(object, member);
        applied++;
      }
      readTo = Math.max(readTo, next);
      if (unproven.size === 0) seq = readTo;
    }
    readTo = Math.max(readTo, upTo);
    if (unproven.size === 0) seq = readTo;
    if (seq > acknowledged) await feed.acknowledge(seq);
    if (readTo === before) break;
  }
  return { seq, applied, unproven: [...unproven] };
}
