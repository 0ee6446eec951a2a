import { ATLAS_MITIGATIONS, ATLAS_TECHNIQUES } from '../../stix/atlas-technique.js';
import { ACCOUNT_CLUSTER } from '../../stix/extensions/account-cluster.js';
import { CLIENT_FINGERPRINT } from '../../stix/extensions/client-fingerprint.js';
import type { ExtensionType, JsonSchema } from '../../stix/extensions/extension-type.js';
import { SHA256 } from '../../stix/extensions/extension-type.js';
import { MODEL_LINEAGE } from '../../stix/extensions/model-lineage.js';
import { OBJECT_SIGNATURE } from '../../stix/extensions/object-signature.js';
import { OPRF_TOKEN } from '../../stix/extensions/oprf-token.js';
import { PREVIOUS_VERSION } from '../../stix/extensions/previous-version.js';
import { PROMPT_FINGERPRINT } from '../../stix/extensions/prompt-fingerprint.js';
import { SHARING_POLICY } from '../../stix/extensions/sharing-policy.js';
import { WATERMARK_DETECTION } from '../../stix/extensions/watermark-detection.js';
import { BOOLEAN, CIDR, closed, HUMAN_TEXT, idOf, list, PATTERN, TIMESTAMP } from './allowed-form.js';

const marker = (extension: ExtensionType): readonly [ExtensionType, JsonSchema] => [
  extension,
  closed({ extension_type: { const: extension.kind } }, ['extension_type']),
];
const attached = (extension: ExtensionType): readonly [ExtensionType, JsonSchema] => [
  extension,
  closed({ extension_type: { const: extension.kind }, ...extension.properties }, [
    'extension_type',
    ...extension.required,
  ]),
];

function extensionsOf(...own: readonly (readonly [ExtensionType, JsonSchema])[]): JsonSchema {
  const all = [attached(OBJECT_SIGNATURE), attached(PREVIOUS_VERSION), ...own];
  return closed(Object.fromEntries(all.map(([extension, schema]) => [extension.id, schema])));
}

/** A member that may not stand there. */
const NOTHING = false as unknown as JsonSchema;
const MARKINGS = list(idOf('marking-definition'), 8);
const REFERENCE = closed(
  { source_name: HUMAN_TEXT, description: HUMAN_TEXT, url: HUMAN_TEXT, external_id: HUMAN_TEXT },
  ['source_name'],
);

function domainObject(
  type: string,
  properties: Readonly<Record<string, JsonSchema>>,
  extensions = extensionsOf(),
): JsonSchema {
  return closed(
    {
      type: { const: type },
      spec_version: { const: '2.1' },
      id: idOf(type),
      created_by_ref: idOf('identity'),
      created: TIMESTAMP,
      modified: TIMESTAMP,
      revoked: BOOLEAN,
      confidence: { type: 'integer', minimum: 0, maximum: 100 },
      object_marking_refs: MARKINGS,
      labels: list(HUMAN_TEXT, 16),
      external_references: list(REFERENCE, 8),
      description: HUMAN_TEXT,
      extensions,
      ...properties,
    },
    ['type', 'spec_version', 'id', 'created_by_ref', 'created', 'modified', 'object_marking_refs'],
  );
}

function observable(
  type: string,
  properties: Readonly<Record<string, JsonSchema>>,
  extensions = extensionsOf(),
): JsonSchema {
  return closed(
    {
      type: { const: type },
      spec_version: { const: '2.1' },
      id: idOf(type),
      object_marking_refs: MARKINGS,
      extensions,
      ...properties,
    },
    ['type', 'spec_version', 'id', 'object_marking_refs', ...Object.keys(properties).slice(0, 1)],
  );
}

/** Lines of text of our extensions: from the code list, or read by a person. */
function withHumanLines(extension: ExtensionType): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    Object.entries(extension.properties).map(([name, schema]) => [
      name,
      schema.maxLength === 400 ? { ...HUMAN_TEXT, maxLength: 400 } : schema,
    ]),
  );
}

/** Types of ours have no description: their schema does not. */
function newObject(extension: ExtensionType): JsonSchema {
  const { name } = extension;
  const properties = withHumanLines(extension);
  const extensions = extensionsOf(marker(extension));
  return extension.kind === 'new-sdo'
    ? domainObject(name, { ...properties, description: NOTHING }, extensions)
    : observable(name, properties, extensions);
}

const PHASES = [...new Set(ATLAS_TECHNIQUES.flatMap(({ phases }) => phases))].sort();
const TOLD = ['indicator', 'campaign', ACCOUNT_CLUSTER.name, WATERMARK_DETECTION.name, MODEL_LINEAGE.name];
const RELATED = [
  ...TOLD,
  PROMPT_FINGERPRINT.name,
  OPRF_TOKEN.name,
  'ipv4-addr',
  'ipv6-addr',
  'autonomous-system',
  'network-traffic',
  'file',
  'attack-pattern',
  'course-of-action',
  'threat-actor',
  'identity',
];
const OBSERVABLE_MARKING = {
  type: { const: 'marking-definition' },
  spec_version: { const: '2.1' },
  id: idOf('marking-definition'),
  created: TIMESTAMP,
  created_by_ref: idOf('identity'),
  object_marking_refs: MARKINGS,
} as const;

/** Techniques and mitigations of ATLAS: the object may be sent along, in the words of ATLAS and no others. */
function atlasObject(
  type: string,
  entries: readonly { readonly id: string; readonly name: string }[],
): JsonSchema {
  return domainObject(type, {
    id: { enum: entries.map(({ id }) => id) },
    name: { enum: entries.map(({ name }) => name) },
    labels: NOTHING,
    external_references: NOTHING,
    description: NOTHING,
  });
}

/**
 * What may leave: for each type the members it may have and the form of each, nothing else. Texts are ids, times, digests, blocks of
 * addresses and words of closed lists; where a person may write (`$comment: human`), a person must have read. Published in
 * `docs/spec/sharing-policy.schema.json`.
 */
export const ALLOWED_TYPES: Readonly<Record<string, JsonSchema>> = {
  [PROMPT_FINGERPRINT.name]: newObject(PROMPT_FINGERPRINT),
  [OPRF_TOKEN.name]: newObject(OPRF_TOKEN),
  [ACCOUNT_CLUSTER.name]: newObject(ACCOUNT_CLUSTER),
  [WATERMARK_DETECTION.name]: newObject(WATERMARK_DETECTION),
  [MODEL_LINEAGE.name]: newObject(MODEL_LINEAGE),
  'ipv4-addr': observable('ipv4-addr', { value: CIDR }),
  'ipv6-addr': observable('ipv6-addr', { value: CIDR }),
  'autonomous-system': observable('autonomous-system', {
    number: { type: 'integer', minimum: 1, maximum: 4_294_967_295 },
  }),
  file: observable('file', { hashes: closed({ 'SHA-256': SHA256 }, ['SHA-256']) }),
  'network-traffic': observable(
    'network-traffic',
    {
      protocols: list({ enum: ['ipv4', 'ipv6', 'tcp', 'udp', 'tls', 'quic', 'http', 'https'] }, 4),
      src_ref: idOf('ipv4-addr', 'ipv6-addr'),
    },
    extensionsOf(attached(CLIENT_FINGERPRINT)),
  ),
  indicator: domainObject('indicator', {
    name: {
      enum: ['prompt-fingerprint', 'matching-token', 'address-range', 'client-fingerprint', 'model-lineage'],
    },
    indicator_types: list({ enum: ['malicious-activity', 'anomalous-activity', 'benign', 'unknown'] }, 2),
    pattern: PATTERN,
    pattern_type: { const: 'stix' },
    pattern_version: { const: '2.1' },
    valid_from: TIMESTAMP,
    valid_until: TIMESTAMP,
    kill_chain_phases: list(
      closed({ kill_chain_name: { const: 'mitre-atlas' }, phase_name: { enum: PHASES } }, [
        'kill_chain_name',
        'phase_name',
      ]),
      16,
    ),
  }),
  campaign: domainObject('campaign', {
    name: { enum: ['hidden-pool', 'distillation-campaign'] },
    first_seen: TIMESTAMP,
    last_seen: TIMESTAMP,
  }),
  relationship: domainObject('relationship', {
    relationship_type: {
      enum: ['indicates', 'uses', 'mitigates', 'attributed-to', 'based-on', 'derived-from', 'duplicate-of'],
    },
    source_ref: idOf(...RELATED),
    target_ref: idOf(...RELATED),
  }),
  sighting: domainObject('sighting', {
    sighting_of_ref: idOf('indicator', 'campaign', ACCOUNT_CLUSTER.name),
    first_seen: TIMESTAMP,
    last_seen: TIMESTAMP,
    count: { type: 'integer', minimum: 0, maximum: 999_999_999 },
  }),
  opinion: domainObject('opinion', {
    opinion: { enum: ['strongly-disagree', 'disagree', 'neutral', 'agree', 'strongly-agree'] },
    object_refs: list(idOf(...TOLD, 'sighting'), 100),
    explanation: HUMAN_TEXT,
  }),
  'attack-pattern': atlasObject('attack-pattern', ATLAS_TECHNIQUES),
  'course-of-action': atlasObject('course-of-action', ATLAS_MITIGATIONS),
  'marking-definition': closed(
    {
      ...OBSERVABLE_MARKING,
      name: { const: 'sharing policy' },
      extensions: extensionsOf(attached(SHARING_POLICY)),
    },
    ['type', 'spec_version', 'id', 'created', 'name', 'extensions'],
  ),
  // The lane of attribution: somebody is named. Never routine, and counsel reads each.
  identity: domainObject('identity', {
    name: HUMAN_TEXT,
    identity_class: { enum: ['organization', 'group', 'system', 'unknown'] },
  }),
  'threat-actor': domainObject('threat-actor', {
    name: HUMAN_TEXT,
    threat_actor_types: list(
      { enum: ['competitor', 'crime-syndicate', 'criminal', 'hacker', 'nation-state', 'spy', 'unknown'] },
      4,
    ),
    aliases: list(HUMAN_TEXT, 8),
    first_seen: TIMESTAMP,
    last_seen: TIMESTAMP,
  }),
};

/** Types of the lane of attribution. */
export const ATTRIBUTION_TYPES: ReadonlySet<string> = new Set(['identity', 'threat-actor']);

/** Members in which a person writes, in every type of the allow-list. */
export const HUMAN_MEMBERS = [
  'description',
  'labels',
  'external_references',
  'explanation',
  'aliases',
  'statistic',
  'null_model',
  'assumption',
  'method',
] as const;

/** Names of members and words of closed lists that the allow-list has anywhere: they say nothing of their own. */
export const ALLOWED_WORDS: ReadonlySet<string> = new Set(Object.values(ALLOWED_TYPES).flatMap(listWords));

function listWords(schema: JsonSchema): string[] {
  if (typeof schema !== 'object') return [];
  const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  const values = [schema.const, ...((schema.enum as readonly unknown[]) ?? [])];
  return [
    ...values.filter((value) => typeof value === 'string'),
    ...Object.keys(properties),
    ...Object.values(properties).flatMap(listWords),
    ...(schema.items === undefined ? [] : listWords(schema.items as JsonSchema)),
  ];
}
