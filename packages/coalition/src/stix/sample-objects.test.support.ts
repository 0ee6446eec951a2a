import { generateKeyPairSync } from 'node:crypto';
import { describeCampaign, type SharedCampaign } from './campaign-objects.js';
import { describeLineage, describeMarkDetection } from './evidence-objects.js';
import { CLIENT_FINGERPRINT } from './extensions/client-fingerprint.js';
import { listExtensionDefinitions } from './extensions/extension-definition.js';
import { SHARING_POLICY } from './extensions/sharing-policy.js';
import { type Authorship, makeDomainObject, makeObservable } from './made-object.js';
import { makeIepMarking } from './marking/iep.js';
import { makeTlpMarking } from './marking/tlp.js';
import type { StixObject } from './stix-object.js';

export const AT_MS = Date.UTC(2026, 10, 20, 13, 14, 15);
export const LAB: StixObject = {
  type: 'identity',
  spec_version: '2.1',
  id: 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01',
  created: '2026-11-01T00:00:00.000Z',
  modified: '2026-11-01T00:00:00.000Z',
  name: 'Lab A',
  identity_class: 'organization',
};
export const OTHER_LAB = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a02';
export const AUTHORSHIP: Authorship = {
  createdByRef: LAB.id,
  atMs: AT_MS,
  markingRefs: [makeTlpMarking('amber').id],
};
export const LAB_KEYS = generateKeyPairSync('ed25519');

export const CAMPAIGN: SharedCampaign = {
  kind: 'distillation-campaign',
  accounts: 57,
  exchanges: 16_400,
  firstAtMs: AT_MS - 9 * 86_400_000,
  lastAtMs: AT_MS,
  log10ECoordination: 41.73,
  log10EDemand: 12.26,
  poolsExamined: 118,
  atlas: ['AML.T0024.002', 'AML.T0008.005', 'AML.T9999'],
  fingerprints: [
    { algorithm: 'phalanx-template-1', paramsDigest: 'ab'.repeat(32), digest: 'cd'.repeat(96) },
    { algorithm: 'minhash-128', paramsDigest: 'ef'.repeat(32), digest: '01'.repeat(64) },
  ],
  addressRanges: ['203.0.113.0/24', '2001:db8:12::/48'],
  tokens: [
    {
      suite: 'ristretto255-SHA512',
      keyEpoch: '2026-w47',
      valueClass: 'payment-bin8',
      token: '77'.repeat(32),
    },
  ],
  validDays: 90,
};

/** One of everything that this package emits. */
export function emitEverything(): StixObject[] {
  const iep = makeIepMarking(
    {
      policyId: 'a8e1b7c4-2b6e-4b53-9a0a-4a7a6f2f8a11',
      name: 'Coalition default',
      description: 'Defence against model theft; act on your own evidence',
      tlp: 'amber',
      encryptInTransit: 'must',
      permittedActions: 'internally-visible-actions',
      affectedPartyNotifications: 'must-not',
      providerAttribution: 'must-not',
      unmodifiedResale: 'must-not',
      startMs: AT_MS - 86_400_000,
      endMs: AT_MS + 365 * 86_400_000,
    },
    AT_MS,
  );
  const policy: StixObject = {
    type: 'marking-definition',
    spec_version: '2.1',
    id: 'marking-definition--5d5e7c10-11a1-4f0a-8c80-9f4a6ed9a3b2',
    created: '2026-11-20T00:00:00.000Z',
    name: 'sharing policy',
    extensions: {
      [SHARING_POLICY.id]: {
        extension_type: 'property-extension',
        purpose: 'model-theft-defence',
        min_labs: 3,
        max_precision: 'day',
        retain_until: '2027-05-20',
        policy_digest: '12'.repeat(32),
      },
    },
  };
  const address = makeObservable('ipv4-addr', AUTHORSHIP.markingRefs, { value: '203.0.113.0/24' });
  const traffic = makeObservable('network-traffic', AUTHORSHIP.markingRefs, {
    src_ref: address.id,
    protocols: ['tcp', 'tls'],
    extensions: {
      [CLIENT_FINGERPRINT.id]: {
        extension_type: 'property-extension',
        ja3_hash: 'ab'.repeat(16),
        ja4: 't13d1516h2_8daaf6152771_02713d6af862',
        ja4h: 'ge11nn060000_4e59edc1297a_4da5efaf0cbd_000000000000',
        http2_fp: '1:65536;4:131072;5:16384|12517377|3:0:0:201|m,p,a,s',
      },
    },
  });
  const mark = describeMarkDetection(
    {
      scheme: 'kgw',
      keyCommitment: '34'.repeat(32),
      scored: 48_211,
      statistic: 'green tokens over their expectation, each n-gram once',
      excess: 0.0731,
      log10P: -23.87,
      nullHypothesis: 'the texts and the key are independent',
      assumption: 'nobody else marks with this key',
      tries: 12,
      detectorDigest: '56'.repeat(32),
    },
    AUTHORSHIP,
  );
  const lineage = describeLineage(
    {
      verdict: 'derived in disguise',
      log10P: 0,
      share: 0.991,
      method: 'neurons found again under order, scale and basis',
      nullHypothesis: 'the order of the units of one was drawn independently of the other',
      tries: 3,
      suspectSha256: ['78'.repeat(32), '9a'.repeat(32)],
      referenceCommitment: 'bc'.repeat(32),
      validDays: 365,
    },
    AUTHORSHIP,
  );
  const campaign = describeCampaign(CAMPAIGN, AUTHORSHIP);
  const indicator = campaign.find(({ type }) => type === 'indicator')!;
  const sighting = (count: number) =>
    makeDomainObject('sighting', AUTHORSHIP, {
      sighting_of_ref: indicator.id,
      first_seen: '2026-11-20T00:00:00Z',
      last_seen: '2026-11-21T00:00:00Z',
      count,
    });
  const opinion = makeDomainObject('opinion', AUTHORSHIP, {
    opinion: 'disagree',
    object_refs: [indicator.id],
  });
  return [
    ...listExtensionDefinitions(),
    ...(['clear', 'green', 'amber', 'amber+strict', 'red'] as const).map(makeTlpMarking),
    iep,
    policy,
    LAB,
    address,
    traffic,
    mark,
    ...lineage,
    ...campaign,
    sighting(4),
    sighting(0),
    opinion,
  ];
}
