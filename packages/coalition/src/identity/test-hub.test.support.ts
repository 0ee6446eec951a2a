import type { Connection } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { type ClientKey, generateClientKey } from './client-key.js';
import type { Member } from './member.js';
import type { MemberCertificate, MemberDirectory, MemberKey } from './member-directory.js';
import type { NonceStore } from './nonce-store.js';

export const ORIGIN = 'https://hub.example';
export const START_MS = Date.UTC(2026, 10, 23);
export const TLS: Connection = { encrypted: true, remoteAddress: '192.0.2.1', clientCertificate: null };

/** A clock that stands until it is set. */
export class StandingClock {
  ms = START_MS;
  nowMs(): number {
    return this.ms;
  }
}

/** A directory in arrays, as open as a test wants it. */
export class ListedMembers implements MemberDirectory {
  readonly members = new Map<string, Member>();
  readonly keys = new Map<string, MemberKey>();
  readonly certificates = new Map<string, MemberCertificate>();
  readonly names = new Map<string, string>();
  readonly passwords = new Map<string, string>();

  async findMember(id: string) {
    return this.members.get(id) ?? null;
  }
  async findKey(kid: string) {
    return this.keys.get(kid) ?? null;
  }
  async findCertificate(thumbprint: string) {
    return this.certificates.get(thumbprint) ?? null;
  }
  async findCertificateName(uri: string) {
    return this.members.get(this.names.get(uri) ?? '') ?? null;
  }
  async findPassword(id: string) {
    return this.passwords.get(id) ?? null;
  }

  addMember(id: string, roles: Member['roles'] = ['lab']): Member {
    const digit = `${this.members.size}`.padStart(12, '0');
    const identity = `identity--0f6c2a52-3c3f-4b44-9c1c-${digit}`;
    const member: Member = { id, identity, clearance: 'amber', roles, suspendedAtMs: null };
    this.members.set(id, member);
    return member;
  }

  async addKey(memberId: string, kind: 'ed25519' | 'p256' = 'ed25519'): Promise<ClientKey> {
    const key = await generateClientKey(kind);
    const fromMs = START_MS - 1e6;
    this.keys.set(key.kid, {
      kid: key.kid,
      jwk: key.publicJwk,
      memberId,
      fromMs,
      untilMs: fromMs + 1e10,
      revokedAtMs: null,
    });
    return key;
  }
}

/** Nonces in a set that forgets nothing and takes `limit` a scope. */
export class ListedNonces implements NonceStore {
  readonly used = new Map<string, Set<string>>();
  readonly limit: number;

  constructor(limit = 1000) {
    this.limit = limit;
  }

  async use(scope: string, nonce: string): Promise<boolean> {
    const scoped = this.used.get(scope) ?? new Set();
    this.used.set(scope, scoped);
    if (scoped.has(nonce)) return false;
    if (scoped.size >= this.limit) return refuse('COALITION_LIMIT', 'too many nonces', 'wait');
    scoped.add(nonce);
    return true;
  }
}

/** A hub with one lab and its key, and what its log has learned. */
export async function makeTestHub() {
  const clock = new StandingClock();
  const members = new ListedMembers();
  const nonces = new ListedNonces();
  const lab = members.addMember('lab-a');
  const key = await members.addKey('lab-a');
  const refusals: string[] = [];
  const hub = {
    issuer: ORIGIN,
    keys: [await generateClientKey()],
    clock,
    members,
    nonces,
    dpopSecret: new Uint8Array(32).fill(7),
    log: ({ reason }: { reason: string }) => void refusals.push(reason),
  };
  return { hub, clock, members, nonces, lab, key, refusals };
}
