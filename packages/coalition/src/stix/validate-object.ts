import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { refuse } from '../coalition-error.js';
import { makeExtensionSchema } from './extensions/extension-schema.js';
import { EXTENSIONS, findNewType } from './extensions/register.js';
import { isObjectSchema, readOasisSchemas } from './oasis-schemas.js';
import { checkRules, type Violation } from './object-rules.js';
import { SchemaExpression } from './schema-expression.js';
import { SCHEMA_FORMATS } from './schema-format.js';
import { asRecord, type StixObject } from './stix-object.js';

/**
 * What is wrong with an object under STIX 2.1: by the JSON Schema of OASIS for its type (`core` or `cyber-observable-core` for
 * a type of others), the rules that no schema can say, and for our extensions their schemas. Nothing: it is valid.
 * Agrees with `stix2-validator` 3.3.2 (suite `stix`).
 */
export function validateObject(object: StixObject): readonly Violation[] {
  const found = checkSchema(schemaOf(object), object);
  // Rules read properties of the right types; what is malformed has been told of already.
  return found.length > 0 ? found : [...checkRules(object), ...checkExtensions(object)];
}

/**
 * @returns the object
 * @throws PhalanxError `COALITION_STIX` with the first violations of an object that is not valid
 */
export function requireValid(object: StixObject): StixObject {
  const violations = validateObject(object);
  if (violations.length > 0) {
    const told = violations.slice(0, 3).map(({ path, message }) => `${path || 'the object'} ${message}`);
    refuse('COALITION_STIX', `no valid object: ${told.join('; ')}`, 'correct it as STIX 2.1 says');
  }
  return object;
}

function checkExtensions(object: StixObject): Violation[] {
  const carried = asRecord(object.extensions) ?? {};
  const newType = findNewType(object.type);
  return EXTENSIONS.filter(
    (extension) => extension === newType || Object.hasOwn(carried, extension.id),
  ).flatMap((extension) => checkSchema(extension.id, object));
}

function schemaOf(object: StixObject): string {
  const { byType } = schemas();
  const known = byType.get(object.type);
  if (known !== undefined) return known;
  const isObservable = object.created === undefined && object.modified === undefined;
  return byType.get(isObservable ? 'cyber-observable-core' : 'core')!;
}

function checkSchema(id: string, object: StixObject): Violation[] {
  const { ajv } = schemas();
  const validate = ajv.getSchema(id) as ValidateFunction;
  if (validate(object)) return [];
  return validate.errors!.map(({ instancePath, message }) => ({
    path: instancePath,
    message: message ?? 'is not valid',
  }));
}

let compiled: { ajv: Ajv2020; byType: ReadonlyMap<string, string> } | null = null;

/** Read once; each schema is compiled when it is first needed. */
function schemas(): { ajv: Ajv2020; byType: ReadonlyMap<string, string> } {
  if (compiled !== null) return compiled;
  const expression = Object.assign((source: string) => new SchemaExpression(source) as unknown as RegExp, {
    code: 'new SchemaExpression',
  });
  const ajv = new Ajv2020({
    strict: false,
    // The first fault is enough, and a hostile object has as many as it likes.
    allErrors: false,
    unicodeRegExp: false,
    formats: SCHEMA_FORMATS,
    code: { regExp: expression },
  });
  const byType = new Map<string, string>();
  for (const [name, schema] of readOasisSchemas()) {
    ajv.addSchema(schema);
    if (isObjectSchema(schema) || name === 'core' || name === 'cyber-observable-core')
      byType.set(name, schema.$id);
  }
  for (const extension of EXTENSIONS) ajv.addSchema({ ...makeExtensionSchema(extension), $id: extension.id });
  compiled = { ajv, byType };
  return compiled;
}
