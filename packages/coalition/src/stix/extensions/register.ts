import { ACCOUNT_CLUSTER } from './account-cluster.js';
import { CLIENT_FINGERPRINT } from './client-fingerprint.js';
import type { ExtensionType } from './extension-type.js';
import { MODEL_LINEAGE } from './model-lineage.js';
import { OBJECT_SIGNATURE } from './object-signature.js';
import { OPRF_TOKEN } from './oprf-token.js';
import { PREVIOUS_VERSION } from './previous-version.js';
import { PROMPT_FINGERPRINT } from './prompt-fingerprint.js';
import { SHARING_POLICY } from './sharing-policy.js';
import { WATERMARK_DETECTION } from './watermark-detection.js';

/** Every extension of ours, in the order of the specification. A new one is a file and a line here. */
export const EXTENSIONS: readonly ExtensionType[] = [
  PROMPT_FINGERPRINT,
  OPRF_TOKEN,
  ACCOUNT_CLUSTER,
  WATERMARK_DETECTION,
  MODEL_LINEAGE,
  CLIENT_FINGERPRINT,
  SHARING_POLICY,
  OBJECT_SIGNATURE,
  PREVIOUS_VERSION,
];

/** The extension that brings a type of object; null for types of the standard and of others. */
export function findNewType(type: string): ExtensionType | null {
  return EXTENSIONS.find(({ kind, name }) => kind !== 'property-extension' && name === type) ?? null;
}
