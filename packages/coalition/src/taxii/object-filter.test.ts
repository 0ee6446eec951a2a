import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptsTaxii, isTaxii } from './media-type.js';
import { formatMicroseconds, parseMicroseconds } from './microseconds.js';
import { readFilter } from './object-filter.js';
import { openCursor, sealCursor } from './page-cursor.js';
import { RateLimit } from './rate-limit.js';
import { TaxiiRefusal } from './taxii-refusal.js';
import { ask, makeCaller, makeIndicator, makeServer, PATH, post } from './taxii-server.test.support.js';

const FIELDS = ['id', 'type', 'version', 'spec_version'] as const;
const read = (query: string) => readFilter(new URLSearchParams(query), FIELDS);

describe('filters', () => {
  it('are read as TAXII has them', () => {
    expect(read('')).toMatchObject({
      afterUs: 0,
      limit: 1000,
      next: null,
      ids: null,
      types: null,
      versions: ['last'],
      specVersions: null,
    });
    expect(
      read('match[type]=b,a, b&limit=007&unknown=1&added_after=2026-01-31T12:00:00.0000009Z'),
    ).toMatchObject({
      types: ['a', 'b'],
      limit: 7,
      afterUs: Date.UTC(2026, 0, 31, 12) * 1000,
    });
    expect(read('limit=999999999').limit).toBe(1000);
    expect(read('match[version]=first,2026-01-31T12:00:00.123456Z').versions).toEqual([
      Date.UTC(2026, 0, 31, 12) * 1000 + 123_456,
      'first',
    ]);
    expect(read('added_after=9999-12-31T23:59:59Z').afterUs).toBe(Number.MAX_SAFE_INTEGER);
    expect(read('added_after=0001-01-01T00:00:00Z').afterUs).toBe(0);
    expect(read('limit=1&match[id]=a,b').digest).toBe(read('limit=2&match[id]=b,a').digest);
  });

  it.each([
    'limit=0',
    'limit=-20',
    'limit=',
    'limit=1e3',
    'limit=abc',
    'limit=9999999999',
    'limit=1&limit=2',
    'added_after=yesterday',
    'added_after=',
    'added_after=2026-02-30T00:00:00Z',
    'added_after=2026-01-31T12:00:00',
    'added_after=2026-01-31 12:00:00Z',
    'match[version]=newest',
    'match[version]=',
    'match[spec_version]=two',
    'match[id]=',
    'match[id]=a,,b',
    'match[name]=x',
    'match=x',
    'match[id]=a&match[id]=b',
    `match[id]=${Array.from({ length: 101 }, (_, at) => at).join(',')}`,
    `match[version]=${'1'.repeat(5000)}`,
    'match[]=x',
    'match[id]=a%00b',
    'match[ID]=x',
  ])('are refused: %s', (query) => {
    expect(() => read(query)).toThrow(TaxiiRefusal);
  });

  it('never throw anything but a refusal, and never ask for more than a page', () => {
    const names = fc.constantFrom(
      'limit',
      'next',
      'added_after',
      'match[id]',
      'match[version]',
      'match[type]',
      'match[spec_version]',
      'match[',
    );
    const pairs = fc.array(fc.tuple(fc.oneof(names, fc.string()), fc.string({ unit: 'binary' })), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(pairs, (query) => {
        try {
          const { limit, afterUs } = readFilter(new URLSearchParams(query), FIELDS);
          return limit >= 1 && limit <= 1000 && Number.isSafeInteger(afterUs) && afterUs >= 0;
        } catch (error) {
          return error instanceof TaxiiRefusal && error.status === 400;
        }
      }),
      { numRuns: 200 },
    );
  });

  it('hold together with next: of another query, collection, member or key it is none', async () => {
    const { server } = makeServer();
    const labA = makeCaller('lab-a');
    await post(
      server,
      labA,
      Array.from({ length: 3 }, () => makeIndicator('lab-a')),
    );
    const statusOf = async (query: string, endpoint = 'objects', who = labA) =>
      (await ask(server, who, `${PATH}/${endpoint}/?limit=1&${query}`)).status;
    const { next } = (await ask(server, labA, `${PATH}/objects/?limit=1&match[version]=all`)).body;
    expect(await statusOf(`match[version]=all&next=${next}`)).toBe(200);
    expect(await statusOf(`match[version]=first&next=${next}`)).toBe(400);
    expect(await statusOf(`next=${next}`)).toBe(400);
    expect(await statusOf(`match[version]=all&next=${next}`, 'manifest')).toBe(400);
    expect(await statusOf(`match[version]=all&next=${next}`, 'objects', makeCaller('lab-b'))).toBe(400);
    for (const forged of [
      '',
      'x',
      `${next}A`,
      next.slice(1),
      next.toUpperCase(),
      'A'.repeat(48),
      'A'.repeat(5000),
      '%00',
    ]) {
      expect(await statusOf(`match[version]=all&next=${forged}`), forged).toBe(400);
    }
    expect((await ask(server, labA, `${PATH}/objects/?${'x'.repeat(9000)}`)).status).toBe(400);
  });
});

describe('a cursor', () => {
  it('opens for its use, and not when any bit of it is another', () => {
    const key = new Uint8Array(32).fill(1);
    fc.assert(
      fc.property(fc.nat(), fc.string(), fc.nat(47), fc.nat(5), (position, use, place, bit) => {
        const cursor = sealCursor(key, position, use);
        expect(openCursor(key, cursor, use)).toBe(position);
        expect(() => openCursor(key, cursor, `${use}x`)).toThrow(TaxiiRefusal);
        expect(() => openCursor(new Uint8Array(32), cursor, use)).toThrow(TaxiiRefusal);
        const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
        const other = digits[digits.indexOf(cursor[place]!) ^ (1 << bit)]!;
        expect(() => openCursor(key, cursor.slice(0, place) + other + cursor.slice(place + 1), use)).toThrow(
          TaxiiRefusal,
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('media types', () => {
  it.each([
    null,
    '',
    '*/*',
    'application/*',
    'application/taxii+json',
    'application/taxii+json;version=2.1',
    'application/taxii+json; version="2.1"',
    'text/html, application/taxii+json;version=2.1;q=0.9, */*;q=0.1',
    'text/html,*/*;q=0.001',
    'application/taxii+json;version=2.0, application/taxii+json;version=2.1',
    'APPLICATION/TAXII+JSON',
    'application/taxii+json;q=0, application/taxii+json;version=2.1',
    ' , application/taxii+json',
    'application/taxii+json;charset=utf-8',
    'text/plain;x="a,b;c\\"", application/taxii+json',
  ])('are accepted: %s', (header) => expect(acceptsTaxii(header)).toBe(true));

  it.each([
    'text/html',
    'application/json',
    'application/taxii+json;version=2.0',
    'application/taxii+json;version=2.1;q=0',
    '*/*;q=0',
    'application/vnd.oasis.taxii+json',
    'application/stix+json;version=2.1',
    'application/taxii+json;q=2',
    '*/*, application/taxii+json;q=0',
    'application/taxii+json;version=2.1;q=0, */*',
    'text/*',
    'application/taxii+json;version="2.1',
    `${'x,'.repeat(2000)}*/*`,
  ])('are not accepted: %s', (header) => expect(acceptsTaxii(header)).toBe(false));

  it('of bodies have no wildcards', () => {
    expect([
      isTaxii(null),
      isTaxii('*/*'),
      isTaxii('application/*'),
      isTaxii('application/taxii+json'),
    ]).toEqual([false, false, false, true]);
  });
});

it('times go to text and back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      (us) => parseMicroseconds(formatMicroseconds(us)) === us,
    ),
  );
  expect(formatMicroseconds(1_482_845_399_000_001)).toBe('2016-12-27T13:29:59.000001Z');
});

it('a bucket gives its burst, then what has flowed in, and says when to come again', async () => {
  const limit = new RateLimit({ burst: 3, perSecond: 2 });
  const taken = (atMs: number) => limit.take('lab-a', atMs);
  expect([
    taken(0),
    taken(0),
    taken(0),
    taken(0),
    taken(400),
    taken(500),
    taken(500),
    taken(-9000),
    taken(500),
  ]).toEqual([0, 0, 0, 1, 1, 0, 1, 1, 1]);
  expect(limit.take('lab-b', 0)).toBe(0);
  expect(taken(1e9)).toBe(0);
  const { server } = makeServer({ writes: { burst: 1, perSecond: 0.1 } });
  await post(server, makeCaller('lab-a'), []);
  const answer = await ask(server, makeCaller('lab-a'), `${PATH}/objects/`, { body: { objects: [] } });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '10']);
});
