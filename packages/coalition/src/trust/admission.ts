import { createHash } from 'node:crypto';
import { PhalanxError } from '@phalanx/core';
import { type SignerKey, verifyObject } from '../stix/signed-object.js';
import { asRecord, asTexts, type StixObject } from '../stix/stix-object.js';
import { parseTimestamp } from '../stix/timestamp.js';
import { validateObject } from '../stix/validate-object.js';
import { appendVersion, type VersionHead } from '../stix/version-chain.js';
import { readValidity, type Validity } from './lifetime.js';
import { APPEAL_SOURCE } from './sighting-objects.js';
import { keyOfTrace, readTraces, type Trace } from './trace.js';

/** Who may say something here, and who they are. */
export interface KnownMembers {
  /** Keys of labs by their names. */
  readonly keys: ReadonlyMap<string, SignerKey>;
  /** Who answers for an identity. Several pseudonyms of one lab lead to one member; an identity that is not listed is its own. */
  readonly members: ReadonlyMap<string, string>;
}

/** Something of others that may be looked at; nothing is believed of it yet. */
export type Admitted =
  | {
      readonly kind: 'indicator';
      readonly member: string;
      readonly object: StixObject;
      readonly head: VersionHead;
      readonly isRevoked: boolean;
      /** Null: not to be replayed. */
      readonly traces: readonly Trace[] | null;
      readonly validity: Validity;
      readonly evidenceDigest: string | null;
    }
  | {
      readonly kind: 'sighting';
      readonly member: string;
      readonly id: string;
      readonly indicatorId: string;
      readonly isSeen: boolean;
    }
  | {
      readonly kind: 'opinion';
      readonly member: string;
      readonly id: string;
      readonly indicatorIds: readonly string[];
      readonly isAgainst: boolean;
      readonly caseId: string | null;
    };

/** Why something was not taken in. */
export type Rejection =
  | 'not-judged'
  | 'invalid'
  | 'unsigned'
  | 'wrong-signature'
  | 'broken-chain'
  | 'not-yet';

/** Traces from which an equal list is taken for the same evidence: two labs that looked for themselves may well name the same few. */
export const SAME_EVIDENCE = 8;

/** How far a maker's clock may be ahead. */
const CLOCK_SKEW_MS = 10 * 60_000;

/**
 * First condition, provenance: a valid object, signed by the lab that made it, in one unbroken chain of versions. Other kinds of objects are
 * not judged here (`not-judged`): they enforce nothing.
 *
 * @param head last version that was taken in; null where there is none
 */
export function admitObject(
  object: StixObject,
  known: KnownMembers,
  head: VersionHead | null,
  atMs: number,
): Admitted | Rejection {
  if (object.type !== 'indicator' && object.type !== 'sighting' && object.type !== 'opinion')
    return 'not-judged';
  if (validateObject(object).length > 0 || typeof object.created_by_ref !== 'string') return 'invalid';
  const signer = findSigner(object, known);
  if (typeof signer !== 'string') return signer === null ? 'unsigned' : 'wrong-signature';
  const modified = parseTimestamp(String(object.modified));
  if (modified === null || Number(modified / 1000n) > atMs + CLOCK_SKEW_MS) return 'not-yet';
  const member = known.members.get(signer) ?? signer;
  if (object.type === 'sighting') return readSighting(object, member);
  if (object.type === 'opinion') return readOpinion(object, member);
  return readIndicator(object, member, head);
}

/** Identity behind the signature; null when there is none, false when it does not hold. */
function findSigner(object: StixObject, { keys }: KnownMembers): string | null | false {
  try {
    return verifyObject(object, keys)?.identity ?? null;
  } catch (error) {
    if (PhalanxError.is(error)) return false;
    throw error;
  }
}

function readIndicator(object: StixObject, member: string, head: VersionHead | null): Admitted | Rejection {
  const validity = readValidity(object);
  if (validity === null) return 'invalid';
  try {
    const next = appendVersion(head, object);
    const traces = object.pattern_type === 'stix' ? readTraces(String(object.pattern)) : null;
    return {
      kind: 'indicator',
      member,
      object,
      head: next,
      isRevoked: object.revoked === true,
      traces,
      validity,
      evidenceDigest: traces === null || traces.length < SAME_EVIDENCE ? null : digestTraces(traces),
    };
  } catch (error) {
    if (PhalanxError.is(error) && error.code === 'COALITION_PATTERN') return 'invalid';
    if (PhalanxError.is(error) && error.code === 'COALITION_LIMIT') return 'invalid';
    if (PhalanxError.is(error) && error.code === 'COALITION_STIX') return 'broken-chain';
    throw error;
  }
}

function readSighting(object: StixObject, member: string): Admitted | Rejection {
  const { id, sighting_of_ref: of, count, revoked } = object;
  if (typeof of !== 'string' || !of.startsWith('indicator--') || revoked === true) return 'not-judged';
  // Without a count the standard leaves open how often; it was seen.
  return { kind: 'sighting', member, id, indicatorId: of, isSeen: count !== 0 };
}

function readOpinion(object: StixObject, member: string): Admitted | Rejection {
  const { id, opinion, object_refs: refs, external_references: references, revoked } = object;
  const indicatorIds = asTexts(refs).filter((ref) => ref.startsWith('indicator--'));
  if (indicatorIds.length === 0 || revoked === true) return 'not-judged';
  const isAgainst = opinion === 'disagree' || opinion === 'strongly-disagree';
  const listed = Array.isArray(references) ? references : [];
  const appeal = listed.map(asRecord).find((reference) => reference?.source_name === APPEAL_SOURCE);
  const caseId = appeal?.external_id;
  return {
    kind: 'opinion',
    member,
    id,
    indicatorIds,
    isAgainst,
    caseId: typeof caseId === 'string' && UUID.test(caseId) ? caseId : null,
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** SHA-256 of the sorted keys: the same evidence in another order is the same. */
function digestTraces(traces: readonly Trace[]): string {
  return createHash('sha256').update(traces.map(keyOfTrace).sort().join('\n')).digest('hex');
}
