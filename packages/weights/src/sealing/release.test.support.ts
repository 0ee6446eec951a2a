import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBytesSource } from '../formats/byte-source.js';
import { collect, makePlain } from './age.test.support.js';
import { type AgeKeyKind, generateIdentity, recipientOf } from './age-key.js';
import {
  type Approver,
  approve,
  parseApprovers,
  type SignedLease,
  type SignedWithdrawal,
} from './approval.js';
import { digestTerms, type Lease, type LeaseTerms, makeLease } from './lease.js';
import type { PacedContainer } from './paced-container.js';
import { ReleaseService, type ReleaseServiceSettings, type ReleaseStatement } from './release-service.js';
import { sealPaced } from './seal-paced.js';
import { openSealedStream } from './sealed-stream.js';

export const START_MS = Date.UTC(2026, 10, 1);
export const SEGMENT = 65_536;
/** Two files over five segments, the border of the files inside the third. */
export const SIZES = [150_000, 140_000];

/** A container, those who approve, one who leases, a log in memory and a clock that is set by hand. */
export interface Office {
  readonly folder: string;
  readonly container: PacedContainer;
  readonly plains: readonly Uint8Array[];
  readonly identity: string;
  readonly people: readonly { readonly name: string; readonly key: KeyObject }[];
  readonly approvers: readonly Approver[];
  readonly lessee: string;
  readonly log: ReleaseStatement[];
  readonly now: { wallMs: number; counterMs: number };
  open(settings?: Partial<ReleaseServiceSettings>): Promise<ReleaseService>;
  lease(terms?: Partial<LeaseTerms>): Promise<Lease>;
  sign(lease: Lease, ...by: number[]): SignedLease;
  withdraw(lease: Lease, by: number): SignedWithdrawal;
  /** Shows the lease and opens the token. */
  enter(service: ReleaseService, signed: SignedLease): Promise<{ leaseSha256: string; token: string }>;
  /** Both clocks. */
  wait(ms: number): void;
}

export async function openOffice(keysPerHour = 2, kind: AgeKeyKind = 'X25519'): Promise<Office> {
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-release-'));
  const plains = SIZES.map(makePlain);
  const model = mkdtempSync(join(folder, 'model-'));
  for (const [i, plain] of plains.entries()) writeFileSync(join(model, `part-${i}.bin`), plain);
  const identity = await generateIdentity(kind);
  const container = await sealPaced(model, join(folder, 'sealed'), {
    service: await recipientOf(identity),
    segmentBytes: SEGMENT,
    keysPerHour,
  });
  const people = [
    { name: 'Ada', key: generateKeyPairSync('ed25519').privateKey },
    { name: 'Bea', key: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey },
    { name: 'Cem', key: generateKeyPairSync('ed25519').privateKey },
  ];
  const approvers = parseApprovers(
    JSON.stringify(
      people.map(({ name, key }) => ({
        name,
        publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }),
      })),
    ),
  );
  const lessee = await generateIdentity(kind);
  const log: ReleaseStatement[] = [];
  const now = { wallMs: START_MS, counterMs: 0 };
  return {
    folder,
    container,
    plains,
    identity,
    people,
    approvers,
    lessee,
    log,
    now,
    open: (settings) =>
      ReleaseService.open({
        identity,
        containers: [container],
        approvers,
        by: 'release desk',
        history: [...log],
        record: async (statement) => log.push(statement),
        clock: { nowMs: () => now.wallMs },
        counterMs: () => now.counterMs,
        ...settings,
      }),
    lease: async (terms) =>
      makeLease(container, {
        recipient: await recipientOf(lessee),
        segments: 'all',
        keysPerHour: 2,
        notBeforeMs: START_MS,
        notAfterMs: START_MS + 24 * 3_600_000,
        purpose: 'evaluation',
        ...terms,
      }),
    sign: (lease, ...by) => ({
      schema: 'phalanx.signed-lease.v1',
      lease,
      approvals: by.map((i) => approve(lease, people[i]!.key)),
    }),
    withdraw: (lease, by) => {
      const withdrawal = {
        schema: 'phalanx.lease-withdrawal.v1',
        leaseSha256: digestTerms(lease),
        artifactSha256: lease.artifactSha256,
        reason: 'the evaluation ended',
      } as const;
      return {
        schema: 'phalanx.signed-lease-withdrawal.v1',
        withdrawal,
        approvals: [approve(withdrawal, people[by]!.key)],
      };
    },
    enter: async (service, signed) => {
      const { leaseSha256, token } = await service.submit(signed);
      const bytes = await collect(openSealedStream(openBytesSource(token), [lessee]));
      return { leaseSha256, token: Buffer.from(bytes).toString('latin1') };
    },
    wait: (ms) => {
      now.wallMs += ms;
      now.counterMs += ms;
    },
  };
}
