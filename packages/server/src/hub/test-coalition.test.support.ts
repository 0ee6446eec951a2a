import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authenticate, generateClientKey, type Member, type MemberRole } from '@phalanx/coalition/identity';
import { epochOf } from '@phalanx/coalition/matching';
import { type Clock, type Listener, type ListenerSettings, listen } from '@phalanx/core';
import { type ControlStore, EpochKeys } from '@phalanx/store/control';
import { openTemporaryControlStore } from '@phalanx/store/temporary';
import type { KeyRoster } from '../ceremony/key-roster.js';
import { type MadeServer, makeRoster } from '../ceremony/key-servers.test.support.js';
import { KeyShareFiles } from '../ceremony/key-share-files.js';
import { openRemoteBoard } from '../ceremony/remote-board.js';
import { makeSender, type Sender } from '../http/https-sender.js';
import { type MadeCertificate, TestAuthority } from '../http/test-authority.test.support.js';
import { KeyServer } from '../matching/key-server.js';
import { makeKeyServerApi } from '../matching/key-server-routes.js';
import { MatchingClient } from '../matching/matching-client.js';
import { limitBody, MAX_HELD_BYTES } from './body-limits.js';
import { type Hub, openHub } from './open-hub.js';
import { PeerClient } from './peer-client.js';

export const LABS = ['lab-a', 'lab-b', 'lab-c'] as const;
const METHODS = ['mtls', 'access-token', 'signature'] as const;

/** A hub, three key servers of which two suffice, and three labs, over TLS on loopback, each with a certificate of its own. */
export class TestCoalition {
  readonly authority = new TestAuthority();
  readonly clock: Clock & { offsetMs: number } = {
    offsetMs: 0,
    nowMs: () => Date.now() + this.clock.offsetMs,
  };
  readonly errors: unknown[] = [];
  readonly refusals: string[] = [];
  readonly certificates = new Map<string, MadeCertificate>();
  readonly stores = new Map<string, ControlStore>();
  readonly listeners = new Map<string, Listener>();
  readonly servers = new Map<string, KeyServer>();
  readonly #senders: (Sender & { close(): void })[] = [];
  readonly #ports = new Map<string, number>();
  folder = '';
  roster!: KeyRoster;
  hub!: Hub;
  keyServers!: readonly MadeServer[];

  /** @param parties that are opened; all of them unless a test needs the hub alone */
  async open(parties: readonly string[] = ['hub', 'key-1', 'key-2', 'key-3']): Promise<this> {
    this.folder = await mkdtemp(join(tmpdir(), 'phalanx-coalition-'));
    for (const party of parties) {
      const store = await openTemporaryControlStore();
      this.stores.set(party, store);
      // A port that stays the party's when it starts again.
      const probe = await listen(async () => new Response(), { host: '127.0.0.1', port: 0 });
      this.#ports.set(party, probe.port);
      await probe.close();
      for (const lab of LABS) await this.admit(party, lab, ['lab']);
      if (party === 'hub')
        for (const server of ['key-1', 'key-2', 'key-3']) await this.admit(party, server, ['key-server']);
    }
    const made = makeRoster(2, 3, (number) => `https://127.0.0.1:${this.#ports.get(`key-${number}`)}`);
    this.roster = made.roster;
    this.keyServers = made.servers;
    await this.startHub();
    for (const { member } of made.servers) if (parties.includes(member)) await this.startKeyServer(member);
    return this;
  }

  async admit(party: string, id: string, roles: readonly MemberRole[]): Promise<void> {
    const { members } = this.stores.get(party)!;
    const uri = `https://coalition.example/members/${id}`;
    if (!this.certificates.has(id)) this.certificates.set(id, this.authority.issue(id, 'client', [uri]));
    const digit = [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 0xffffffffff, 7);
    const member: Member = {
      id,
      identity: `identity--0f6c2a52-3c3f-4b44-9c1c-${digit.toString(16).padStart(12, '0')}`,
      clearance: 'amber',
      roles,
      suspendedAtMs: null,
    };
    await members.putMember(member);
    await members.addCertificateName(id, uri);
  }

  async suspend(party: string, id: string, isSuspended = true): Promise<void> {
    const { members } = this.stores.get(party)!;
    const member = (await members.findMember(id))!;
    await members.putMember({ ...member, suspendedAtMs: isSuspended ? this.clock.nowMs() : null });
  }

  /** Starts the hub, or starts it again as after a crash: nothing that was in memory is left. */
  async startHub(settings: Partial<ListenerSettings> = {}): Promise<void> {
    await this.listeners.get('hub')?.close();
    this.hub = openHub({
      store: this.stores.get('hub')!,
      epochKeys: await EpochKeys.open(join(this.folder, 'epoch-keys')),
      publicUrl: `https://127.0.0.1:${this.#ports.get('hub')}`,
      title: 'test hub',
      identityKeys: [await generateClientKey()],
      cursorKey: new Uint8Array(randomBytes(32)),
      dpopSecret: new Uint8Array(randomBytes(32)),
      roster: this.roster,
      matchingThreshold: 3,
      clock: this.clock,
      keyStepMs: 5_000,
      onRefusal: ({ reason }) => this.refusals.push(reason),
      onError: (error) => this.errors.push(error),
    });
    await this.#listen('hub', this.hub.handlerFor(METHODS), settings);
  }

  /** @param bend what a server that lies makes of its answers */
  async startKeyServer(
    party: string,
    bend?: (request: Request, answer: Response) => Promise<Response>,
  ): Promise<void> {
    await this.listeners.get(party)?.close();
    const { number, signingKey, sealingKey } = this.keyServers.find(({ member }) => member === party)!;
    const store = this.stores.get(party)!;
    const server = new KeyServer({
      roster: this.roster,
      number,
      signingKey,
      sealingKey,
      board: openRemoteBoard(this.peer(party, 'hub')),
      shares: await KeyShareFiles.open(join(this.folder, party)),
      quotas: store.quotas,
      clock: this.clock,
      log: () => undefined,
    });
    this.servers.set(party, server);
    const issuer = `https://127.0.0.1:${this.#ports.get(party)}`;
    const nonces = store.nonces(this.clock);
    const keys = [await generateClientKey()];
    const dpopSecret = new Uint8Array(32);
    const identity = {
      issuer,
      keys,
      clock: this.clock,
      members: store.members,
      nonces,
      dpopSecret,
      log: () => undefined,
    };
    const api = makeKeyServerApi(server, {
      authenticate: (request, connection) =>
        authenticate(request, connection, { ...identity, methods: METHODS }),
      clock: this.clock,
      onError: (error) => this.errors.push(error),
    });
    await this.#listen(party, async (request, connection) => {
      const copy = bend === undefined ? request : request.clone();
      const answer = await api.fetch(request, { connection });
      return bend === undefined ? answer : bend(copy, answer);
    });
  }

  /** Lets key servers go on until each has a share, or as often as is said. */
  async makeKey(parties: readonly string[] = ['key-1', 'key-2', 'key-3'], rounds = 60): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const done = await Promise.all(
        parties.map((party) =>
          this.servers
            .get(party)!
            .tick()
            .catch(() => false),
        ),
      );
      if (done.every(Boolean)) return;
    }
    throw new Error('no key was made');
  }

  /** A connection of one party to another. */
  peer(from: string, to: string): PeerClient {
    return new PeerClient(`https://127.0.0.1:${this.#ports.get(to)}`, this.sender(from));
  }

  sender(from: string | null): Sender {
    const own = from === null ? {} : this.certificates.get(from)!;
    const sender = makeSender({ ca: this.authority.certificate, ...own });
    this.#senders.push(sender);
    return sender;
  }

  /** Somebody with a certificate of another authority. */
  strangersSender(): Sender {
    const sender = makeSender({
      ca: this.authority.certificate,
      ...new TestAuthority('other').issue('lab-a', 'client'),
    });
    this.#senders.push(sender);
    return sender;
  }

  url(party: string): string {
    return `https://127.0.0.1:${this.#ports.get(party)}`;
  }

  epoch(): number {
    return epochOf(this.clock.nowMs());
  }

  client(lab: string): MatchingClient {
    const servers = new Map(this.keyServers.map(({ number, member }) => [number, this.peer(lab, member)]));
    return new MatchingClient({
      hub: this.peer(lab, 'hub'),
      roster: this.roster,
      serverOf: (number) => servers.get(number)!,
      clock: this.clock,
    });
  }

  async close(): Promise<void> {
    for (const sender of this.#senders) sender.close();
    for (const listener of this.listeners.values()) await listener.close();
    for (const store of this.stores.values()) await store.close();
    await rm(this.folder, { recursive: true });
  }

  async #listen(
    party: string,
    handler: Parameters<typeof listen>[0],
    settings: Partial<ListenerSettings> = {},
  ) {
    const { certificate, key } = this.authority.issue(party, 'server');
    const port = this.#ports.get(party)!;
    this.listeners.set(
      party,
      await listen(handler, {
        host: '127.0.0.1',
        port,
        origin: `https://127.0.0.1:${port}`,
        tls: { key, certificate, clientCa: this.authority.certificate },
        maxBodyBytes: limitBody,
        maxHeldBytes: MAX_HELD_BYTES,
        graceMs: 100,
        onError: (error) => this.errors.push(error),
        ...settings,
      }),
    );
  }
}
