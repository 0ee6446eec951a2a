import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { DAY_MS } from '@phalanx/core';
import { describeCampaign } from '../stix/campaign-objects.js';
import { makeTlpMarking } from '../stix/marking/tlp.js';
import { CAMPAIGN } from '../stix/sample-objects.test.support.js';
import type { StixObject } from '../stix/stix-object.js';
import { hashCustomerNames, makeCustomerAlarm } from './alarms/customer-name.js';
import type { ReleaseApproval, StandingApproval } from './approval.js';
import { loadPolicies } from './cedar-policies.js';
import type { ReleaseContext } from './decide-release.js';
import type { LegalBasis } from './legal-basis.js';
import { minimiseObjects } from './minimise.js';
import type { Person } from './person.js';
import { RELEASE_CATEGORIES } from './release-category.js';
import { encodeEnvelope, type ReleaseDraft } from './release-draft.js';
import { CLEARABLE } from './release-reason.js';
import { makeSharingMarking } from './sharing-marking.js';
import { type SignedDocument, signDocument } from './signed-document.js';

export const NOW_MS = Date.UTC(2026, 10, 21, 9, 30);
export const LAB_A = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01';
export const LAB_B = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a02';
export const LAB_C = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a04';
export const POLICIES = loadPolicies();

const PRIVATE = new Map<string, KeyObject>();
function makePerson(id: string, ...roles: Person['roles']): Person {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  PRIVATE.set(id, privateKey);
  return { id, roles, kid: `key-of-${id}`, publicKey };
}
export const ROSA = makePerson('rosa', 'releaser', 'detection');
export const CARL = makePerson('carl', 'counsel');
export const BOTH = makePerson('bea', 'releaser', 'counsel');
export const STRANGER = makePerson('stranger', 'counsel', 'releaser');
export const PEOPLE = [ROSA, CARL, BOTH];

export function signAs<Document extends { readonly schema: string }>(
  person: Person,
  document: Document,
): SignedDocument<Document> {
  return signDocument(document, { kid: person.kid, privateKey: PRIVATE.get(person.id)! });
}

export const BASIS: LegalBasis = {
  schema: 'phalanx.legal-basis.v1',
  jurisdiction: 'US,EU',
  authority: 'Coalition agreement of 1 October 2026, section 4; opinion of outside counsel',
  categories: [...RELEASE_CATEGORIES],
  recipients: [LAB_B, LAB_C],
  notBeforeMs: NOW_MS - 30 * DAY_MS,
  notAfterMs: NOW_MS + 30 * DAY_MS,
  reviewByMs: NOW_MS + 20 * DAY_MS,
  documentSha256: '5a'.repeat(32),
};

export const CUSTOMERS = [
  'Acme Robotics Inc.',
  'Zenith Labs GmbH',
  '北辰科技有限公司',
  'Globex',
  'Umbrella Analytics',
];
export const CUSTOMER_KEY = new Uint8Array(32).fill(7);
export const CUSTOMER_ALARM = makeCustomerAlarm(hashCustomerNames(CUSTOMERS, CUSTOMER_KEY), CUSTOMER_KEY);

/** The campaign of the samples, marked, minimised: lawful. */
export function makeLawfulObjects(): StixObject[] {
  const marking = makeSharingMarking(POLICIES, { author: LAB_A, atMs: NOW_MS, retainDays: 180, minLabs: 1 });
  const told = describeCampaign(CAMPAIGN, {
    createdByRef: LAB_A,
    atMs: NOW_MS,
    markingRefs: [makeTlpMarking('amber').id, marking.id],
  });
  return minimiseObjects([marking, ...told], new Map());
}

export function makeDraft(objects: readonly StixObject[]): ReleaseDraft {
  return { author: LAB_A, recipients: [LAB_B], objects };
}

export function digestEnvelope(draft: ReleaseDraft): string {
  return createHash('sha256').update(encodeEnvelope(draft.objects)).digest('hex');
}

export function approve(
  draft: ReleaseDraft,
  role: ReleaseApproval['role'],
  changes: Partial<ReleaseApproval> = {},
): ReleaseApproval {
  return {
    schema: 'phalanx.release-approval.v1',
    role,
    envelopeSha256: digestEnvelope(draft),
    recipients: [...draft.recipients],
    policySha256: POLICIES.digest,
    clears: [],
    notBeforeMs: NOW_MS - 3_600_000,
    notAfterMs: NOW_MS + 3_600_000,
    ...changes,
  };
}

export function standFor(
  category: StandingApproval['category'],
  changes: Partial<StandingApproval> = {},
): StandingApproval {
  return {
    schema: 'phalanx.standing-approval.v1',
    category,
    recipients: [LAB_B],
    maxTlp: 'amber',
    maxPerDay: 5,
    policySha256: POLICIES.digest,
    notBeforeMs: NOW_MS - DAY_MS,
    notAfterMs: NOW_MS + DAY_MS,
    ...changes,
  };
}

/** A context in which a lawful draft leaves: both signed, counsel cleared what the draft may be cleared of. */
export function makeContext(draft: ReleaseDraft, changes: Partial<ReleaseContext> = {}): ReleaseContext {
  return {
    policies: POLICIES,
    nowMs: NOW_MS,
    people: PEOPLE,
    legalBasis: signAs(CARL, BASIS),
    approvals: [
      signAs(ROSA, approve(draft, 'releaser')),
      signAs(CARL, approve(draft, 'counsel', { clears: ['free-text', 'attribution'] })),
    ],
    revocations: [],
    standingUses: new Map(),
    customerAlarm: CUSTOMER_ALARM,
    reportedBlocks: new Map(),
    labs: 1,
    ...changes,
  };
}

export const EVERYTHING_CLEARED = [...CLEARABLE];
