import { type JWTHeaderParameters, SignJWT, UnsecuredJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { ACCESS_TOKEN_MS, issueAccessToken } from './access-token.js';
import { authenticate } from './authenticate.js';
import { CLIENT_ASSERTION_TYPE, makeClientAssertion } from './client-assertion.js';
import { authorizeByToken } from './client-authorizer.js';
import { type ClientKey, generateClientKey } from './client-key.js';
import { makeDpopProof } from './dpop.js';
import { makeDpopNonce } from './dpop-nonce.js';
import { makeTestHub, ORIGIN, TLS } from './test-hub.test.support.js';
import { answerHubKeys, answerMetadata, answerTokenRequest } from './token-endpoint.js';

const TOKEN_URL = `${ORIGIN}/oauth2/token`;
const TARGET = `${ORIGIN}/api/collections/`;
let made: Awaited<ReturnType<typeof makeTestHub>>;
let dpopKey: ClientKey;
let sent: number;
beforeEach(async () => {
  made = await makeTestHub();
  dpopKey = await generateClientKey('p256');
  sent = 0;
});

const tokenFetch: typeof fetch = async (input, init) => {
  sent++;
  return answerTokenRequest(new Request(input, init), TLS, made.hub);
};
const authorizer = (extra = {}) =>
  authorizeByToken({
    tokenEndpoint: TOKEN_URL,
    issuer: ORIGIN,
    clientId: 'lab-a',
    key: made.key,
    dpopKey,
    fetch: tokenFetch,
    clock: made.clock,
    ...extra,
  });
const ask = (request: Request) => authenticate(request, TLS, { ...made.hub, methods: ['access-token'] });

async function expectRefused(request: Request, reason: string): Promise<void> {
  expect(await ask(request)).toBeNull();
  expect(made.refusals.at(-1)).toContain(reason);
}

/** A request for a token as a foreign client would put it together. */
async function requestToken(
  change: { form?: Record<string, string>; dpop?: string | null; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const nonce = makeDpopNonce(made.hub.dpopSecret, made.clock.ms);
  const use = { method: 'POST', url: TOKEN_URL, accessToken: null };
  const dpop = change.dpop === undefined ? await makeDpopProof(dpopKey, use, nonce, made.clock) : change.dpop;
  const answer = await answerTokenRequest(
    new Request(TOKEN_URL, {
      method: 'POST',
      headers: { ...(dpop === null ? {} : { dpop }), ...change.headers },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: CLIENT_ASSERTION_TYPE,
        client_assertion: await makeClientAssertion('lab-a', ORIGIN, made.key, made.clock),
        ...change.form,
      }),
    }),
    TLS,
    made.hub,
  );
  return {
    status: answer.status,
    body: (await answer.json()) as Record<string, unknown>,
    headers: answer.headers,
  };
}

describe('a client with tokens', () => {
  it('is its member; the token is fetched once, with the nonce that the server asks for, and again in time', async () => {
    const authorize = authorizer();
    const asked = await Promise.all([1, 2, 3].map(() => authorize(new Request(`${TARGET}?x=1`))));
    expect(sent).toBe(2);
    for (const request of asked) {
      expect(await ask(request)).toEqual({ member: made.lab, method: 'access-token', encrypted: true });
    }
    made.clock.ms += ACCESS_TOKEN_MS * 0.8 - 1;
    await authorize(new Request(TARGET));
    expect(sent).toBe(2);
    made.clock.ms += 1;
    await authorize(new Request(TARGET));
    expect(sent).toBe(4);
  });

  it('learns that it gets none, and asks again the next time', async () => {
    made.members.members.set('lab-a', { ...made.lab, suspendedAtMs: made.clock.ms });
    const authorize = authorizer();
    await expect(authorize(new Request(TARGET))).rejects.toThrow('status 401');
    made.members.members.set('lab-a', made.lab);
    expect(await ask(await authorize(new Request(TARGET)))).not.toBeNull();
  });

  it('takes no bearer token', async () => {
    const fetch = async () => Response.json({ access_token: 'x', token_type: 'Bearer', expires_in: 60 });
    await expect(authorizer({ fetch })(new Request(TARGET))).rejects.toThrow('bound to no key');
  });
});

describe('a token', () => {
  it('ends at once with its key, its member, its time and its hub', async () => {
    const signed = await authorizer()(new Request(TARGET));
    const known = made.members.keys.get(made.key.kid)!;
    made.members.keys.set(known.kid, { ...known, revokedAtMs: made.clock.ms });
    await expectRefused(signed.clone(), 'has ended');
    made.members.keys.set(known.kid, known);
    made.members.members.set('lab-a', { ...made.lab, suspendedAtMs: 1 });
    await expectRefused(signed.clone(), 'may do nothing');
    made.members.members.set('lab-a', made.lab);
    const elsewhere = { ...made.hub, issuer: 'https://other.example', methods: ['access-token'] as const };
    expect(await authenticate(signed.clone(), TLS, elsewhere)).toBeNull();
    expect(await ask(signed.clone())).not.toBeNull();
    made.clock.ms += ACCESS_TOKEN_MS;
    await expectRefused(signed, 'does not verify');
  });

  it('is worth nothing without the key that it is bound to', async () => {
    const signed = await authorizer()(new Request(TARGET));
    const token = signed.headers.get('authorization')!.slice(5);
    const thief = await generateClientKey();
    const withProof = async (
      key: ClientKey,
      use: Partial<{ method: string; url: string; accessToken: string | null }> = {},
    ) =>
      new Request(TARGET, {
        headers: {
          authorization: `DPoP ${token}`,
          dpop: await makeDpopProof(
            key,
            { method: 'GET', url: TARGET, accessToken: token, ...use },
            null,
            made.clock,
          ),
        },
      });
    await expectRefused(await withProof(thief), 'another key');
    await expectRefused(await withProof(dpopKey, { method: 'POST' }), 'another method');
    await expectRefused(await withProof(dpopKey, { url: `${ORIGIN}/api/` }), 'another target');
    await expectRefused(
      await withProof(dpopKey, { url: 'https://evil.example/api/collections/' }),
      'another target',
    );
    await expectRefused(await withProof(dpopKey, { accessToken: 'x' }), 'another token');
    await expectRefused(await withProof(dpopKey, { accessToken: null }), 'another token');
    await expectRefused(
      new Request(TARGET, { headers: { authorization: `DPoP ${token}` } }),
      'without the key',
    );
    await expectRefused(
      new Request(TARGET, { headers: { authorization: `Bearer ${token}` } }),
      'without the key',
    );
    const good = await withProof(dpopKey);
    expect(await ask(good.clone())).not.toBeNull();
    await expectRefused(good, 'was used');
    const twice = await withProof(dpopKey);
    const headers = new Headers(twice.headers);
    headers.append('dpop', headers.get('dpop')!);
    await expectRefused(new Request(TARGET, { headers }), 'not exactly one');
    const bearer = await withProof(dpopKey);
    bearer.headers.set('authorization', `Bearer ${token}`);
    await expectRefused(bearer, 'without the key');
    const old = await withProof(dpopKey);
    made.clock.ms += 60_000;
    await expectRefused(old, 'another time');
  });

  it('of another kind, by another key or by none is refused', async () => {
    const claims = {
      iss: ORIGIN,
      aud: ORIGIN,
      sub: 'lab-a',
      client_id: 'lab-a',
      jti: 'x',
      iat: START,
      exp: START + 60,
      cnf: { jkt: dpopKey.kid },
      credential: `key:${made.key.kid}`,
    };
    const [hubKey] = made.hub.keys;
    const forge = async (jwt: string) => {
      const use = { method: 'GET', url: TARGET, accessToken: jwt };
      const dpop = await makeDpopProof(dpopKey, use, null, made.clock);
      return new Request(TARGET, { headers: { authorization: `DPoP ${jwt}`, dpop } });
    };
    const sign = (header: Record<string, unknown>, key: Parameters<SignJWT['sign']>[0], changed = {}) =>
      new SignJWT({ ...claims, ...changed })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: hubKey!.kid, ...header })
        .sign(key);
    const priv = hubKey!.privateKey;
    expect(await ask(await forge(await sign({}, priv)))).not.toBeNull();
    await expectRefused(await forge(new UnsecuredJWT(claims).encode()), 'no key of this hub');
    const x = Buffer.from((hubKey!.publicJwk as { x: string }).x, 'base64url');
    await expectRefused(await forge(await sign({ alg: 'HS256' }, new Uint8Array(x))), 'does not verify');
    await expectRefused(await forge(await sign({ typ: 'JWT' }, priv)), 'does not verify');
    await expectRefused(
      await forge(await sign({ kid: made.key.kid }, made.key.privateKey)),
      'no key of this hub',
    );
    await expectRefused(await forge(await sign({}, made.key.privateKey)), 'does not verify');
    await expectRefused(
      await forge(await sign({ jwk: made.key.publicJwk, kid: 'x' }, made.key.privateKey)),
      'no key of this hub',
    );
    await expectRefused(
      await forge(await sign({}, priv, { aud: 'https://other.example' })),
      'does not verify',
    );
    await expectRefused(
      await forge(await sign({}, priv, { aud: [ORIGIN, 'https://other.example'], iss: 'x' })),
      'does not verify',
    );
    await expectRefused(await forge(await sign({}, priv, { cnf: undefined })), 'does not verify');
    await expectRefused(await forge(await sign({}, priv, { cnf: {} })), 'bound to nothing');
    await expectRefused(await forge(await sign({}, priv, { client_id: 'lab-b' })), 'about nobody');
    await expectRefused(
      await forge(await sign({}, priv, { exp: START + 3600, iat: START - 400 })),
      'does not verify',
    );
    await expectRefused(await forge('x'.repeat(9_000)), 'too long');
    await expectRefused(await forge('a.b.c'), 'does not verify');
  });

  it('got by one member counts for no key of another', async () => {
    made.members.addMember('lab-b');
    const other = await made.members.addKey('lab-b');
    const token = await issueAccessToken(
      { memberId: 'lab-a', credential: `key:${other.kid}`, confirmation: { jkt: dpopKey.kid } },
      made.hub,
    );
    const dpop = await makeDpopProof(
      dpopKey,
      { method: 'GET', url: TARGET, accessToken: token },
      null,
      made.clock,
    );
    await expectRefused(
      new Request(TARGET, { headers: { authorization: `DPoP ${token}`, dpop } }),
      'has ended',
    );
  });
});

const START = Date.UTC(2026, 10, 23) / 1000;

describe('the token endpoint', () => {
  it('gives a token that is bound to the key of the proof', async () => {
    const { status, body, headers } = await requestToken();
    expect([status, body.token_type, body.expires_in]).toEqual([200, 'DPoP', 300]);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['another grant', { form: { grant_type: 'password' } }, 400, 'unsupported_grant_type'],
    ['a scope', { form: { scope: 'x' } }, 400, 'invalid_scope'],
    ['no proof', { dpop: null }, 400, 'invalid_request'],
    ['a proof that is none', { dpop: 'x' }, 400, 'use_dpop_nonce'],
    ['no assertion', { form: { client_assertion: '' } }, 401, 'invalid_client'],
    ['another type of assertion', { form: { client_assertion_type: 'x' } }, 401, 'invalid_client'],
    ['another client', { form: { client_id: 'lab-b' } }, 401, 'invalid_client'],
    ['a secret', { form: { client_secret: 'x' } }, 401, 'invalid_client'],
    ['a password', { headers: { authorization: 'Basic eDp5' } }, 401, 'invalid_client'],
    ['JSON', { headers: { 'content-type': 'application/json' } }, 400, 'invalid_request'],
    ['a long form', { form: { padding: 'x'.repeat(20_000) } }, 400, 'invalid_request'],
  ])('refuses %s, and says no more than its kind', async (_, change, status, error) => {
    const answer = await requestToken(change);
    expect([answer.status, answer.body]).toEqual([status, { error }]);
    expect(made.refusals).toHaveLength(1);
  });

  it('refuses a parameter that stands twice, and another method', async () => {
    const request = (init: RequestInit) => answerTokenRequest(new Request(TOKEN_URL, init), TLS, made.hub);
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const twice = 'grant_type=client_credentials&grant_type=client_credentials';
    expect((await request({ method: 'POST', headers: type, body: twice })).status).toBe(400);
    expect((await request({ method: 'GET' })).status).toBe(405);
  });

  it.each([
    ['for somebody else', { aud: 'https://other.example' }],
    ['for two', { aud: [ORIGIN, 'https://other.example'] }],
    ['by somebody else', { iss: 'lab-b' }],
    ['about somebody else', { sub: 'lab-b' }],
    ['without an id', { jti: undefined }],
    ['without an end', { exp: undefined }],
    ['that ended', { exp: START }],
    ['that never ends', { exp: START + 301 }],
    ['of the future', { iat: START + 6 }],
    ['not yet', { nbf: START + 60 }],
  ])('refuses an assertion %s', async (_, changed) => {
    const claims = {
      iss: 'lab-a',
      sub: 'lab-a',
      aud: ORIGIN,
      jti: '0123456789',
      iat: START,
      exp: START + 60,
      ...changed,
    };
    const header = { alg: 'EdDSA', kid: made.key.kid };
    const assertion = await new SignJWT(claims).setProtectedHeader(header).sign(made.key.privateKey);
    const answer = await requestToken({ form: { client_assertion: assertion } });
    expect([answer.status, answer.body]).toEqual([401, { error: 'invalid_client' }]);
  });

  it('refuses an assertion that was used, unsigned, or signed with what the directory does not know', async () => {
    const used = await makeClientAssertion('lab-a', ORIGIN, made.key, made.clock);
    expect((await requestToken({ form: { client_assertion: used } })).status).toBe(200);
    expect((await requestToken({ form: { client_assertion: used } })).status).toBe(401);
    const claims = {
      iss: 'lab-a',
      sub: 'lab-a',
      aud: ORIGIN,
      jti: '0123456789',
      iat: START,
      exp: START + 60,
    };
    expect(
      (await requestToken({ form: { client_assertion: new UnsecuredJWT(claims).encode() } })).status,
    ).toBe(401);
    const thief = await generateClientKey();
    for (const header of [
      { kid: thief.kid, jwk: thief.publicJwk },
      { kid: made.key.kid, jwk: thief.publicJwk },
      { kid: "' OR 1=1 --" },
      { kid: '../../../dev/null' },
      { kid: 'x'.repeat(200) },
      { jku: 'https://evil.example/keys', kid: thief.kid },
    ]) {
      const forged = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'EdDSA', ...header })
        .sign(thief.privateKey);
      expect((await requestToken({ form: { client_assertion: forged } })).status).toBe(401);
    }
  });

  it('asks for a nonce of its own, which ends', async () => {
    const use = { method: 'POST', url: TOKEN_URL, accessToken: null };
    const first = await requestToken({ dpop: await makeDpopProof(dpopKey, use, null, made.clock) });
    expect([first.status, first.body.error]).toEqual([400, 'use_dpop_nonce']);
    const nonce = first.headers.get('dpop-nonce');
    const used = await makeDpopProof(dpopKey, use, nonce, made.clock);
    expect((await requestToken({ dpop: used })).status).toBe(200);
    expect((await requestToken({ dpop: used })).body).toEqual({ error: 'invalid_dpop_proof' });
    const foreign = makeDpopNonce(new Uint8Array(32), made.clock.ms);
    expect(
      (await requestToken({ dpop: await makeDpopProof(dpopKey, use, foreign, made.clock) })).body.error,
    ).toBe('use_dpop_nonce');
    made.clock.ms += 240_000;
    expect(
      (await requestToken({ dpop: await makeDpopProof(dpopKey, use, nonce, made.clock) })).body.error,
    ).toBe('use_dpop_nonce');
  });

  it.each([
    ['of another type', { typ: 'JWT' }, {}],
    ['with another key than signed', { jwk: undefined }, {}],
    ['with a private key', {}, { d: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['with a key of another kind', {}, { kty: 'oct', k: 'AAAA' }],
  ])('refuses a proof %s', async (_, header, keyChange) => {
    const nonce = makeDpopNonce(made.hub.dpopSecret, made.clock.ms);
    const jwk = { ...dpopKey.publicJwk, ...keyChange };
    const proof = await new SignJWT({ jti: '0123456789', htm: 'POST', htu: TOKEN_URL, iat: START, nonce })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header } as JWTHeaderParameters)
      .sign(dpopKey.privateKey);
    const answer = await requestToken({ dpop: proof });
    expect([answer.status, answer.body]).toEqual([400, { error: 'invalid_dpop_proof' }]);
  });

  it('shows nothing private of the hub', async () => {
    const keys = (await answerHubKeys(made.hub).json()) as { keys: Record<string, unknown>[] };
    expect(Object.keys(keys.keys[0]!).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    expect(await answerMetadata(made.hub).json()).toMatchObject({
      issuer: ORIGIN,
      token_endpoint: TOKEN_URL,
    });
  });
});
