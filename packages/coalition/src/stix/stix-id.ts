import { createHash, randomUUID } from 'node:crypto';
import { canonicalJson, type Json, utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { CONTRIBUTING_PROPERTIES } from './contributing-properties.js';
import { asRecord } from './stix-object.js';

/** Namespace of deterministic identifiers (STIX 2.1 section 2.9). Objects that are no observables may not use it. */
export const SCO_NAMESPACE = '00abedb4-aa42-466c-9c01-fed23315a9b7';

const IDENTIFIER =
  /^([a-z][a-z0-9-]{1,248}[a-z0-9])--([0-9a-f]{8}-[0-9a-f]{4}-([1-5])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/i;

/** Type, UUID and version of the UUID; null for what is no identifier (section 2.9). */
export function parseId(id: string): { type: string; uuid: string; version: number } | null {
  const parts = id.length > 300 ? null : IDENTIFIER.exec(id);
  return parts === null
    ? null
    : { type: parts[1]!, uuid: parts[2]!.toLowerCase(), version: Number(parts[3]) };
}

/** A fresh identifier (UUID version 4) for an object of a type. */
export function makeId(type: string): string {
  return `${type}--${randomUUID()}`;
}

/** UUID version 5 of a name in a namespace (RFC 9562 section 5.5; vector: the one of its appendix A.4). */
export function makeUuid5(namespace: string, name: Uint8Array): string {
  const space = Buffer.from(namespace.replaceAll('-', ''), 'hex');
  const digest = createHash('sha1').update(space).update(name).digest().subarray(0, 16);
  digest[6] = (digest[6]! & 0x0f) | 0x50;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * The deterministic identifier of an observable (sections 2.9 and 3.4): UUID version 5 of the RFC 8785 JSON of those ID
 * contributing properties that it has. Null where the type has none or the object has none of them: then it takes a
 * random one. Vector: `{"value":"198.51.100.3"}` is `ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4`.
 *
 * @throws PhalanxError `CANONICAL_JSON_VALUE` for a value without a canonical form
 */
export function deriveId(type: string, properties: { readonly [property: string]: Json }): string | null {
  const names = CONTRIBUTING_PROPERTIES[type] ?? [];
  const members = names.flatMap((name): [string, Json][] => {
    const value = properties[name];
    if (value === undefined) return [];
    return [[name, name === 'hashes' ? chooseHash(value) : value]];
  });
  if (members.length === 0) return null;
  const name = canonicalJson(Object.fromEntries(members));
  return `${type}--${makeUuid5(SCO_NAMESPACE, utf8(name))}`;
}

const PREFERRED_HASHES = ['MD5', 'SHA-1', 'SHA-256', 'SHA-512'];

/** Of several hashes one counts: the first of the list, else the first by code units (section 2.9, rule on hashes). */
function chooseHash(hashes: Json): Json {
  const record = asRecord(hashes);
  if (record === null) return refuse('COALITION_STIX', 'hashes are no dictionary', 'name each algorithm');
  const name = PREFERRED_HASHES.find((hash) => Object.hasOwn(record, hash)) ?? Object.keys(record).sort()[0];
  return name === undefined ? {} : { [name]: record[name]! };
}
