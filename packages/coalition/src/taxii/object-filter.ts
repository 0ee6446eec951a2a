import { parseMicroseconds } from './microseconds.js';
import { TAXII_LIMITS } from './taxii-limits.js';
import { refuseRequest } from './taxii-refusal.js';
import type { VersionQuery } from './taxii-store.js';

/** Fields of `match` that an endpoint knows (TAXII 2.1 section 3.4.1). */
export type MatchField = 'id' | 'type' | 'version' | 'spec_version';

/** What the query of a URL asks for. */
export interface ObjectFilter extends VersionQuery {
  readonly afterUs: number;
  /** 1 to `pageObjects`. */
  readonly limit: number;
  readonly next: string | null;
  readonly ids: readonly string[] | null;
  readonly types: readonly string[] | null;
  /** The same for the same question, however it is written; a page size is no part of it. */
  readonly digest: string;
}

/**
 * Reads the filters of TAXII 2.1 section 3.4. Parameters of no meaning here are passed over, except `match`: whoever asks for
 * less must not get more.
 *
 * @throws TaxiiRefusal 400 for a field of `match` that the endpoint does not know, a parameter that stands twice, a value that
 *   cannot be read, or lists that are too long
 */
export function readFilter(query: URLSearchParams, fields: readonly MatchField[]): ObjectFilter {
  for (const name of new Set(query.keys())) {
    if (!/^match\b|^(added_after|limit|next)$/.test(name)) continue;
    if (query.getAll(name).length > 1) refuseRequest(400, `${shorten(name)} stands more than once`);
    if (name.startsWith('match') && !fields.some((field) => name === `match[${field}]`)) {
      refuseRequest(400, `${shorten(name)} is not known here`);
    }
  }
  const after = query.get('added_after');
  const afterUs = after === null ? 0 : parseMicroseconds(after);
  if (afterUs === null) return refuseRequest(400, 'added_after is no timestamp as 2026-01-31T12:00:00Z');
  const limit = query.get('limit');
  if (limit !== null && !/^0*[1-9][0-9]{0,8}$/.test(limit)) refuseRequest(400, 'limit is no positive number');
  const asked = {
    afterUs: Math.max(0, afterUs),
    ids: readList(query, 'id'),
    types: readList(query, 'type'),
    versions: readVersions(readList(query, 'version')),
    specVersions: readSpecVersions(readList(query, 'spec_version')),
  };
  return {
    ...asked,
    limit: Math.min(Number(limit ?? TAXII_LIMITS.pageObjects), TAXII_LIMITS.pageObjects),
    next: query.get('next'),
    digest: JSON.stringify(asked),
  };
}

/** Sorted, each once; null where the query has none. */
function readList(query: URLSearchParams, field: MatchField): string[] | null {
  const text = query.get(`match[${field}]`);
  if (text === null) return null;
  const elements = [...new Set(text.split(',').map((element) => element.trim()))].sort();
  if (elements.length > TAXII_LIMITS.matchElements) {
    refuseRequest(400, `match[${field}] has more than ${TAXII_LIMITS.matchElements} elements`);
  }
  // Databases refuse the character of code 0.
  if (elements.includes('') || text.includes('\0')) {
    refuseRequest(400, `match[${field}] has an empty element, or one that is no text`);
  }
  return elements;
}

function readVersions(texts: readonly string[] | null): VersionQuery['versions'] {
  return (texts ?? ['last']).map((text) => {
    if (text === 'first' || text === 'last' || text === 'all') return text;
    return parseMicroseconds(text) ?? refuseRequest(400, 'match[version] is first, last, all or timestamps');
  });
}

function readSpecVersions(texts: readonly string[] | null): VersionQuery['specVersions'] {
  if (texts?.every((text) => /^\d{1,3}\.\d{1,3}$/.test(text)) === false) {
    refuseRequest(400, 'match[spec_version] is a version as 2.1');
  }
  return texts;
}

function shorten(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}...` : name;
}
