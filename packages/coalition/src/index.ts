export type { CoalitionErrorCode } from './coalition-error.js';
export {
  ATLAS_MITIGATIONS,
  ATLAS_TECHNIQUES,
  type AtlasEntry,
  findTechnique,
} from './stix/atlas-technique.js';
export { formatBundle, parseBundle, type StixBundle } from './stix/bundle.js';
export { describeCampaign, type SharedCampaign } from './stix/campaign-objects.js';
export {
  describeLineage,
  describeMarkDetection,
  type SharedLineage,
  type SharedMarkDetection,
} from './stix/evidence-objects.js';
export { listExtensionDefinitions } from './stix/extensions/extension-definition.js';
export { makeExtensionSchema } from './stix/extensions/extension-schema.js';
export type { ExtensionType, JsonSchema } from './stix/extensions/extension-type.js';
export { EXTENSIONS } from './stix/extensions/register.js';
export { parseJson } from './stix/json-text.js';
export { type Authorship, makeDomainObject, makeObservable, makeRelationship } from './stix/made-object.js';
export { type ExchangePolicy, makeIepMarking, readIepPolicy } from './stix/marking/iep.js';
export type { Recipient } from './stix/marking/marking-verdict.js';
export { redactBundle } from './stix/marking/redact-bundle.js';
export { redactObject } from './stix/marking/redact-object.js';
export { makeTlpMarking, TLP_LEVELS, type TlpLevel } from './stix/marking/tlp.js';
export { digestObject } from './stix/object-digest.js';
export type { Violation } from './stix/object-rules.js';
export { type CompiledPattern, compilePattern } from './stix/pattern/matcher.js';
export { type Observation, readObservations } from './stix/pattern/observation.js';
export { parsePattern } from './stix/pattern/parser.js';
export type { ObservationExpression } from './stix/pattern/syntax-tree.js';
export {
  type ObjectSigner,
  type SignerKey,
  signObject,
  type VerifiedObject,
  verifyObject,
} from './stix/signed-object.js';
export { deriveId, makeId, parseId } from './stix/stix-id.js';
export { STIX_LIMITS } from './stix/stix-limits.js';
export type { StixObject } from './stix/stix-object.js';
export { formatTimestamp, parseTimestamp } from './stix/timestamp.js';
export { requireValid, validateObject } from './stix/validate-object.js';
export { appendVersion, makeNextVersion, revokeObject, type VersionHead } from './stix/version-chain.js';
