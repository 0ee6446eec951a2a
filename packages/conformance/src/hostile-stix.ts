import {
  compilePattern,
  parseBundle,
  STIX_LIMITS,
  type StixObject,
  validateObject,
} from '@phalanx/coalition';
import { utf8 } from '@phalanx/core';

/** Something that a stranger sends in order to keep a hub busy. */
export interface HostileInput {
  readonly what: string;
  /** Reads it as a hub would: bundle, objects, patterns. */
  run(): void;
}

const ID = '00000000-0000-4000-8000-000000000000';
const AT = '2026-01-01T00:00:00.000Z';

function fill(part: string, length: number): string {
  return part.repeat(Math.ceil(length / part.length)).slice(0, length);
}

function readBundle(objects: string): () => void {
  const bytes = utf8(`{"type":"bundle","id":"bundle--${ID}","objects":[${objects}]}`);
  return () => {
    for (const object of parseBundle(bytes).objects) validateObject(object);
  };
}

function readObject(changes: object): () => void {
  const object = {
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--${ID}`,
    created: AT,
    modified: AT,
  };
  const rest = { pattern: '[a:b = 1]', pattern_type: 'stix', valid_from: AT };
  return readBundle(JSON.stringify({ ...object, ...rest, ...changes }));
}

function matchPattern(pattern: string, value: string): () => void {
  const thing: StixObject = { type: 'a', id: 'a', b: value };
  const observation = { id: 'o', firstUs: 0n, lastUs: 0n, count: 1, objects: new Map([['a', thing]]) };
  return () => {
    compilePattern(pattern).match([observation]);
  };
}

/** The long ones end just below the limits, where most work can be asked for. */
export function listHostileInputs(): HostileInput[] {
  const long = STIX_LIMITS.stringUnits - 100;
  const text = 16_000;
  const inputs: Record<string, () => void> = {
    'type of 28 letters and a mark': readObject({ type: `${fill('a', 28)}!` }),
    'type of 200 letters and a mark': readObject({ type: `${fill('a', 200)}!` }),
    'a long type': readObject({ type: `${fill('a-', long)}!` }),
    'a long id': readObject({ id: `indicator--${fill('a-', long)}` }),
    'a long time': readObject({ created: `2026-01-01T00:00:00.${fill('0', long)}` }),
    'names of extensions': readObject({
      extensions: { [`${fill('a', 60)}!-ext`]: {}, [`${fill('a', 5000)}-exT`]: {} },
    }),
    'a property of a long name': readObject({ [fill('a', long)]: 1 }),
    'long base64': readObject({ x_bytes_bin: `${fill('QUJD', long)}!` }),
    'long hex': readObject({ x_bytes_hex: `${fill('ab', long)}g` }),
    'a long language tag': readObject({ lang: fill('aa-', long) }),
    'a long selector': readObject({
      granular_markings: [{ marking_ref: `marking-definition--${ID}`, selectors: [fill('abc.[1].', long)] }],
    }),
    'many selectors': readObject({
      granular_markings: [
        { marking_ref: `marking-definition--${ID}`, selectors: Array(20_000).fill('created') },
      ],
    }),
    'many markings': readObject({ object_marking_refs: Array(20_000).fill(`marking-definition--${ID}`) }),
    'a long CPE': readBundle(
      JSON.stringify({
        type: 'software',
        spec_version: '2.1',
        id: `software--${ID}`,
        name: 'n',
        cpe: `cpe:2.3:a${fill(':??a??', long)}!`,
      }),
    ),
    'a short CPE': readBundle(
      JSON.stringify({
        type: 'software',
        spec_version: '2.1',
        id: `software--${ID}`,
        name: 'n',
        cpe: `cpe:2.3:a${fill(':??a??', 480)}!`,
      }),
    ),
    'a long URL': readBundle(
      JSON.stringify({
        type: 'url',
        spec_version: '2.1',
        id: `url--${ID}`,
        value: `http://${fill('%41', long)}%`,
      }),
    ),
    'a long IPv6 address': readBundle(
      JSON.stringify({
        type: 'ipv6-addr',
        spec_version: '2.1',
        id: `ipv6-addr--${ID}`,
        value: fill('1:', long),
      }),
    ),
    'a long domain name': readBundle(
      JSON.stringify({
        type: 'domain-name',
        spec_version: '2.1',
        id: `domain-name--${ID}`,
        value: fill('\u00e9.', long),
      }),
    ),
    'a deep array': readBundle(fill('[', 1_000_000)),
    'a deep object': readBundle(fill('{"a":', 1_000_000)),
    'a member a million times': readBundle(`{${fill('"a":1,', 1_000_000)}`),
    'escaped names that are equal': readBundle(`{"a":1,${fill('"\\u0061":1,', 1_000_000)}`),
    'a number of a million digits': readBundle(fill('1', 1_000_000)),
    'a string without end': readBundle(`"${fill('a', 1_000_000)}`),
    'a string of backslashes': readBundle(`"${fill('\\', 1_000_000)}`),
    'empty objects in arrays': readBundle(`{"type":"x","id":"x","a":[${fill('{},', 3 * 199_000)}{}]}`),
    'objects of one member': readBundle(`{"type":"x","id":"x","a":[${fill('{"a":1},', 8 * 99_000)}{}]}`),
    'as many members as allowed': readBundle(
      `{${Array.from({ length: 9_990 }, (_, at) => `"${at}":1`).join(',')}}`,
    ),
    'members of one object': readBundle(
      `{${Array.from({ length: 190_000 }, (_, at) => `"${at}":1`).join(',')}}`,
    ),
    'long strings up to ten mebibytes': readBundle(
      `{"type":"x","id":"x","a":[${fill(`"${fill('a', 65_000)}",`, 65_003 * 160)}1]}`,
    ),
    commas: readBundle(fill(',', 1_000_000)),
    'too many bytes': () => {
      parseBundle(new Uint8Array(STIX_LIMITS.jsonBytes + 1));
    },
    'a pattern of parentheses': readObject({ pattern: fill('(', 60_000) }),
    'a pattern of zeros': readObject({ pattern: `[a:b = ${fill('0', 60_000)}]` }),
    'a pattern of quotes': readObject({ pattern: `[a:b = ${fill("''", 60_000)}]` }),
    'a pattern of open comments': readObject({ pattern: fill('/*', 60_000) }),
    'a pattern of many comparisons': readObject({ pattern: `[a:b = 1${fill(' OR a:b = 1', 60_000)}` }),
    'a pattern of many steps': readObject({ pattern: `[a:b${fill('.b', 60_000)} = 1]` }),
    'MATCHES (a+)+$': matchPattern("[a:b MATCHES '^(a+)+$']", `${fill('a', text - 1)}!`),
    'MATCHES (a|aa)*b': matchPattern("[a:b MATCHES '(a|aa)*b']", fill('a', text)),
    'MATCHES .*.*.*x': matchPattern("[a:b MATCHES '.*.*.*.*.*.*x']", fill('a', text)),
    'MATCHES with counts': matchPattern("[a:b MATCHES '((a{1,30}){1,30})$']", fill('a', text)),
    'MATCHES with counts just below': matchPattern("[a:b MATCHES '((a{1,13}){1,13})$']", fill('a', 1000)),
    'MATCHES with nested counts': matchPattern("[a:b MATCHES '(((a{9}){9}){9}){9}']", fill('a', text)),
    'LIKE with many wildcards': matchPattern(`[a:b LIKE '${fill('%a', 1000)}b']`, fill('a', text)),
    'LIKE over a long text': matchPattern(`[a:b LIKE '${fill('%a_', 1000)}b']`, fill('a', long)),
  };
  return Object.entries(inputs).map(([what, run]) => ({ what, run }));
}
