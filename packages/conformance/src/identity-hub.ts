import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AuthMethod,
  answerHubKeys,
  answerMetadata,
  answerTokenRequest,
  authenticate,
  type Caller,
  type ClientKey,
  certificateThumbprint,
  generateClientKey,
  IDENTITY_PATHS,
  listChallenges,
} from '@phalanx/coalition/identity';
import {
  answerJson,
  answerProblem,
  DAY_MS,
  type Listener,
  type ListenerTls,
  listen,
  systemClock,
} from '@phalanx/core';
import { type ControlStore, openControlStore } from '@phalanx/store/control';

/** A hub that says who asks, and nothing else, over HTTP or TLS on this machine, with its members in the control store. */
export class IdentityHub {
  readonly #store: ControlStore;
  readonly #listener: Listener;
  readonly #folder: string;
  /** What its log has learned. */
  readonly refusals: string[];
  readonly issuer: string;

  private constructor(
    store: ControlStore,
    listener: Listener,
    folder: string,
    issuer: string,
    refusals: string[],
  ) {
    this.#store = store;
    this.#listener = listener;
    this.#folder = folder;
    this.issuer = issuer;
    this.refusals = refusals;
  }

  static async open(methods: readonly AuthMethod[], tls?: ListenerTls): Promise<IdentityHub> {
    const folder = await mkdtemp(join(tmpdir(), 'phalanx-identity-'));
    const store = await openControlStore({ dataDir: join(folder, 'control') });
    const refusals: string[] = [];
    const base = {
      keys: [await generateClientKey()],
      clock: systemClock,
      members: store.members,
      nonces: store.nonces(systemClock),
      dpopSecret: new Uint8Array(32).fill(9),
      log: ({ reason }: { reason: string }) => void refusals.push(reason),
      methods,
    };
    let issuer = '';
    const listener = await listen(
      async (request, connection) => {
        const hub = { ...base, issuer };
        const { pathname } = new URL(request.url);
        if (pathname === IDENTITY_PATHS.token) return answerTokenRequest(request, connection, hub);
        if (pathname === IDENTITY_PATHS.metadata) return answerMetadata(hub);
        if (pathname === IDENTITY_PATHS.keys) return answerHubKeys(hub);
        const caller: Caller | null = await authenticate(request, connection, hub);
        if (caller === null) {
          return answerProblem(401, 'unknown', { 'www-authenticate': listChallenges(methods) });
        }
        return answerJson(200, {
          member: caller.member.id,
          method: caller.method,
          body: await request.text(),
        });
      },
      { host: '127.0.0.1', port: 0, maxBodyBytes: 1 << 20, ...(tls === undefined ? {} : { tls }) },
    );
    issuer = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${listener.port}`;
    return new IdentityHub(store, listener, folder, issuer, refusals);
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Adds a lab with a key, and a URI that its certificates may carry. */
  async admit(id: string, key: ClientKey): Promise<void> {
    const nowMs = systemClock.nowMs();
    const digits = `${Math.floor(Math.random() * 1e12)}`.padStart(12, '0');
    await this.#store.members.admit(
      {
        id,
        identity: `identity--0f6c2a52-3c3f-4b44-9c1c-${digits}`,
        clearance: 'amber',
        roles: ['lab'],
        suspendedAtMs: null,
      },
      {
        keys: [
          {
            kid: key.kid,
            memberId: id,
            jwk: key.publicJwk,
            fromMs: nowMs - DAY_MS,
            untilMs: nowMs + DAY_MS,
            revokedAtMs: null,
          },
        ],
        certificates: [],
        certificateNames: [`urn:phalanx:member:${id}`],
      },
    );
  }

  /** Pins a certificate to a member, and revokes it if `isRevoked`. */
  async pin(id: string, der: Uint8Array, isRevoked: boolean): Promise<void> {
    const nowMs = systemClock.nowMs();
    const thumbprint = certificateThumbprint(der);
    await this.#store.members.addCertificate({
      thumbprint,
      memberId: id,
      fromMs: nowMs - DAY_MS,
      untilMs: nowMs + DAY_MS,
      revokedAtMs: null,
    });
    if (isRevoked) await this.#store.members.revokeCertificate(id, thumbprint, nowMs - 1);
  }

  async close(): Promise<void> {
    await this.#listener.close();
    await this.#store.close();
    await rm(this.#folder, { recursive: true });
  }
}
