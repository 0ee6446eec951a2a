import type { Json } from '@phalanx/core';
import { CONTRIBUTING_PROPERTIES } from './contributing-properties.js';
import { resolveSelector } from './granular-selector.js';
import { parsePattern } from './pattern/parser.js';
import { parseId } from './stix-id.js';
import { asRecord, asTexts, type StixObject } from './stix-object.js';
import { parseTimestamp } from './timestamp.js';

/** What is wrong with an object: where (a JSON pointer) and what. */
export interface Violation {
  readonly path: string;
  readonly message: string;
}

type Rule = (object: StixObject) => readonly Violation[];

/** What STIX 2.1 says MUST be and a JSON Schema cannot say: the checks that `stix2-validator` calls musts. */
export function checkRules(object: StixObject): Violation[] {
  return RULES.flatMap((rule) => rule(object));
}

/** Later property, whether it may be equal, earlier property. Sections 3.2 and those of the types. */
const IN_ORDER: readonly (readonly [string, string, boolean, readonly string[] | null])[] = [
  ['created', 'modified', true, null],
  [
    'first_seen',
    'last_seen',
    true,
    ['campaign', 'infrastructure', 'intrusion-set', 'malware', 'sighting', 'threat-actor'],
  ],
  ['first_observed', 'last_observed', true, ['observed-data']],
  ['start', 'end', true, ['network-traffic']],
  ['valid_from', 'valid_until', false, ['indicator']],
  ['start_time', 'stop_time', false, ['relationship']],
];

const RULES: readonly Rule[] = [
  function timesInOrder(object) {
    return IN_ORDER.flatMap(([early, late, orEqual, types]) => {
      if (types !== null && !types.includes(object.type)) return [];
      const from = readTime(object[early]);
      const until = readTime(object[late]);
      if (from === null || until === null || from < until || (orEqual && from === until)) return [];
      return [{ path: `/${late}`, message: `is before ${early}` }];
    });
  },
  function marksNotItself(object) {
    if (object.type !== 'marking-definition') return [];
    const granular = Array.isArray(object.granular_markings) ? object.granular_markings : [];
    const refs = [
      ...asTexts(object.object_marking_refs),
      ...granular.map((marking) => asRecord(marking as Json)?.marking_ref),
    ];
    return refs.includes(object.id) ? [{ path: '', message: 'is marked by itself' }] : [];
  },
  function selectsWhatIsThere(object) {
    const granular = Array.isArray(object.granular_markings) ? object.granular_markings : [];
    return granular.flatMap((marking, at) =>
      asTexts(asRecord(marking as Json)?.selectors)
        .filter((selector) => resolveSelector(object, selector) === null)
        .map(() => ({ path: `/granular_markings/${at}/selectors`, message: 'selects what is not there' })),
    );
  },
  function hasAPatternThatParses(object) {
    const { type, pattern, pattern_type: kind } = object;
    if (type !== 'indicator' || kind !== 'stix' || typeof pattern !== 'string') return [];
    try {
      parsePattern(pattern);
      return [];
    } catch (error) {
      return [{ path: '/pattern', message: (error as Error).message }];
    }
  },
  function hasALanguageTag(object) {
    const contents = object.type === 'language-content' ? Object.keys(asRecord(object.contents) ?? {}) : [];
    const languages = object.type === 'software' ? asTexts(object.languages) : [];
    const tags = [...(typeof object.lang === 'string' ? [object.lang] : []), ...contents, ...languages];
    return tags
      .filter((tag) => !isLanguageTag(tag))
      .map(() => ({ path: '', message: 'names a language otherwise than RFC 5646' }));
  },
  function hasAnIdOfTheRightVersion(object) {
    const version = parseId(object.id)?.version;
    if (object.type === 'process' && version !== 4) {
      return [{ path: '/id', message: 'a process has a random UUID (section 6.13)' }];
    }
    const names = WITH_OPTIONAL_PROPERTIES.has(object.type) ? CONTRIBUTING_PROPERTIES[object.type]! : [];
    if (names.length === 0 || version === 4 || names.some((name) => object[name] !== undefined)) return [];
    return [{ path: '/id', message: 'without contributing properties the UUID is random (section 2.9)' }];
  },
  function hasARegisteredEncoding(object) {
    const name = object.type === 'directory' ? 'path_enc' : object.type === 'file' ? 'name_enc' : null;
    const encoding = name === null ? undefined : object[name];
    if (typeof encoding !== 'string' || /^[a-zA-Z0-9_()-]+$/.test(encoding)) return [];
    return [{ path: `/${name}`, message: 'is no character set of IANA' }];
  },
];

const WITH_OPTIONAL_PROPERTIES = new Set([
  'artifact',
  'email-message',
  'user-account',
  'windows-registry-key',
  'x509-certificate',
]);

function readTime(value: Json | undefined): bigint | null {
  return typeof value === 'string' ? parseTimestamp(value) : null;
}

function isLanguageTag(tag: string): boolean {
  if (tag.length > 35) return false;
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
