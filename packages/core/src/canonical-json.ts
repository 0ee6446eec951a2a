import { PhalanxError } from './error.js';

export type CanonicalJsonErrorCode = 'CANONICAL_JSON_VALUE';

/** A value with exactly one serialisation under RFC 8785. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/**
 * Serialises a value by the JSON Canonicalization Scheme (RFC 8785): members sorted by UTF-16 code units (section
 * 3.2.3), numbers and strings as ECMAScript prints them (3.2.2), no white space.
 *
 * @throws PhalanxError `CANONICAL_JSON_VALUE` for a number that is not finite, a lone surrogate, `undefined`,
 *   a function, a symbol or a bigint: I-JSON (RFC 7493) has no form for them.
 */
export function canonicalJson(value: Json): string {
  switch (typeof value) {
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isFinite(value)) throw refused(`the number ${value}`);
      return JSON.stringify(value);
    case 'string':
      if (LONE_SURROGATE.test(value)) throw refused('a string with a lone surrogate');
      return JSON.stringify(value);
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
      return `{${Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
        .map(([key, member]) => `${canonicalJson(key)}:${canonicalJson(member)}`)
        .join(',')}}`;
    default:
      throw refused(`a value of type ${typeof value}`);
  }
}

function refused(what: string): PhalanxError<CanonicalJsonErrorCode> {
  return new PhalanxError('CANONICAL_JSON_VALUE', `${what} has no canonical JSON form`);
}
