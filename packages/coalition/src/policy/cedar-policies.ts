import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { canonicalJson, type Json, utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { DETECTORS_VERSION } from './alarms/scan.js';
import { ALLOWED_LINES } from './allow-list/allowed-line.js';
import { ALLOWED_TYPES } from './allow-list/allowed-type.js';
import { DIGITS, ENOUGH_LABS, FIGURES, LEAST_COUNT } from './precision.js';

/** The policies that come with the package, two folders up from here in `src` and `dist`. */
const FOLDER = fileURLToPath(new URL('../../policies/', import.meta.url));
const SCHEMA_FILE = 'schema.cedarschema';
const MAX_FILES = 64;
const MAX_UNITS = 256 * 1024;

/** A set of policies that was checked against its schema and is ready to decide. */
export interface PolicySet {
  /** SHA-256, hexadecimal, of policies, schema, allow-list, precision and version of the detectors: whatever changes a decision. */
  readonly digest: string;
  /** Ids of the policies, sorted. */
  readonly ids: readonly string[];
  /** Name under which the engine keeps it. */
  readonly handle: string;
}

/** A question to the engine. Values are those of Cedar's JSON. */
export interface PolicyQuestion {
  readonly action: 'release' | 'use';
  readonly principal: PolicyEntity;
  readonly resource: PolicyEntity;
  readonly context: { readonly [name: string]: PolicyValue };
}

export interface PolicyEntity {
  readonly type: 'Lab' | 'Release' | 'Person' | 'Received';
  readonly id: string;
  readonly attributes: { readonly [name: string]: PolicyValue };
}

export type PolicyValue =
  | string
  | number
  | boolean
  | readonly string[]
  | { readonly [name: string]: string | number | boolean | readonly string[] };

export interface PolicyAnswer {
  readonly allowed: boolean;
  /** Ids of the policies that decided, sorted; none where nothing permits. */
  readonly decidedBy: readonly string[];
  /** What went wrong in evaluation: then nothing is allowed. */
  readonly errors: readonly string[];
}

/**
 * Reads policies (`*.cedar`) and their schema from a folder, checks each against the schema and keeps them ready. Every policy needs an
 * `@id` of its own.
 *
 * @param folder the package's own policies unless given; a lab's folder replaces them all
 * @throws PhalanxError `COALITION_POLICY` for a folder, schema or policy that is not sound
 */
export function loadPolicies(folder: string = FOLDER): PolicySet {
  const files = readFolder(folder);
  const schema = files.get(SCHEMA_FILE);
  if (schema === undefined) return unsound(`no ${SCHEMA_FILE} in the folder of policies`);
  files.delete(SCHEMA_FILE);
  const policies: Record<string, string> = {};
  for (const [file, text] of files) {
    const parts = cedar.policySetTextToParts(text);
    if (parts.type === 'failure') return unsound(`${file}: ${parts.errors[0]?.message ?? 'no policies'}`);
    if (parts.policy_templates.length > 0) return unsound(`${file}: has templates`);
    for (const policy of parts.policies) {
      const id = readPolicyId(policy);
      if (id === null) return unsound(`${file}: a policy without an @id`);
      if (Object.hasOwn(policies, id)) return unsound(`two policies are called ${id}`);
      policies[id] = policy;
    }
  }
  const validation = cedar.validate({ schema, policies: { staticPolicies: policies } });
  if (validation.type === 'failure') return unsound(validation.errors[0]?.message ?? 'the schema');
  const fault = validation.validationErrors[0];
  if (fault !== undefined) return unsound(`${fault.policyId}: ${fault.error.message}`);
  const digest = digestPolicies(schema, policies);
  const prepared = [
    cedar.preparsePolicySet(digest, { staticPolicies: policies }),
    cedar.preparseSchema(digest, schema),
  ];
  if (prepared.some(({ type }) => type === 'failure')) return unsound('the engine does not take them');
  return { digest, ids: Object.keys(policies).sort(), handle: digest };
}

/**
 * Decides. Fail closed: an error in evaluation, an attribute that is missing or of another type than the schema has, or a set of policies
 * that the engine no longer knows allows nothing.
 */
export function askPolicies(policies: PolicySet, question: PolicyQuestion): PolicyAnswer {
  const { action, principal, resource, context } = question;
  const entity = ({ type, id, attributes }: PolicyEntity) => ({
    uid: { type, id },
    attrs: attributes as Record<string, cedar.CedarValueJson>,
    parents: [],
  });
  let answer: cedar.AuthorizationAnswer;
  try {
    answer = cedar.statefulIsAuthorized({
      principal: { type: principal.type, id: principal.id },
      action: { type: 'Action', id: action },
      resource: { type: resource.type, id: resource.id },
      context: context as cedar.Context,
      preparsedPolicySetId: policies.handle,
      preparsedSchemaName: policies.handle,
      validateRequest: true,
      entities: [entity(principal), entity(resource)],
    });
  } catch (error) {
    return {
      allowed: false,
      decidedBy: [],
      errors: [error instanceof Error ? error.message : String(error)],
    };
  }
  if (answer.type === 'failure')
    return { allowed: false, decidedBy: [], errors: answer.errors.map(({ message }) => message) };
  const { decision, diagnostics } = answer.response;
  const errors = diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`);
  // Cedar passes over a policy that fails; a forbid that fails would then permit.
  return {
    allowed: decision === 'allow' && errors.length === 0,
    decidedBy: [...diagnostics.reason].sort(),
    errors,
  };
}

function readFolder(folder: string): Map<string, string> {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name === SCHEMA_FILE || name.endsWith('.cedar'));
  } catch (error) {
    return refuse('COALITION_POLICY', `no policies in ${folder}`, 'name a folder with *.cedar files', error);
  }
  if (names.length > MAX_FILES) unsound(`${names.length} files`);
  const files = new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  const units = [...files.values()].reduce((sum, text) => sum + text.length, 0);
  return units > MAX_UNITS ? unsound(`${units} characters of policies`) : files;
}

function readPolicyId(policy: string): string | null {
  const parsed = cedar.policyToJson(policy);
  const id = parsed.type === 'success' ? parsed.json.annotations?.id : undefined;
  return typeof id === 'string' && /^[a-z][a-z0-9-]{0,63}$/.test(id) ? id : null;
}

function digestPolicies(schema: string, policies: Readonly<Record<string, string>>): string {
  const whole = {
    schema,
    policies,
    allowList: ALLOWED_TYPES as Json,
    lines: [...ALLOWED_LINES].sort(),
    precision: { digits: DIGITS, enoughLabs: ENOUGH_LABS, figures: FIGURES, leastCount: LEAST_COUNT },
    detectors: DETECTORS_VERSION,
  };
  return createHash('sha256')
    .update(utf8(canonicalJson(whole as unknown as Json)))
    .digest('hex');
}

function unsound(what: string): never {
  return refuse(
    'COALITION_POLICY',
    `the policies are not sound: ${what}`,
    'correct them; until then nothing leaves',
  );
}
