import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type AuthMethod,
  answerTokenRequest,
  authenticate,
  authorizeByPassword,
  authorizeBySignature,
  authorizeByToken,
  type ClientAuthorizer,
  type ClientKey,
  type ClientKeyKind,
  generateClientKey,
  hashPassword,
  makePassword,
  PasswordGate,
} from '@phalanx/coalition/identity';
import { DAY_MS, systemClock } from '@phalanx/core';
import { openControlStore } from '@phalanx/store/control';

const ORIGIN = 'https://hub.example';
const AT_ONCE = 16;

/** Requests that a hub establishes the sender of, with members and nonces in the control store: a second and processor time each. */
export async function benchCoalitionIdentity(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { requests: { type: 'string', default: '1000' }, url: { type: 'string' } },
  });
  const requests = Number(values.requests);
  const folder = await mkdtemp(join(tmpdir(), 'phalanx-identity-'));
  const store = await openControlStore(
    values.url === undefined ? { dataDir: join(folder, 'control') } : { url: values.url },
  );
  try {
    // A member each: one alone would run into the limit on nonces.
    const admit = async (id: string, kind: ClientKeyKind) => {
      const key = await generateClientKey(kind);
      const validity = { memberId: id, fromMs: 0, untilMs: Date.now() + DAY_MS, revokedAtMs: null };
      await store.members.admit(
        {
          id,
          identity: `identity--${randomUUID()}`,
          clearance: 'amber',
          roles: ['lab'],
          suspendedAtMs: null,
        },
        { keys: [{ ...validity, kid: key.kid, jwk: key.publicJwk }], certificates: [], certificateNames: [] },
      );
      return { id, key };
    };
    const labs = {
      signs: await admit('signs', 'ed25519'),
      signsP256: await admit('signs-p256', 'p256'),
      bears: await admit('bears', 'ed25519'),
      bearsP256: await admit('bears-p256', 'p256'),
    };
    const old = await admit('old', 'ed25519');
    const password = makePassword();
    await store.members.setPassword(old.id, await hashPassword(password));
    const methods: readonly AuthMethod[] = ['signature', 'access-token', 'basic'];
    const connection = { encrypted: true, remoteAddress: '192.0.2.1', clientCertificate: null };
    const hub = {
      issuer: ORIGIN,
      keys: [await generateClientKey()],
      clock: systemClock,
      members: store.members,
      nonces: store.nonces(systemClock),
      dpopSecret: new Uint8Array(32).fill(1),
      passwords: new PasswordGate(store.members, systemClock),
      log: ({ reason }: { reason: string }) => {
        if (!reason.startsWith('use_dpop_nonce')) throw new Error(reason);
      },
      methods,
    };
    const bear = ({ id, key }: { id: string; key: ClientKey }) =>
      authorizeByToken({
        tokenEndpoint: `${ORIGIN}/oauth2/token`,
        issuer: ORIGIN,
        clientId: id,
        key,
        dpopKey: key,
        fetch: (url, init) => answerTokenRequest(new Request(url, init), connection, hub),
      });
    const ways: Record<string, ClientAuthorizer> = {
      'signature, Ed25519': authorizeBySignature(labs.signs.key),
      'signature, P-256': authorizeBySignature(labs.signsP256.key),
      'token with DPoP, Ed25519': bear(labs.bears),
      'token with DPoP, P-256': bear(labs.bearsP256),
      'password that is remembered': authorizeByPassword(old.id, password),
    };
    console.log(
      `${requests} requests of 2 kB, ${AT_ONCE} at once, ${values.url === undefined ? 'PGlite in a folder' : 'PostgreSQL'}`,
    );
    for (const [way, authorize] of Object.entries(ways)) {
      const body = 'x'.repeat(2_000);
      const made = await Promise.all(
        Array.from({ length: requests }, () =>
          authorize(new Request(`${ORIGIN}/api/objects/`, { method: 'POST', body })),
        ),
      );
      const cpu = process.cpuUsage();
      const from = performance.now();
      const next = made.values();
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (const request of next) {
            if ((await authenticate(request, connection, hub)) === null) throw new Error('refused');
          }
        }),
      );
      const seconds = (performance.now() - from) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      const each = ((user + system) / 1000 / requests).toFixed(2);
      console.log(`${way}: ${(requests / seconds).toFixed(0)} a second, ${each} ms of processor time each`);
    }
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}
