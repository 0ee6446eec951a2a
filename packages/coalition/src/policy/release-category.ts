import type { StixObject } from '../stix/stix-object.js';

/**
 * What kinds of things leave. A legal basis and a standing approval name those that they cover. Not one of them is about a customer, a
 * price or a plan, and none can be: the list is closed.
 */
export const RELEASE_CATEGORIES = [
  'prompt-fingerprint',
  'matching-token',
  'address-range',
  'client-fingerprint',
  'account-cluster',
  'mark-detection',
  'model-lineage',
  'sighting',
  'attribution',
] as const;
export type ReleaseCategory = (typeof RELEASE_CATEGORIES)[number];

const BY_TYPE: Readonly<Record<string, ReleaseCategory>> = {
  'x-llm-prompt-fingerprint': 'prompt-fingerprint',
  'x-oprf-token': 'matching-token',
  'ipv4-addr': 'address-range',
  'ipv6-addr': 'address-range',
  'autonomous-system': 'address-range',
  'network-traffic': 'client-fingerprint',
  'x-llm-account-cluster': 'account-cluster',
  campaign: 'account-cluster',
  'x-llm-watermark-detection': 'mark-detection',
  'x-llm-model-lineage': 'model-lineage',
  file: 'model-lineage',
  sighting: 'sighting',
  opinion: 'sighting',
  identity: 'attribution',
  'threat-actor': 'attribution',
};
const BY_INDICATOR: Readonly<Record<string, ReleaseCategory>> = {
  'prompt-fingerprint': 'prompt-fingerprint',
  'matching-token': 'matching-token',
  'address-range': 'address-range',
  'client-fingerprint': 'client-fingerprint',
  'model-lineage': 'model-lineage',
};

/** The category of an object; null for those that say nothing alone (relationships, markings) and for types that may not leave. */
export function categoryOf({ type, name }: StixObject): ReleaseCategory | null {
  return (type === 'indicator' ? BY_INDICATOR[String(name)] : BY_TYPE[type]) ?? null;
}
