import { randomUUID } from 'node:crypto';
import { AUTHORIZATION } from './taxii-host.js';

/** A server under probes, with one collection that the user may read and write. */
export interface ProbeTarget {
  readonly discovery: string;
  /** URL of the collection, with its last slash. */
  readonly collection: string;
}

/** What a server answered. */
export interface ProbeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Null for what is no JSON object. */
  readonly body: Readonly<Record<string, unknown>> | null;
}

/** One raw request and what TAXII 2.1 says of its answer. */
export interface Probe {
  readonly what: string;
  /** `true`, or what was wrong. */
  readonly run: (wire: ProbeWire) => Promise<true | string>;
}

interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: string;
}

const TAXII = 'application/taxii+json;version=2.1';
const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const OBJECTS = 7;

/** Requests to a target, and the objects that were put there. */
export class ProbeWire {
  readonly #target: ProbeTarget;
  readonly ids: string[] = [];

  constructor(target: ProbeTarget) {
    this.#target = target;
  }

  /** `path` is relative to the collection; `@` stands for discovery, `..` for the root. */
  async ask(path: string, { method, headers = {}, body }: AskOptions = {}): Promise<ProbeAnswer> {
    const { discovery, collection } = this.#target;
    const url = path === '@' ? discovery : new URL(path.replace(/^\.\./, '../..'), collection).href;
    const sent = new Headers({
      accept: TAXII,
      authorization: AUTHORIZATION,
      ...(body === undefined ? {} : { 'content-type': TAXII }),
    });
    for (const [name, value] of Object.entries(headers)) {
      if (value === null) sent.delete(name);
      else sent.set(name, value);
    }
    const answer = await fetch(url, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: sent,
      redirect: 'manual',
      signal: AbortSignal.timeout(20_000),
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, body: readObject(text) };
  }

  /** Puts objects there, of which one has two versions. */
  async fill(): Promise<void> {
    for (let at = 0; at < OBJECTS; at++) this.ids.push(`indicator--${randomUUID()}`);
    const objects = this.ids.map((id, at) => makeIndicator(id, `${at}`));
    const next = { ...objects[0]!, modified: '2026-02-01T00:00:00.000Z' };
    await this.ask('objects/', { body: JSON.stringify({ objects: [...objects, next] }) });
  }

  /** Ids of a list of objects or records in an answer. */
  listed({ body }: ProbeAnswer): string[] {
    const objects = (body?.objects ?? []) as readonly { readonly id: string }[];
    return objects.map(({ id }) => id);
  }

  /** Follows `next` to the end: what was listed, or why there is no end. */
  async follow(path: string): Promise<string[] | string> {
    const found: string[] = [];
    for (let next = '', pages = 0; pages < 3 * OBJECTS; pages++) {
      const answer = await this.ask(`${path}${next}`);
      if (answer.status !== 200) return `${answer.status} on page ${pages + 1}`;
      found.push(...this.listed(answer), ...((answer.body?.versions ?? []) as string[]));
      if (answer.body?.more !== true) return found;
      if (typeof answer.body.next !== 'string') return 'more without next';
      next = `${path.includes('?') ? '&' : '?'}next=${encodeURIComponent(answer.body.next)}`;
    }
    return 'pages without end';
  }
}

function readObject(text: string): ProbeAnswer['body'] {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** A valid indicator. */
export function makeIndicator(id: string, name: string): Readonly<Record<string, unknown>> {
  const at = '2026-01-01T00:00:00.000Z';
  const rest = { pattern: "[ipv4-addr:value = '198.51.100.3']", pattern_type: 'stix', valid_from: at };
  return { type: 'indicator', spec_version: '2.1', id, created: at, modified: at, name, ...rest };
}

const status = (found: ProbeAnswer, expected: number): true | string =>
  found.status === expected || `${found.status}, expected ${expected}`;

/** Status, the TAXII media type, and an error message with a title (section 3.6.1). */
function refused(found: ProbeAnswer, expected: number): true | string {
  if (found.status !== expected) return `${found.status}, expected ${expected}`;
  if (found.headers.get('content-type')?.replaceAll(' ', '') !== TAXII) return 'not the media type of TAXII';
  if (typeof found.body?.title !== 'string') return 'an error without a title';
  return found.body.http_status === String(expected) || 'http_status is not the status as text';
}

const accepting = (what: string, accept: string | null, expected: number): Probe => ({
  what: `Accept: ${what}`,
  run: async (wire) => {
    const found = await wire.ask('..', { headers: { accept } });
    return expected === 200 ? status(found, 200) : refused(found, expected);
  },
});

const bad = (query: string, endpoint = 'objects/'): Probe => ({
  what: `400 for ${endpoint}?${query.slice(0, 40)}`,
  run: async (wire) => refused(await wire.ask(`${endpoint}?${query}`), 400),
});

/** One object that is refused by itself, beside one that is taken. */
const failing = (what: string, object: (id: string) => unknown): Probe => ({
  what: `POST: ${what} fails by itself`,
  run: async (wire) => {
    const [id, other] = [`indicator--${randomUUID()}`, `indicator--${randomUUID()}`];
    const found = await wire.ask('objects/', {
      body: JSON.stringify({ objects: [makeIndicator(other, 'good'), object(id)] }),
    });
    if (found.status !== 202) return `${found.status}, expected 202`;
    const { success_count: good, failure_count: failed } = found.body ?? {};
    return (good === 1 && failed === 1) || `${good} taken, ${failed} failed`;
  },
});

const posting = (what: string, body: string, type: string | null, expected: number): Probe => ({
  what: `POST: ${what} is ${expected}`,
  run: async (wire) =>
    refused(await wire.ask('objects/', { body, headers: { 'content-type': type } }), expected),
});

/** Times of addition, one after the other (section 3.5 and 5.3). */
async function dates(wire: ProbeWire, query = ''): Promise<string[]> {
  const { body } = await wire.ask(`manifest/${query}`);
  return ((body?.objects ?? []) as readonly { date_added: string }[]).map(({ date_added }) => date_added);
}

/** What TAXII 2.1 says of answers, one request or a few each. */
export const PROBES: readonly Probe[] = [
  accepting('none', null, 200),
  accepting('without version', 'application/taxii+json', 200),
  accepting('*/*', '*/*', 200),
  accepting('application/*', 'application/*', 200),
  accepting('a list with q', 'text/html;q=0.5, application/taxii+json;version=2.1;q=0.9', 200),
  accepting('a list with a space', 'application/taxii+json; version=2.1, application/json', 200),
  accepting('a quoted version', 'application/taxii+json;version="2.1"', 200),
  accepting('2.0 or 2.1', 'application/taxii+json;version=2.0, application/taxii+json;version=2.1', 200),
  accepting('2.0 only', 'application/taxii+json;version=2.0', 406),
  accepting('HTML only', 'text/html', 406),
  accepting('with q=0', 'application/taxii+json;version=2.1;q=0', 406),
  {
    what: 'answers carry application/taxii+json;version=2.1',
    run: async (wire) => {
      for (const path of ['@', '..', '../collections/', './', 'objects/', 'manifest/']) {
        const found = await wire.ask(path);
        const type = found.headers.get('content-type')?.replaceAll(' ', '');
        if (found.status !== 200 || type !== TAXII) return `${path}: ${found.status} ${type}`;
      }
      return true;
    },
  },
  {
    what: '401 names a way to authenticate',
    run: async (wire) => {
      const found = await wire.ask('objects/', { headers: { authorization: null } });
      if (found.status !== 401) return `${found.status}, expected 401`;
      return found.headers.has('www-authenticate') || 'no WWW-Authenticate';
    },
  },
  {
    what: '401 for a wrong password',
    run: async (wire) =>
      status(await wire.ask('objects/', { headers: { authorization: `Basic ${btoa('admin:admin')}` } }), 401),
  },
  {
    what: '401 for an authorization that is none',
    run: async (wire) => status(await wire.ask('objects/', { headers: { authorization: 'Basic %%%' } }), 401),
  },
  { what: '404 for another root', run: async (wire) => refused(await wire.ask('../../nowhere/'), 404) },
  {
    what: '404 for another collection',
    run: async (wire) => refused(await wire.ask('../12345678-1234-1234-1234-123456789012/objects/'), 404),
  },
  {
    what: '404 for an object that is not there',
    run: async (wire) => refused(await wire.ask(`objects/indicator--${randomUUID()}/`), 404),
  },
  {
    what: '404 for the versions of an object that is not there',
    run: async (wire) => refused(await wire.ask(`objects/indicator--${randomUUID()}/versions/`), 404),
  },
  {
    what: '404 for an id that is none',
    run: async (wire) => refused(await wire.ask('objects/garbage/'), 404),
  },
  {
    what: '404 for a status that is not there',
    run: async (wire) => refused(await wire.ask(`../status/${randomUUID()}/`), 404),
  },
  bad('limit=0'),
  bad('limit=-1'),
  bad('limit=many'),
  bad('limit=1.5'),
  bad('added_after=yesterday'),
  bad('added_after=2026-02-30T00:00:00Z'),
  bad('added_after=2026-01-01'),
  bad('match[version]=newest'),
  bad('next=forged'),
  bad('limit=0', 'manifest/'),
  bad('added_after=yesterday', 'manifest/'),
  bad('next=forged', 'manifest/'),
  {
    what: '400 for next with another query',
    run: async (wire) => {
      const { body } = await wire.ask('objects/?limit=2');
      const next = encodeURIComponent(String(body?.next));
      return status(await wire.ask(`objects/?limit=2&match[version]=all&next=${next}`), 400);
    },
  },
  {
    what: 'limit above the page is a page',
    run: async (wire) => status(await wire.ask('objects/?limit=99999999'), 200),
  },
  ...(['objects/', 'manifest/'] as const).map(
    (endpoint): Probe => ({
      what: `${endpoint} by pages of two lists everything once`,
      run: async (wire) => {
        const found = await wire.follow(`${endpoint}?limit=2`);
        if (typeof found === 'string') return found;
        const own = found.filter((id) => wire.ids.includes(id));
        return (own.length === OBJECTS && new Set(own).size === OBJECTS) || `${own.length} of ${OBJECTS}`;
      },
    }),
  ),
  {
    what: 'versions by pages of one lists everything once',
    run: async (wire) => {
      const found = await wire.follow(`objects/${wire.ids[0]}/versions/?limit=1`);
      return (typeof found !== 'string' && found.length === 2) || String(found);
    },
  },
  {
    what: 'every addition has a time of its own',
    run: async (wire) => {
      const times = await dates(wire, '?match[version]=all');
      return new Set(times).size === times.length || `${new Set(times).size} times of ${times.length}`;
    },
  },
  {
    what: 'paging by X-TAXII-Date-Added-Last lists everything once',
    run: async (wire) => {
      const found: string[] = [];
      for (let after = '', pages = 0; pages < 3 * OBJECTS; pages++) {
        const answer = await wire.ask(`objects/?limit=2${after}`);
        if (wire.listed(answer).length === 0) break;
        found.push(...wire.listed(answer));
        after = `&added_after=${answer.headers.get('x-taxii-date-added-last')}`;
      }
      const own = found.filter((id) => wire.ids.includes(id));
      return (own.length === OBJECTS && new Set(own).size === OBJECTS) || `${own.length} of ${OBJECTS}`;
    },
  },
  {
    what: 'times of addition are RFC 3339 with six decimals, in ascending order',
    run: async (wire) => {
      const times = await dates(wire);
      if (times.some((time) => !STAMP.test(time))) return times.join(' ');
      return times.every((time, at) => at === 0 || time >= times[at - 1]!) || 'not in order';
    },
  },
  {
    what: 'the headers name the first and the last of the page',
    run: async (wire) => {
      const { headers, body } = await wire.ask('manifest/?limit=3');
      const records = (body?.objects ?? []) as readonly { date_added: string }[];
      const named = [headers.get('x-taxii-date-added-first'), headers.get('x-taxii-date-added-last')];
      return (
        (named[0] === records[0]?.date_added && named[1] === records.at(-1)?.date_added) || named.join(' ')
      );
    },
  },
  {
    what: 'an empty answer is {}',
    run: async (wire) => {
      const { text } = await wire.ask('objects/?added_after=2200-01-01T00:00:00Z');
      return text.replaceAll(/\s/g, '') === '{}' || text.slice(0, 80);
    },
  },
  {
    what: 'two ids are either of them',
    run: async (wire) => {
      const found = wire.listed(await wire.ask(`objects/?match[id]=${wire.ids[1]},${wire.ids[2]}`));
      return found.length === 2 || `${found.length} objects`;
    },
  },
  {
    what: 'two fields are both of them',
    run: async (wire) => {
      const found = wire.listed(await wire.ask(`objects/?match[id]=${wire.ids[1]}&match[type]=malware`));
      return found.length === 0 || `${found.length} objects`;
    },
  },
  {
    what: 'first and last together are both versions',
    run: async (wire) => {
      const found = wire.listed(await wire.ask(`objects/${wire.ids[0]}/?match[version]=first,last`));
      return found.length === 2 || `${found.length} objects`;
    },
  },
  {
    what: 'a version by its time',
    run: async (wire) => {
      const found = wire.listed(
        await wire.ask(`objects/${wire.ids[0]}/?match[version]=2026-02-01T00:00:00.000Z`),
      );
      return found.length === 1 || `${found.length} objects`;
    },
  },
  posting('JSON by its general name', '{"objects":[]}', 'application/json', 415),
  posting('TAXII 2.0', '{"objects":[]}', 'application/taxii+json;version=2.0', 415),
  posting('a text that is no JSON', '{"objects":[', TAXII, 422),
  posting('a body without objects', '{}', TAXII, 422),
  posting('a member twice', '{"objects":[],"objects":[]}', TAXII, 422),
  posting(
    'a list of arrays a hundred thousand deep',
    `{"objects":${'['.repeat(1e5)}${']'.repeat(1e5)}}`,
    TAXII,
    422,
  ),
  failing('an id that is no UUID', () => makeIndicator('indicator--not-a-uuid', 'bad')),
  failing('an object without type', (id) => ({ id, spec_version: '2.1' })),
  failing('an indicator without pattern', (id) => ({ ...makeIndicator(id, 'bad'), pattern: undefined })),
  failing('a number', () => 7),
  {
    what: 'POST: an object with a property `version` is stored and comes back',
    run: async (wire) => {
      const id = `malware-analysis--${randomUUID()}`;
      const at = '2026-01-01T00:00:00.000Z';
      const object = {
        type: 'malware-analysis',
        spec_version: '2.1',
        id,
        created: at,
        modified: at,
        product: 'p',
        version: '5.2',
        result: 'benign',
      };
      const found = await wire.ask('objects/', { body: JSON.stringify({ objects: [object] }) });
      if (found.status !== 202) return `${found.status}, expected 202`;
      const got = await wire.ask(`objects/${id}/`);
      return wire.listed(got).length === 1 || `${got.status}`;
    },
  },
  {
    what: 'POST: an object that is there already succeeds, and is there once',
    run: async (wire) => {
      const object = makeIndicator(wire.ids[3]!, '3');
      const found = await wire.ask('objects/', { body: JSON.stringify({ objects: [object] }) });
      if (found.body?.success_count !== 1) return `${found.body?.success_count} taken`;
      const { length } = wire.listed(await wire.ask(`objects/${wire.ids[3]}/?match[version]=all`));
      return length === 1 || `${length} times`;
    },
  },
  {
    what: 'POST: other content under a version that is there fails, and is not stored',
    run: async (wire) => {
      const object = makeIndicator(wire.ids[3]!, 'other content');
      const found = await wire.ask('objects/', { body: JSON.stringify({ objects: [object] }) });
      return found.body?.failure_count === 1 || `${found.body?.success_count} taken`;
    },
  },
  {
    what: 'POST: the status can be asked for again',
    run: async (wire) => {
      const made = await wire.ask('objects/', {
        body: JSON.stringify({ objects: [makeIndicator(`indicator--${randomUUID()}`, 's')] }),
      });
      const again = await wire.ask(`../status/${made.body?.id}/`);
      return again.body?.id === made.body?.id || `${again.status}`;
    },
  },
  {
    what: '405 names the methods there are',
    run: async (wire) => {
      const found = await wire.ask('manifest/', { method: 'DELETE' });
      if (found.status !== 405) return `${found.status}, expected 405`;
      return found.headers.has('allow') || 'no Allow';
    },
  },
  {
    what: 'DELETE: then it is 404',
    run: async (wire) => {
      const gone = await wire.ask(`objects/${wire.ids[6]}/`, { method: 'DELETE' });
      if (gone.status !== 200) return `${gone.status}, expected 200`;
      return status(await wire.ask(`objects/${wire.ids[6]}/`), 404);
    },
  },
];
