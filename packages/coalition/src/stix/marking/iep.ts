import { refuse } from '../../coalition-error.js';
import { makeId } from '../stix-id.js';
import { asRecord, type StixObject } from '../stix-object.js';
import { formatTimestamp, parseTimestamp } from '../timestamp.js';
import type { TlpLevel } from './tlp.js';

/** Extension definition of the FIRST Information Exchange Policy 2.0 in STIX (cti-stix-common-objects, iep-marking-definition-762). */
export const IEP_EXTENSION = 'extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a';

export const PERMITTED_ACTIONS = [
  'none',
  'contact-for-instruction',
  'internally-visible-actions',
  'externally-visible-indirect-actions',
  'externally-visible-direct-actions',
] as const;

/** A policy of IEP 2.0. */
export interface ExchangePolicy {
  /** UUID of the policy. */
  readonly policyId: string;
  readonly name: string;
  readonly description: string;
  readonly tlp: TlpLevel;
  readonly encryptInTransit: 'must' | 'may';
  readonly permittedActions: (typeof PERMITTED_ACTIONS)[number];
  readonly affectedPartyNotifications: 'may' | 'must-not';
  readonly providerAttribution: 'may' | 'must' | 'must-not';
  readonly unmodifiedResale: 'may' | 'must-not';
  readonly startMs: number;
  /** Null: until it is replaced. */
  readonly endMs: number | null;
}

/** The STIX extension knows the four levels of TLP 1.0; the stricter amber of 2.0 is red there. */
const IEP_TLP: Readonly<Record<TlpLevel, string>> = {
  clear: 'white',
  green: 'green',
  amber: 'amber',
  'amber+strict': 'red',
  red: 'red',
};

/** A marking-definition with the policy. */
export function makeIepMarking(policy: ExchangePolicy, atMs: number): StixObject {
  return {
    type: 'marking-definition',
    spec_version: '2.1',
    id: makeId('marking-definition'),
    created: formatTimestamp(atMs),
    name: policy.name,
    external_references: [{ source_name: 'FIRST', url: 'https://www.first.org/iep/2.0/' }],
    extensions: {
      [IEP_EXTENSION]: {
        extension_type: 'property-extension',
        encrypt_in_transit: policy.encryptInTransit,
        permitted_actions: policy.permittedActions,
        affected_party_notifications: policy.affectedPartyNotifications,
        tlp: IEP_TLP[policy.tlp],
        provider_attribution: policy.providerAttribution,
        unmodified_resale: policy.unmodifiedResale,
        iep_id: policy.policyId,
        iep_version: 2,
        description: policy.description,
        start_date: formatTimestamp(policy.startMs),
        ...(policy.endMs === null ? {} : { end_date: formatTimestamp(policy.endMs) }),
      },
    },
  };
}

/**
 * The policy of a marking-definition; null when it carries none.
 *
 * @throws PhalanxError `COALITION_STIX` when it carries one that cannot be understood: nobody can keep to it
 */
export function readIepPolicy(marking: StixObject): ExchangePolicy | null {
  const extension = asRecord(asRecord(marking.extensions)?.[IEP_EXTENSION]);
  if (extension === null) return null;
  const pick = <T extends string>(name: string, allowed: readonly T[]): T =>
    allowed.find((value) => value === extension[name]) ??
    refuse('COALITION_STIX', `IEP without a known ${name}`, 'hold back what is marked with it');
  const readMs = (name: string): number => {
    const text = extension[name];
    const us = typeof text === 'string' ? parseTimestamp(text) : null;
    return us === null
      ? refuse('COALITION_STIX', `IEP without a ${name}`, 'hold back what is marked with it')
      : Number(us / 1000n);
  };
  const tlp = pick('tlp', ['red', 'amber', 'green', 'white', 'clear', 'amber+strict'] as const);
  return {
    policyId: String(extension.iep_id ?? ''),
    name: String(marking.name ?? ''),
    description: String(extension.description ?? ''),
    tlp: tlp === 'white' ? 'clear' : tlp,
    encryptInTransit: pick('encrypt_in_transit', ['must', 'may'] as const),
    permittedActions: pick('permitted_actions', PERMITTED_ACTIONS),
    affectedPartyNotifications: pick('affected_party_notifications', ['may', 'must-not'] as const),
    providerAttribution: pick('provider_attribution', ['may', 'must', 'must-not'] as const),
    unmodifiedResale: pick('unmodified_resale', ['may', 'must-not'] as const),
    startMs: readMs('start_date'),
    endMs: extension.end_date === undefined ? null : readMs('end_date'),
  };
}
