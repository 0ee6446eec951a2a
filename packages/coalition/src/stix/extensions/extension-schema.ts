import type { ExtensionType, JsonSchema } from './extension-type.js';

const SDO_COMMON =
  'type spec_version id created_by_ref created modified revoked labels confidence lang external_references object_marking_refs granular_markings extensions'.split(
    ' ',
  );
const SCO_COMMON = 'type spec_version id object_marking_refs granular_markings defanged extensions'.split(
  ' ',
);

/**
 * The JSON Schema of an extension, for the whole object that carries it: a new type with its properties and no other besides
 * the common ones (STIX 2.1 section 3.2), or any object with the extension in its place. To be applied besides the schema of
 * OASIS for the type (`core`, `cyber-observable-core` for new types).
 */
export function makeExtensionSchema(extension: ExtensionType): JsonSchema {
  const { id, kind, name, properties, required, description } = extension;
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', title: name, description };
  if (kind === 'property-extension') {
    const inner = {
      type: 'object',
      properties: { extension_type: { const: kind }, ...properties },
      required: ['extension_type', ...required],
      minProperties: 2,
      additionalProperties: false,
    };
    return {
      ...head,
      type: 'object',
      properties: { extensions: { type: 'object', properties: { [id]: inner }, required: [id] } },
      required: ['extensions'],
    };
  }
  const marker = {
    type: 'object',
    properties: { extension_type: { const: kind } },
    required: ['extension_type'],
    additionalProperties: false,
  };
  return {
    ...head,
    type: 'object',
    properties: {
      type: { const: name },
      extensions: { type: 'object', properties: { [id]: marker }, required: [id] },
      ...properties,
    },
    propertyNames: { enum: [...(kind === 'new-sdo' ? SDO_COMMON : SCO_COMMON), ...Object.keys(properties)] },
    required: ['extensions', ...required],
  };
}
