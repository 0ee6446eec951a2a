import { beforeEach, describe, expect, it } from 'vitest';
import { authenticate } from './authenticate.js';
import type { ClientKey } from './client-key.js';
import { signRequest } from './http-signature.js';
import { makeTestHub, ORIGIN, START_MS, TLS } from './test-hub.test.support.js';

const URL_A = `${ORIGIN}/api/collections/c1/objects/?match[type]=indicator`;
let made: Awaited<ReturnType<typeof makeTestHub>>;
beforeEach(async () => {
  made = await makeTestHub();
});

const ask = (request: Request) => authenticate(request, TLS, { ...made.hub, methods: ['signature'] });
const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  new Request(URL_A, { method: 'POST', body, headers });
const sign = (request: Request, key: ClientKey = made.key) => signRequest(request, key, made.clock);

function change(request: Request, edit: (headers: Headers) => void, init: RequestInit = {}): Request {
  const headers = new Headers(request.headers);
  edit(headers);
  return new Request(request.clone(), { ...init, headers });
}

async function expectRefused(request: Request, reason: string): Promise<void> {
  expect(await ask(request)).toBeNull();
  expect(made.refusals.at(-1)).toContain(reason);
}

describe('a signed request', () => {
  it.each([
    ['GET', null],
    ['DELETE', null],
    ['POST', '{}'],
    ['PUT', ''],
  ])('%s is its member, and the body can still be read', async (method, body) => {
    const signed = await sign(new Request(URL_A, { method, body }));
    expect(await ask(signed)).toEqual({ member: made.lab, method: 'signature', encrypted: true });
    expect(await signed.text()).toBe(body ?? '');
  });

  it('by a key on P-256', async () => {
    const key = await made.members.addKey('lab-a', 'p256');
    expect((await ask(await sign(post('{}'), key)))?.member.id).toBe('lab-a');
  });

  it('counts once', async () => {
    const signed = await sign(post('{}'));
    expect(await ask(signed.clone())).not.toBeNull();
    await expectRefused(signed, 'was used');
  });

  it('counts for the origin of the hub, whatever Host says', async () => {
    const signed = await sign(new Request(URL_A.replace('hub.example', 'evil.example')));
    await expectRefused(signed, 'something else');
    const good = await sign(new Request(URL_A));
    const arrived = new Request(URL_A.replace('hub.example', 'internal:8080'), { headers: good.headers });
    expect(await ask(arrived)).not.toBeNull();
  });

  it('is refused with a swapped body, method, target, type or time', async () => {
    const signed = await sign(post('{"a":1}'));
    await expectRefused(
      new Request(URL_A, { method: 'POST', headers: signed.headers, body: '{"a":2}' }),
      'another body',
    );
    const again = await sign(post('{"a":1}'));
    await expectRefused(
      change(again, () => undefined, { method: 'PUT' }),
      'something else',
    );
    await expectRefused(
      new Request(`${URL_A}&x=1`, { method: 'POST', headers: again.headers, body: '{"a":1}' }),
      'something else',
    );
    await expectRefused(
      change(again, (h) => h.set('content-type', 'text/html')),
      'something else',
    );
    await expectRefused(
      change(again, (h) =>
        h.set('signature-input', h.get('signature-input')!.replace(/created=\d/, 'created=9')),
      ),
      'another time',
    );
    expect(await ask(again)).not.toBeNull();
  });

  it('counts for its minute and 5 s of a fast clock, to the millisecond', async () => {
    const start = made.clock.ms;
    const at = async (ms: number) => {
      made.clock.ms = start;
      const signed = await sign(new Request(URL_A));
      made.clock.ms = start + ms;
      return (await ask(signed)) !== null;
    };
    expect([await at(-5001), await at(-5000), await at(59_999), await at(60_000)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('is refused by a revoked, ended, foreign or unknown key, and by a suspended member, at once', async () => {
    const known = made.members.keys.get(made.key.kid)!;
    for (const edit of [
      { revokedAtMs: made.clock.ms },
      { untilMs: made.clock.ms },
      { fromMs: made.clock.ms + 1 },
    ]) {
      made.members.keys.set(known.kid, { ...known, ...edit });
      await expectRefused(await sign(new Request(URL_A)), 'no valid key');
    }
    made.members.keys.delete(known.kid);
    await expectRefused(await sign(new Request(URL_A)), 'no valid key');
    made.members.keys.set(known.kid, known);
    const suspended = await sign(new Request(URL_A));
    made.members.members.set('lab-a', { ...made.lab, suspendedAtMs: made.clock.ms });
    await expectRefused(suspended, 'may do nothing');
  });

  it.each([
    ['a second signature', (h: Headers) => h.append('signature-input', 'b=("@method")'), 'exactly one'],
    ['the same label twice', (h: Headers) => h.append('signature', h.get('signature')!), 'twice'],
    ['no signature', (h: Headers) => h.delete('signature'), 'exactly one'],
    ['no input', (h: Headers) => h.delete('signature-input'), 'exactly one'],
    ['another tag', (h: Headers) => edit(h, 'phalanx-hub', 'other'), 'something else'],
    ['no tag', (h: Headers) => edit(h, ';tag="phalanx-hub"', ''), 'something else'],
    [
      'an end before now',
      (h: Headers) => edit(h, /expires=\d+/, `expires=${START_MS / 1000}`),
      'another time',
    ],
    ['an end that is no time', (h: Headers) => edit(h, /expires=\d+/, 'expires="x"'), 'expires never'],
    ['a short nonce', (h: Headers) => edit(h, /nonce="[^"]*"/, 'nonce="a"'), 'wrong length'],
    ['no nonce', (h: Headers) => edit(h, /;nonce="[^"]*"/, ''), 'without time, nonce'],
    ['another algorithm', (h: Headers) => edit(h, 'alg="ed25519"', 'alg="hmac-sha256"'), 'another algorithm'],
    [
      'a kid with a path',
      (h: Headers) => edit(h, /keyid="[^"]*"/, 'keyid="../../etc/passwd"'),
      'no valid key',
    ],
    ['a method that is not covered', (h: Headers) => edit(h, '"@method" ', ''), 'does not cover'],
    ['a target that is not covered', (h: Headers) => edit(h, '"@target-uri"', '"@path"'), 'does not cover'],
    ['a body that is not covered', (h: Headers) => edit(h, ' "content-digest"', ''), 'does not cover'],
    ['a type that is not covered', (h: Headers) => edit(h, ' "content-type"', ''), 'without the type'],
    ['a component twice', (h: Headers) => edit(h, '"@method"', '"@method" "@method"'), 'covered twice'],
    [
      'a component with parameters',
      (h: Headers) => edit(h, '"@method"', '"@method" "date";sf'),
      'with parameters',
    ],
    ['an unknown component', (h: Headers) => edit(h, '"@method"', '"@method" "@who"'), 'unknown derived'],
    ['a missing field', (h: Headers) => edit(h, '"@method"', '"@method" "date"'), 'is missing'],
    ['a field of no name', (h: Headers) => edit(h, '"@method"', '"@method" "a b"'), 'none of a field'],
    ['a token beside it', (h: Headers) => h.set('authorization', 'DPoP x'), 'beside another'],
    ['a proof beside it', (h: Headers) => h.set('dpop', 'x'), 'without a token'],
  ])('is refused with %s', async (_, edit, reason) => {
    await expectRefused(change(await sign(post('{}')), edit), reason);
  });

  it('fills no more nonces than its member may have', async () => {
    for (let i = 0; i < made.nonces.limit; i++) await made.nonces.use(`signature:${made.key.kid}`, `n${i}`);
    await expectRefused(await sign(new Request(URL_A)), 'too many nonces');
    made.members.addMember('lab-b');
    expect(await ask(await sign(new Request(URL_A), await made.members.addKey('lab-b')))).not.toBeNull();
  });

  it('whose signature is wrong leaves body and nonces alone', async () => {
    const signed = await sign(post('{}'));
    let pulled = 0;
    const stream = new ReadableStream(
      {
        pull: (controller) => {
          pulled++;
          controller.enqueue(new Uint8Array(1e6));
        },
      },
      { highWaterMark: 0 },
    );
    const headers = new Headers(signed.headers);
    headers.set('signature', 'sig1=:AAAA:');
    await expectRefused(
      new Request(URL_A, { method: 'POST', headers, body: stream, duplex: 'half' } as RequestInit),
      'something else',
    );
    expect([pulled, made.nonces.used.size]).toEqual([0, 0]);
  });

  it('with a body beyond the limit is refused without reading all of it', async () => {
    const signed = await sign(post('{}'));
    let pulled = 0;
    const stream = new ReadableStream(
      {
        pull: (controller) => {
          pulled++;
          controller.enqueue(new Uint8Array(1e6));
        },
      },
      { highWaterMark: 0 },
    );
    await expectRefused(
      new Request(URL_A, {
        method: 'POST',
        headers: signed.headers,
        body: stream,
        duplex: 'half',
      } as RequestInit),
      'too long',
    );
    expect(pulled).toBeLessThan(14);
  });
});

function edit(headers: Headers, from: string | RegExp, to: string): void {
  headers.set('signature-input', headers.get('signature-input')!.replace(from, to));
}
