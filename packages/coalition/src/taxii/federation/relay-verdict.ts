import { PhalanxError } from '@phalanx/core';
import { OBJECT_SIGNATURE } from '../../stix/extensions/object-signature.js';
import { redactObject } from '../../stix/marking/redact-object.js';
import { findTlpLevel } from '../../stix/marking/tlp.js';
import { type SignerKey, verifyObject } from '../../stix/signed-object.js';
import { asRecord, type StixObject } from '../../stix/stix-object.js';
import { listMarkings } from '../reader-judge.js';

/**
 * Whether an object may go on to another hub.
 *
 * - `stay`: its markings keep it where it is. - `wait`: a key or a marking that it needs is not known yet.
 * - `refuse`: it is not what it says.
 */
export interface RelayVerdict {
  readonly verdict: 'go' | 'stay' | 'wait' | 'refuse';
  readonly why: string;
  /** Whose signature holds; null for an object without one. */
  readonly signer: string | null;
}

/**
 * Who says it: a signature must be by a key that is known, and by the maker. Nothing unsigned passes in the name of somebody who has a key.
 * Without a signature and such a maker, an object is nobody's word and may pass as that.
 */
export function judgeSigner(object: StixObject, keys: ReadonlyMap<string, SignerKey>): RelayVerdict {
  const signature = asRecord(asRecord(object.extensions)?.[OBJECT_SIGNATURE.id]);
  if (signature === null) {
    const maker = object.created_by_ref;
    const signs = [...keys.values()].some(({ identity }) => identity === maker);
    return signs
      ? { verdict: 'refuse', why: 'not signed, though its maker signs', signer: null }
      : { verdict: 'go', why: '', signer: null };
  }
  if (typeof signature.kid === 'string' && !keys.has(signature.kid)) {
    return { verdict: 'wait', why: `signed by a key that is not known: ${signature.kid}`, signer: null };
  }
  try {
    return { verdict: 'go', why: '', signer: verifyObject(object, keys)!.identity };
  } catch (error) {
    if (!PhalanxError.is(error, 'COALITION_STIX')) throw error;
    return { verdict: 'refuse', why: error.message, signer: null };
  }
}

/**
 * What its markings allow. Red and amber+strict stay where they are, and so does what a policy (IEP, retention) keeps from a stranger cleared
 * for amber at this time, or would show only in part or without its maker: a part has no signature, and what is not signed cannot be checked.
 */
export function judgeMarkings(
  object: StixObject,
  markings: ReadonlyMap<string, StixObject>,
  isEncrypted: boolean,
  atMs: number,
): Pick<RelayVerdict, 'verdict' | 'why'> {
  const unknown = listMarkings(object).find((id) => findTlpLevel(id) === null && !markings.has(id));
  if (unknown !== undefined) return { verdict: 'wait', why: `a marking that is not known: ${unknown}` };
  const stranger = { clearance: 'amber', identity: '', encrypted: isEncrypted, atMs } as const;
  return redactObject(object, markings, stranger) === object
    ? { verdict: 'go', why: '' }
    : { verdict: 'stay', why: 'its markings' };
}
