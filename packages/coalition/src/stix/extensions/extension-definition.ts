import { canonicalJson, type Json } from '@phalanx/core';
import { makeTlpMarking } from '../marking/tlp.js';
import type { StixObject } from '../stix-object.js';
import { makeExtensionSchema } from './extension-schema.js';
import type { ExtensionType } from './extension-type.js';
import { EXTENSIONS } from './register.js';

/** Day of the first edition: an extension definition that changed would be another one. */
const PUBLISHED = '2026-11-23T00:00:00.000Z';

/** Who defines the extensions: the project, whoever runs it. */
export const AUTHOR: StixObject = {
  type: 'identity',
  spec_version: '2.1',
  id: 'identity--1605cdcf-bdcd-491f-8a18-f010a6f89731',
  created: PUBLISHED,
  modified: PUBLISHED,
  name: 'Phalanx',
  identity_class: 'system',
  object_marking_refs: [makeTlpMarking('clear').id],
};

/** The `extension-definition` object of an extension (STIX 2.1 section 7.3), the whole JSON Schema inside. The same bytes for everybody. */
export function makeExtensionDefinition(extension: ExtensionType): StixObject {
  const isSdo = extension.kind === 'new-sdo' || extension.kind === 'new-sco';
  return {
    type: 'extension-definition',
    spec_version: '2.1',
    id: extension.id,
    created_by_ref: AUTHOR.id,
    created: PUBLISHED,
    modified: PUBLISHED,
    name: isSdo ? extension.name : `Phalanx ${extension.name}`,
    description: extension.description,
    schema: canonicalJson(makeExtensionSchema(extension) as Json),
    version: '1.0.0',
    extension_types: [extension.kind],
    object_marking_refs: [makeTlpMarking('clear').id],
  };
}

/** Every extension definition and their author: to be sent once to whoever does not know them. */
export function listExtensionDefinitions(): StixObject[] {
  return [AUTHOR, ...EXTENSIONS.map(makeExtensionDefinition)];
}
