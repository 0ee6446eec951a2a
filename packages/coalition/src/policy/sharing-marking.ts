import { DAY_MS } from '@phalanx/core';
import { SHARING_POLICY } from '../stix/extensions/sharing-policy.js';
import { dayOf } from '../stix/order-of-magnitude.js';
import { makeId } from '../stix/stix-id.js';
import type { StixObject } from '../stix/stix-object.js';
import { formatTimestamp } from '../stix/timestamp.js';
import type { PolicySet } from './cedar-policies.js';
import { RELEASE_PURPOSE } from './release-draft.js';

/**
 * The marking under which a lab shares: purpose, threshold, end, and the policies it was decided by. Goes into the draft, and its id into
 * `markingRefs` of what is described.
 *
 * @param retainDays days after which recipients delete; more than 400 are refused by the policies of the package
 */
export function makeSharingMarking(
  policies: PolicySet,
  about: {
    readonly author: string;
    readonly atMs: number;
    readonly retainDays: number;
    readonly minLabs: number;
  },
): StixObject {
  return {
    type: 'marking-definition',
    spec_version: '2.1',
    id: makeId('marking-definition'),
    created_by_ref: about.author,
    created: formatTimestamp(Math.floor(about.atMs / DAY_MS) * DAY_MS),
    name: 'sharing policy',
    extensions: {
      [SHARING_POLICY.id]: {
        extension_type: SHARING_POLICY.kind,
        purpose: RELEASE_PURPOSE,
        min_labs: about.minLabs,
        max_precision: 'day',
        retain_until: dayOf(about.atMs + about.retainDays * DAY_MS),
        policy_digest: policies.digest,
      },
    },
  };
}
