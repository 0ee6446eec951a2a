import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { authenticate } from './authenticate.js';
import { CLIENT_ASSERTION_TYPE, makeClientAssertion } from './client-assertion.js';
import { signRequest } from './http-signature.js';
import { certificateThumbprint } from './mutual-tls.js';
import { makeTestHub, ORIGIN, START_MS, TLS } from './test-hub.test.support.js';
import { answerTokenRequest } from './token-endpoint.js';

const { certificates } = JSON.parse(
  readFileSync(new URL('../../vectors/certificates.json', import.meta.url), 'utf8'),
) as { certificates: Record<string, string> };
const der = (name: string) => new Uint8Array(Buffer.from(certificates[name]!, 'base64'));
const over = (name: string | null) => ({ ...TLS, clientCertificate: name === null ? null : der(name) });

let made: Awaited<ReturnType<typeof makeTestHub>>;
beforeEach(async () => {
  made = await makeTestHub();
  made.members.addMember('lab-b');
  for (const id of ['lab-a', 'lab-b']) made.members.names.set(`urn:phalanx:member:${id}`, id);
});

const METHODS = ['mtls', 'access-token', 'signature'] as const;
const ask = (name: string | null, request = new Request(ORIGIN)) =>
  authenticate(request, over(name), { ...made.hub, methods: METHODS });

function pin(name: string, memberId: string, revokedAtMs: number | null = null): void {
  const thumbprint = certificateThumbprint(der(name));
  made.members.certificates.set(thumbprint, {
    thumbprint,
    memberId,
    fromMs: 0,
    untilMs: START_MS + 1e10,
    revokedAtMs,
  });
}

describe('a certificate of the authority', () => {
  it('is the member whose URI it has, or to whom it is pinned', async () => {
    expect(await ask('member')).toEqual({ member: made.lab, method: 'mtls', encrypted: true });
    expect((await ask('otherMember'))?.member.id).toBe('lab-b');
    expect(await ask('nameless')).toBeNull();
    pin('nameless', 'lab-b');
    expect((await ask('nameless'))?.member.id).toBe('lab-b');
  });

  it.each([
    ['expired', 'another time'],
    ['future', 'another time'],
    ['forServers', 'not for clients'],
    ['forNoUse', 'not for clients'],
    ['twoMembers', 'several members'],
    ['hidden', 'nobody'],
  ])('that is %s is refused, pinned or not', async (name, reason) => {
    expect(await ask(name)).toBeNull();
    expect(made.refusals.at(-1)).toContain(reason);
    pin(name, 'lab-a', START_MS);
    expect(await ask(name)).toBeNull();
  });

  it('ends with its pin, and with its member', async () => {
    pin('member', 'lab-a', made.clock.ms + 1);
    expect(await ask('member')).not.toBeNull();
    made.clock.ms++;
    expect(await ask('member')).toBeNull();
    made.members.members.set('lab-a', { ...made.lab, suspendedAtMs: 1 });
    expect(await ask('sameMember')).toBeNull();
  });

  it('must be of the member that the request says otherwise', async () => {
    const signed = () => signRequest(new Request(ORIGIN), made.key, made.clock);
    expect((await ask('member', await signed()))?.method).toBe('signature');
    expect(await ask('otherMember', await signed())).toBeNull();
    expect(await ask('expired', await signed())).toBeNull();
  });

  it('counts for nothing where the listener does not have it', async () => {
    expect(
      await authenticate(new Request(ORIGIN), over('member'), { ...made.hub, methods: ['signature'] }),
    ).toBeNull();
  });

  it('that is no certificate is refused', async () => {
    const connection = { ...TLS, clientCertificate: new Uint8Array([1, 2, 3]) };
    expect(await authenticate(new Request(ORIGIN), connection, { ...made.hub, methods: METHODS })).toBeNull();
    const long = { ...TLS, clientCertificate: new Uint8Array(20_000) };
    expect(await authenticate(new Request(ORIGIN), long, { ...made.hub, methods: METHODS })).toBeNull();
  });
});

describe('a token that is bound to a certificate', () => {
  const request = async (name: string | null, clientId: string) => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId });
    const answer = await answerTokenRequest(
      new Request(`${ORIGIN}/oauth2/token`, { method: 'POST', body }),
      over(name),
      made.hub,
    );
    return (await answer.json()) as Record<string, string>;
  };
  const show = (name: string | null, token: string, scheme = 'Bearer', headers = {}) =>
    ask(name, new Request(ORIGIN, { headers: { authorization: `${scheme} ${token}`, ...headers } }));

  it('counts with that certificate alone', async () => {
    const { access_token: token, token_type: type } = await request('member', 'lab-a');
    expect(type).toBe('Bearer');
    expect((await show('member', token!))?.method).toBe('access-token');
    expect(await show('sameMember', token!)).toBeNull();
    expect(await show('otherMember', token!)).toBeNull();
    expect(await show(null, token!)).toBeNull();
    expect(await show('member', token!, 'DPoP')).toBeNull();
    expect(await show('member', token!, 'Bearer', { dpop: 'x' })).toBeNull();
    pin('member', 'lab-a', START_MS);
    expect(await show('member', token!)).toBeNull();
  });

  it('got by an assertion is bound to a certificate of the same member alone', async () => {
    const ask = async (name: string) => {
      const body = new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: CLIENT_ASSERTION_TYPE,
        client_assertion: await makeClientAssertion('lab-a', ORIGIN, made.key, made.clock),
      });
      const request = new Request(`${ORIGIN}/oauth2/token`, { method: 'POST', body });
      return (await answerTokenRequest(request, over(name), made.hub)).json();
    };
    expect(await ask('member')).toMatchObject({ token_type: 'Bearer' });
    expect(await ask('otherMember')).toEqual({ error: 'invalid_request' });
  });

  it('is given to nobody else', async () => {
    expect(await request('member', 'lab-b')).toEqual({ error: 'invalid_client' });
    expect(await request(null, 'lab-a')).toEqual({ error: 'invalid_client' });
    expect(await request('expired', 'lab-a')).toEqual({ error: 'invalid_client' });
  });
});
