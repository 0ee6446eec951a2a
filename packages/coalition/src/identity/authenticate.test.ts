import fc from 'fast-check';
import { expect, it } from 'vitest';
import { authenticate } from './authenticate.js';
import { CLIENT_ASSERTION_TYPE } from './client-assertion.js';
import { signRequest } from './http-signature.js';
import { makeTestHub, ORIGIN, TLS } from './test-hub.test.support.js';
import { answerTokenRequest } from './token-endpoint.js';

const METHODS = ['mtls', 'access-token', 'signature', 'basic'] as const;
const words = [
  'sig1=',
  '("@method" "@target-uri")',
  '("@query-param";name="a")',
  ';created=1',
  ';nonce="0123456789abcdef"',
  ';tag="phalanx-hub"',
  ';keyid="x"',
  ':AAAA:',
  '"',
  '(',
  ')',
  ';',
  ',',
  '=',
  ' ',
  'DPoP ',
  'Bearer ',
  'Basic ',
  'eyJhbGciOiJub25lIn0',
  '.',
  'e30',
  'bGFiLWE6eA==',
  'ü',
  '\t',
];
const value = fc
  .array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary-ascii', maxLength: 4 })), {
    maxLength: 12,
  })
  .map((parts) =>
    // What an HTTP parser lets through.
    parts.join('').replace(/[\0\r\n]/g, ''),
  );
const names = [
  'signature',
  'signature-input',
  'authorization',
  'dpop',
  'content-digest',
  'content-type',
  'date',
];

it('nobody who sends anything at all is anybody, and nothing but a refusal comes of it', async () => {
  const { hub, nonces, refusals } = await makeTestHub();
  const settings = { ...hub, methods: METHODS };
  const headers = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 5 });
  await fc.assert(
    fc.asyncProperty(headers, fc.constantFrom('GET', 'POST', 'DELETE'), async (sent, method) => {
      const request = new Request(`${ORIGIN}/api/?a=b`, { method, headers: sent });
      expect(await authenticate(request, TLS, settings)).toBeNull();
    }),
    { numRuns: 400 },
  );
  expect(nonces.used.size).toBe(0);
  // Nothing that was sent is in the log.
  expect(refusals.every((reason) => /^[a-zA-Z0-9,: -]+$/.test(reason))).toBe(true);
});

it('a signed request with one character altered anywhere in its fields is of nobody', async () => {
  const { hub, key, clock } = await makeTestHub();
  const url = `${ORIGIN}/api/?a=b`;
  const headers = { 'content-type': 'text/plain' };
  const signed = await signRequest(new Request(url, { method: 'POST', body: 'x', headers }), key, clock);
  const sent = Object.fromEntries(signed.headers);
  const place = fc.tuple(fc.constantFrom(...Object.keys(sent)), fc.nat(), fc.integer({ min: 33, max: 126 }));
  await fc.assert(
    fc.asyncProperty(place, async ([name, at, code]) => {
      const text = sent[name]!;
      const altered =
        text.slice(0, at % text.length) + String.fromCharCode(code) + text.slice((at % text.length) + 1);
      fc.pre(altered !== text);
      const request = new Request(url, { method: 'POST', body: 'x', headers: { ...sent, [name]: altered } });
      expect(await authenticate(request, TLS, { ...hub, methods: METHODS })).toBeNull();
    }),
    { numRuns: 400 },
  );
  expect(await authenticate(signed, TLS, { ...hub, methods: METHODS })).not.toBeNull();
});

it('the token endpoint gives nothing for anything, and says one of its words', async () => {
  const { hub } = await makeTestHub();
  const form = fc.dictionary(
    fc.constantFrom(
      'grant_type',
      'client_id',
      'client_assertion',
      'client_assertion_type',
      'scope',
      'resource',
    ),
    fc.oneof(value, fc.constantFrom('client_credentials', CLIENT_ASSERTION_TYPE, 'lab-a')),
  );
  await fc.assert(
    fc.asyncProperty(form, fc.option(value), async (fields, dpop) => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', ...fields });
      const headers = new Headers(dpop === null ? [] : [['dpop', dpop]]);
      const answer = await answerTokenRequest(
        new Request(`${ORIGIN}/oauth2/token`, { method: 'POST', body, headers }),
        TLS,
        hub,
      );
      expect(answer.status === 400 || answer.status === 401).toBe(true);
      expect(Object.keys((await answer.json()) as object)).toEqual(['error']);
    }),
    { numRuns: 300 },
  );
});
