import type { Json } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { ATLAS_MITIGATIONS, findTechnique, listPhases } from './atlas-technique.js';
import { OPRF_TOKEN } from './extensions/oprf-token.js';
import { PROMPT_FINGERPRINT } from './extensions/prompt-fingerprint.js';
import { type Authorship, makeDomainObject, makeObservable, makeRelationship } from './made-object.js';
import { bucketCount, dayOf, roundFigure } from './order-of-magnitude.js';
import { parseAddressRange } from './pattern/address-range.js';
import { quoteString } from './pattern/literal.js';
import type { StixObject } from './stix-object.js';
import { formatTimestamp } from './timestamp.js';

const DAY_MS = 86_400_000;

/** What a lab knows of a finding and may tell. No account, no text, no customer. */
export interface SharedCampaign {
  /** `insufficient` findings are told to nobody. */
  readonly kind: 'hidden-pool' | 'distillation-campaign';
  /** At least 10. */
  readonly accounts: number;
  /** At least 10. */
  readonly exchanges: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** log10 of e-values. */
  readonly log10ECoordination: number;
  readonly log10EDemand: number;
  /** Pools that were looked at; each counts against the claim. */
  readonly poolsExamined: number;
  /** Ids such as `AML.T0024.002`; those not of model theft are left out. */
  readonly atlas: readonly string[];
  readonly fingerprints: readonly {
    readonly algorithm: string;
    /** SHA-256, hexadecimal. */
    readonly paramsDigest: string;
    /** Hexadecimal. */
    readonly digest: string;
  }[];
  /** CIDR blocks, /24 for IPv4 and /48 for IPv6 at the narrowest: an address alone may be a person's. */
  readonly addressRanges: readonly string[];
  readonly tokens: readonly {
    readonly suite: string;
    readonly keyEpoch: string;
    readonly valueClass: string;
    /** Hexadecimal. */
    readonly token: string;
  }[];
  /** Days after which the indicators end. */
  readonly validDays: number;
}

/**
 * A finding as objects of STIX: a campaign and the cluster of accounts behind it, observables with deterministic ids, an indicator for
 * each kind of trace with the ATLAS techniques that it indicates, and the technical mitigations. Days, decades and two digits; not one
 * word of free text. Nothing in it tells another lab what to do with a customer.
 *
 * @throws PhalanxError `COALITION_STIX` for fewer than 10 accounts or exchanges, blocks that are too narrow, no traces at all, or
 *   figures that are not what the extensions hold
 */
export function describeCampaign(campaign: SharedCampaign, authorship: Authorship): StixObject[] {
  const fingerprints = campaign.fingerprints.map(({ algorithm, paramsDigest, digest }) =>
    makeObservable(PROMPT_FINGERPRINT.name, authorship.markingRefs, {
      algorithm,
      params_digest: paramsDigest,
      digest,
    }),
  );
  const tokens = campaign.tokens.map(({ suite, keyEpoch, valueClass, token }) =>
    makeObservable(OPRF_TOKEN.name, authorship.markingRefs, {
      suite,
      key_epoch: keyEpoch,
      value_class: valueClass,
      token,
    }),
  );
  const ranges = campaign.addressRanges.map((range) => makeRange(range, authorship));
  if (fingerprints.length + tokens.length + ranges.length === 0) {
    return refuse(
      'COALITION_STIX',
      'a campaign without a trace that others could find',
      'add fingerprints or tokens',
    );
  }
  const cluster = makeDomainObject('x-llm-account-cluster', authorship, {
    size_bucket: bucketCount(campaign.accounts),
    request_bucket: bucketCount(campaign.exchanges),
    first_day: dayOf(campaign.firstAtMs),
    last_day: dayOf(campaign.lastAtMs),
    features: {
      log10_e_coordination: roundFigure(campaign.log10ECoordination),
      log10_e_demand: roundFigure(campaign.log10EDemand),
      pools_examined: campaign.poolsExamined,
    },
    fingerprint_refs: listIds(fingerprints),
    token_refs: listIds(tokens),
  });
  const seen = makeDomainObject('campaign', authorship, {
    name: campaign.kind,
    first_seen: formatTimestamp(startOfDay(campaign.firstAtMs)),
    last_seen: formatTimestamp(startOfDay(campaign.lastAtMs) + DAY_MS - 1),
  });
  const indicators = [
    makeIndicator('prompt-fingerprint', fingerprints, patternOfFingerprint, campaign, authorship),
    makeIndicator('matching-token', tokens, patternOfToken, campaign, authorship),
    makeIndicator('address-range', ranges, patternOfRange, campaign, authorship),
  ].filter((indicator) => indicator !== null);
  const techniques = campaign.atlas.map(findTechnique).filter((technique) => technique !== null);
  const relationships = [
    makeRelationship('attributed-to', cluster.id, seen.id, authorship),
    ...indicators.flatMap((indicator) => [
      makeRelationship('indicates', indicator.id, seen.id, authorship),
      ...techniques.map(({ id }) => makeRelationship('indicates', indicator.id, id, authorship)),
      ...ATLAS_MITIGATIONS.map(({ id }) => makeRelationship('mitigates', id, indicator.id, authorship)),
    ]),
    ...techniques.map(({ id }) => makeRelationship('uses', seen.id, id, authorship)),
  ];
  return [...fingerprints, ...tokens, ...ranges, cluster, seen, ...indicators, ...relationships];
}

function makeIndicator(
  name: string,
  observables: readonly StixObject[],
  patternOf: (observable: StixObject) => string,
  campaign: SharedCampaign,
  authorship: Authorship,
): StixObject | null {
  if (observables.length === 0) return null;
  const techniques = campaign.atlas.map(findTechnique).filter((technique) => technique !== null);
  const phases = listPhases(techniques) as readonly Json[];
  const fromMs = startOfDay(authorship.atMs);
  return makeDomainObject('indicator', authorship, {
    name,
    indicator_types: [
      campaign.kind === 'distillation-campaign' ? 'malicious-activity' : 'anomalous-activity',
    ],
    pattern: `[${observables.map(patternOf).join(' OR ')}]`,
    pattern_type: 'stix',
    pattern_version: '2.1',
    valid_from: formatTimestamp(fromMs),
    valid_until: formatTimestamp(fromMs + campaign.validDays * DAY_MS),
    kill_chain_phases: phases.length === 0 ? undefined : phases,
  });
}

function patternOfFingerprint({ params_digest: params, digest }: StixObject): string {
  const type = PROMPT_FINGERPRINT.name;
  return `(${type}:params_digest = ${quoteString(String(params))} AND ${type}:digest = ${quoteString(String(digest))})`;
}

function patternOfToken({ key_epoch: epoch, token }: StixObject): string {
  const type = OPRF_TOKEN.name;
  return `(${type}:key_epoch = ${quoteString(String(epoch))} AND ${type}:token = ${quoteString(String(token))})`;
}

function patternOfRange({ value }: StixObject): string {
  return `network-traffic:src_ref.value ISSUBSET ${quoteString(String(value))}`;
}

function makeRange(text: string, authorship: Authorship): StixObject {
  const range = parseAddressRange(text);
  if (range === null || range.prefix > (range.bits === 32 ? 24 : 48)) {
    return refuse(
      'COALITION_STIX',
      'an address block is narrower than /24 or /48',
      'widen it, or share a token',
    );
  }
  return makeObservable(range.bits === 32 ? 'ipv4-addr' : 'ipv6-addr', authorship.markingRefs, {
    value: text,
  });
}

function startOfDay(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

function listIds(objects: readonly StixObject[]): readonly string[] | undefined {
  return objects.length === 0 ? undefined : objects.map(({ id }) => id);
}
