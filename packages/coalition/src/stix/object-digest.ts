import { createHash } from 'node:crypto';
import { canonicalJson, type Json, utf8 } from '@phalanx/core';
import { OBJECT_SIGNATURE } from './extensions/object-signature.js';
import { asRecord, type StixObject } from './stix-object.js';

/** An object without its signature; without `extensions` where it has no other. */
export function withoutSignature(object: StixObject): StixObject {
  const extensions = asRecord(object.extensions);
  if (extensions === null || extensions[OBJECT_SIGNATURE.id] === undefined) return object;
  const { [OBJECT_SIGNATURE.id]: _signature, ...others } = extensions;
  const { extensions: _extensions, ...rest } = object;
  return (Object.keys(others).length === 0 ? rest : { ...rest, extensions: others }) as StixObject;
}

/** What is signed and what a next version names: the RFC 8785 form of the object without its signature, as UTF-8. */
export function encodeForSignature(object: StixObject): Uint8Array {
  return utf8(canonicalJson(withoutSignature(object) as Json));
}

/** SHA-256 of `encodeForSignature`, in lower-case hexadecimal. */
export function digestObject(object: StixObject): string {
  return createHash('sha256').update(encodeForSignature(object)).digest('hex');
}
