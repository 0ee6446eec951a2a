import { canonicalJson, type Json } from '@phalanx/core';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { ATLAS_MITIGATIONS, ATLAS_TECHNIQUES } from '../../stix/atlas-technique.js';
import { listExtensionDefinitions } from '../../stix/extensions/extension-definition.js';
import { makeTlpMarking, TLP_LEVELS } from '../../stix/marking/tlp.js';
import { withoutSignature } from '../../stix/object-digest.js';
import type { StixObject } from '../../stix/stix-object.js';
import { validateObject } from '../../stix/validate-object.js';
import type { ReleaseReason, ReleaseReasonCode } from '../release-reason.js';
import { ALLOWED_LINES } from './allowed-line.js';
import { readAllowedPattern } from './allowed-pattern.js';
import { ALLOWED_TYPES, ATTRIBUTION_TYPES, HUMAN_MEMBERS } from './allowed-type.js';

/** Objects that everybody publishes in the same bytes: they say nothing of anybody. */
const CONSTANTS: ReadonlyMap<string, string> = new Map(
  [...TLP_LEVELS.map(makeTlpMarking), ...listExtensionDefinitions()].map((object) => [
    object.id,
    canonicalJson(object as Json),
  ]),
);

/** Whether an object is one of the published constants (TLP markings, our extension definitions), to the byte, signed or not. */
export function isConstant(object: StixObject): boolean {
  const published = CONSTANTS.get(object.id);
  return published !== undefined && published === canonicalJson(withoutSignature(object) as Json);
}

/** Reasons of one object at most: the first are enough to mend it. */
const MOST = 20;

/**
 * What of an object is not on the allow-list; nothing: all of it is. Unknown types, members, extensions and values are refused; what a
 * person wrote is held.
 *
 * @param index place in the draft
 * @param author the lab: maker of every object
 */
export function checkAllowed(object: StixObject, index: number, author: string): ReleaseReason[] {
  const reason = (code: ReleaseReasonCode, place: string, detail: string): ReleaseReason => ({
    code,
    object: index,
    place,
    detail,
  });
  if (isConstant(object)) return [];
  const validate = Object.hasOwn(ALLOWED_TYPES, object.type) ? schemaOf(object.type) : null;
  if (validate === null) return [reason('type-unlisted', '/type', 'this type may not leave')];
  const invalid = validateObject(object).map(({ path, message }) => reason('object-invalid', path, message));
  const reasons: ReleaseReason[] = validate(object)
    ? []
    : validate.errors!.slice(0, MOST).map((error) => toReason(error, index));
  if (object.created_by_ref !== undefined && object.created_by_ref !== author)
    reasons.push(reason('author-differs', '/created_by_ref', 'made by somebody else'));
  if (typeof object.pattern === 'string' && readAllowedPattern(object.pattern) === null)
    reasons.push(reason('pattern-unlisted', '/pattern', 'tests what is not listed'));
  const atlas = [...ATLAS_TECHNIQUES, ...ATLAS_MITIGATIONS].find(({ id }) => id === object.id);
  if (atlas !== undefined && atlas.name !== object.name)
    reasons.push(reason('value-unlisted', '/name', 'not the name that ATLAS gives'));
  for (const place of ['source_ref', 'target_ref'] as const) {
    const ref = object[place];
    if (typeof ref === 'string' && isAtlasType(ref) && !ATLAS_IDS.has(ref))
      reasons.push(
        reason(
          ref.startsWith('course') ? 'mitigation-unlisted' : 'reference-unlisted',
          `/${place}`,
          'not on the list of ATLAS',
        ),
      );
  }
  if (ATTRIBUTION_TYPES.has(object.type)) reasons.push(reason('attribution', '/type', 'names somebody'));
  for (const place of listHumanTexts(object)) reasons.push(reason('free-text', place, 'written by a person'));
  return [...invalid, ...reasons];
}

const ATLAS_IDS = new Set([...ATLAS_TECHNIQUES, ...ATLAS_MITIGATIONS].map(({ id }) => id));

function isAtlasType(ref: string): boolean {
  return ref.startsWith('course-of-action--') || ref.startsWith('attack-pattern--');
}

function toReason(error: ErrorObject, object: number): ReleaseReason {
  const inExtensions = error.instancePath.endsWith('/extensions');
  const unlisted = error.keyword === 'additionalProperties' || error.keyword === 'false schema';
  const code: ReleaseReasonCode = unlisted
    ? inExtensions
      ? 'extension-unlisted'
      : 'property-unlisted'
    : /\/id$/.test(error.instancePath) && error.schemaPath.includes('course-of-action')
      ? 'mitigation-unlisted'
      : /_refs?(?:\/[0-9]+)?$/.test(error.instancePath)
        ? 'reference-unlisted'
        : 'value-unlisted';
  const extra = unlisted ? String(error.params.additionalProperty ?? '') : '';
  return {
    code,
    object,
    place: `${error.instancePath}${extra === '' ? '' : `/${extra}`}`,
    detail: error.message ?? '',
  };
}

function listHumanTexts(object: StixObject): string[] {
  const named = ATTRIBUTION_TYPES.has(object.type) ? ['name'] : [];
  return [...HUMAN_MEMBERS, ...named]
    .filter((name) => object[name] !== undefined && !ALLOWED_LINES.has(object[name] as string))
    .map((name) => `/${name}`);
}

let compiled: ReadonlyMap<string, ValidateFunction> | null = null;

function schemaOf(type: string): ValidateFunction {
  if (compiled === null) {
    const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: false });
    compiled = new Map(Object.entries(ALLOWED_TYPES).map(([name, schema]) => [name, ajv.compile(schema)]));
  }
  return compiled.get(type)!;
}
