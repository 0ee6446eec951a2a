import { STIX_LIMITS } from '@phalanx/coalition';
import { makeIndicator } from './taxii-probes.js';

/** A body that a stranger sends in order to keep a hub busy. */
export interface HostileBody {
  readonly what: string;
  readonly body: string;
}

const ID = 'indicator--00000000-0000-4000-8000-000000000000';

function fill(part: string, length: number): string {
  return part.repeat(Math.ceil(length / part.length)).slice(0, length);
}

function one(changes: object, id = ID): string {
  return JSON.stringify({ objects: [{ ...makeIndicator(id, 'h'), ...changes }] });
}

/** Each ends just below a limit, or just above it. */
export function listHostileBodies(): HostileBody[] {
  const long = STIX_LIMITS.stringUnits - 100;
  const bodies: Record<string, string> = {
    'ten mebibytes of spaces': ' '.repeat(10 * 1024 * 1024 - 1),
    'ten mebibytes of one string': `{"objects":["${fill('a', 10 * 1024 * 1024 - 20)}"]}`,
    'strings up to ten mebibytes': `{"objects":[${fill(`"${fill('a', 65_000)}",`, 65_003 * 160)}1]}`,
    'a deep array': `{"objects":${fill('[', 1_000_000)}`,
    'a deep object': `{"objects":[${fill('{"a":', 1_000_000)}`,
    '5,001 numbers': `{"objects":[${fill('1,', 10_000)}1]}`,
    '5,000 numbers': `{"objects":[${fill('1,', 9_998)}1]}`,
    '200,000 empty objects': `{"objects":[${fill('{},', 600_000)}{}]}`,
    'a member twice': `{"objects":[{"a":1,${fill('"\\u0061":1,', 1_000_000)}"b":1}]}`,
    'as many members as allowed': `{"objects":[{${Array.from({ length: 9_990 }, (_, at) => `"${at}":1`).join(',')}}]}`,
    'a number of a million digits': `{"objects":[${fill('1', 1_000_000)}]}`,
    'a lone surrogate': '{"objects":["\\ud800"]}',
    'a type of 28 letters and a mark': one({ type: `${fill('a', 28)}!` }),
    'a long id': one({}, `indicator--${fill('a-', long)}`),
    'a long time': one({ modified: `2026-01-01T00:00:00.${fill('0', long)}Z` }),
    'many markings': one({ object_marking_refs: Array(20_000).fill(`marking-definition--${ID.slice(11)}`) }),
    'many selectors': one({
      granular_markings: [
        { marking_ref: `marking-definition--${ID.slice(11)}`, selectors: Array(20_000).fill('name') },
      ],
    }),
    'a long selector': one({
      granular_markings: [
        { marking_ref: `marking-definition--${ID.slice(11)}`, selectors: [fill('a.[1].', long)] },
      ],
    }),
    'a pattern of parentheses': one({ pattern: fill('(', long) }),
    'a pattern of many comparisons': one({ pattern: `[a:b = 1${fill(' OR a:b = 1', 60_000)}]` }),
    'a long MATCHES': one({ pattern: `[a:b MATCHES '${fill('(a+)+', 500)}']` }),
    'a signature of nothing': one({
      extensions: {
        'extension-definition--4cb22f2e-e8a6-4e4c-b77a-2e7a806be30f': {
          extension_type: 'property-extension',
          digest: fill('a', long),
          kid: 'k',
          jws: fill('.', 2000),
        },
      },
    }),
    'an id of prototypes': JSON.stringify({
      objects: [{ ...makeIndicator(ID, 'h'), __proto__: null }],
    }).replace('"name"', '"__proto__":{"x":1},"name"'),
    'an object above a mebibyte': one({ labels: Array(20).fill(fill('x', 60_000)) }),
    'a label a thousand times': one({ labels: Array(1000).fill('x') }),
  };
  return Object.entries(bodies).map(([what, body]) => ({ what, body }));
}
