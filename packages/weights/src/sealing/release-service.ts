import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type Clock, fromBase64, PhalanxError, toHex, utf8 } from '@phalanx/core';
import { openBytesSource } from '../formats/byte-source.js';
import { refuse, type WeightsErrorCode } from '../weights-error.js';
import { makeHeader, openHeader } from './age-header.js';
import { recipientOf } from './age-key.js';
import {
  APPROVALS_NEEDED,
  type Approver,
  findSigners,
  type SignedLease,
  type SignedWithdrawal,
} from './approval.js';
import { KeyBudget } from './key-budget.js';
import { digestTerms, isLeased, type Lease, requireFits } from './lease.js';
import type { PacedContainer } from './paced-container.js';
import { sealSource } from './sealed-stream.js';
import { SteadyClock } from './steady-clock.js';

/** Segments that one request may name: a post-quantum header takes some milliseconds. */
export const MAX_REQUESTED = 64;
/** Leases that were shown since the start. */
const MAX_OPEN_LEASES = 10_000;
const TOKEN_BYTES = 32;

/** What the service has logged; kinds `lease` and `segment-release` of docs/spec/record-leaf.md. */
export type ReleaseStatement =
  | {
      readonly kind: 'lease';
      readonly version: 1;
      readonly atMs: number;
      readonly by: string;
      readonly state: 'granted' | 'withdrawn';
      readonly leaseSha256: string;
      readonly artifactSha256: string;
      /** Names of the approvers' keys. */
      readonly signers: string[];
      readonly reason: string;
    }
  | {
      readonly kind: 'segment-release';
      readonly version: 1;
      readonly atMs: number;
      readonly by: string;
      readonly leaseSha256: string;
      readonly artifactSha256: string;
      readonly segments: number[];
    };

export interface ReleaseServiceSettings {
  /** The service's age identity, whose recipient the containers name. */
  readonly identity: string;
  readonly containers: readonly PacedContainer[];
  readonly approvers: readonly Approver[];
  /** Who is answerable for the statements. */
  readonly by: string;
  /** All that the log has of these kinds, oldest first: it is the service's only memory. */
  readonly history: Iterable<ReleaseStatement> | AsyncIterable<ReleaseStatement>;
  /** Resolves when the statement survives a loss of power. */
  readonly record: (statement: ReleaseStatement) => Promise<unknown>;
  readonly clock?: Clock;
  readonly counterMs?: () => number;
}

/** One segment's key for the recipient of a lease. */
export interface ReleasedKey {
  readonly segment: number;
  /** In place of the header that the segment's file has, it makes an age file for the recipient. */
  readonly header: Uint8Array;
}

export interface Release {
  readonly keys: readonly ReleasedKey[];
  /** Segments asked for whose key may not be handed out yet. */
  readonly pending: readonly number[];
  /** Until at least one of them may be; 0 without any. */
  readonly waitMs: number;
}

/** What the log says of a lease. */
interface LoggedLease {
  isGranted: boolean;
  isWithdrawn: boolean;
  readonly released: Set<number>;
  /** When how many were released: counted against a rate that is known once the lease is shown. */
  readonly given: { atMs: number; keys: number }[];
}

interface OpenLease {
  readonly lease: Lease;
  readonly container: PacedContainer;
  readonly budget: KeyBudget;
}

/**
 * Hands out the keys of containers' segments to those who have a lease, no faster than lease and container allow.
 *
 * Its memory is the log: a key leaves only after the statement that says so is synced, so that a crash at any moment leaves more
 * keys counted than handed out, and never fewer. A segment that a lease was given once is given to it again without counting. When
 * something cannot be logged, nothing more is handed out until the service is opened anew. One process at a time.
 */
export class ReleaseService {
  readonly #settings: ReleaseServiceSettings;
  readonly #clock: SteadyClock;
  readonly #containers: ReadonlyMap<string, PacedContainer>;
  readonly #logged: Map<string, LoggedLease>;
  readonly #artifactBudgets: ReadonlyMap<string, KeyBudget>;
  readonly #open = new Map<string, OpenLease>();
  readonly #tokenKey: Uint8Array;
  #failure: unknown = null;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(
    settings: ReleaseServiceSettings,
    clock: SteadyClock,
    logged: Map<string, LoggedLease>,
    artifactBudgets: ReadonlyMap<string, KeyBudget>,
  ) {
    this.#settings = settings;
    this.#clock = clock;
    this.#containers = new Map(settings.containers.map((each) => [each.artifactSha256, each]));
    this.#logged = logged;
    this.#artifactBudgets = artifactBudgets;
    // The same after a restart, and nothing that the identity could be found from.
    this.#tokenKey = new Uint8Array(
      hkdfSync('sha256', utf8(settings.identity), '', 'phalanx release token', TOKEN_BYTES),
    );
  }

  /**
   * Reads the log and is ready.
   *
   * @throws PhalanxError `WEIGHTS_KEY` when a container is for another service
   */
  static async open(settings: ReleaseServiceSettings): Promise<ReleaseService> {
    const recipient = await recipientOf(settings.identity);
    for (const { manifest } of settings.containers)
      if (manifest.service !== recipient)
        refuse('WEIGHTS_KEY', 'a container is for another release service than this identity');
    const budgets = new Map(
      settings.containers.map(({ artifactSha256, manifest }) => [
        artifactSha256,
        new KeyBudget(manifest.keysPerHour),
      ]),
    );
    const logged = new Map<string, LoggedLease>();
    let lastMs = 0;
    for await (const statement of settings.history) {
      const lease = findOrBegin(logged, statement.leaseSha256);
      lastMs = Math.max(lastMs, statement.atMs);
      if (statement.kind === 'lease') {
        if (statement.state === 'granted') lease.isGranted = true;
        else lease.isWithdrawn = true;
        continue;
      }
      noteRelease(lease, budgets.get(statement.artifactSha256), statement.atMs, statement.segments);
    }
    const clock = new SteadyClock(lastMs, settings.clock, settings.counterMs);
    return new ReleaseService(settings, clock, logged, budgets);
  }

  /**
   * Takes a lease that two approvers signed, and logs it unless it is logged. After a restart it is shown again: the log has its
   * digest alone.
   *
   * @returns a token for `release`, as an age file that only the lease's recipient opens
   * @throws PhalanxError `WEIGHTS_LEASE` when too few approved, or it is withdrawn, over, or for a container that is not here;
   * `WEIGHTS_LIMIT` above 10,000 leases since the start; `WEIGHTS_RELEASE`
   */
  submit({ lease, approvals }: SignedLease): Promise<{ leaseSha256: string; token: Uint8Array }> {
    return this.#inTurn(async () => {
      const leaseSha256 = digestTerms(lease);
      const signers = findSigners(lease, approvals, this.#settings.approvers);
      if (signers.length < APPROVALS_NEEDED)
        refuse('WEIGHTS_LEASE', `${signers.length} approvals; a lease needs ${APPROVALS_NEEDED}`);
      const container = this.#containers.get(lease.artifactSha256);
      if (container === undefined) return refuse('WEIGHTS_LEASE', 'the container is not served here');
      requireFits(lease, container);
      const known = this.#logged.get(leaseSha256);
      if (known?.isWithdrawn) refuse('WEIGHTS_LEASE', 'the lease is withdrawn');
      if (this.#clock.latestMs() > lease.notAfterMs) refuse('WEIGHTS_LEASE', 'the lease is over');
      if (!this.#open.has(leaseSha256) && this.#open.size >= MAX_OPEN_LEASES)
        refuse('WEIGHTS_LIMIT', `more than ${MAX_OPEN_LEASES} leases`);
      if (!known?.isGranted) {
        await this.#record({
          ...this.#statement(leaseSha256, lease.artifactSha256),
          kind: 'lease',
          state: 'granted',
          signers: signers.map(({ keyId }) => keyId).sort(),
          reason: lease.purpose,
        });
        findOrBegin(this.#logged, leaseSha256).isGranted = true;
      }
      if (!this.#open.has(leaseSha256)) {
        const budget = new KeyBudget(lease.keysPerHour);
        for (const { atMs, keys } of known?.given ?? []) budget.take(atMs, keys);
        this.#open.set(leaseSha256, { lease, container, budget });
      }
      return { leaseSha256, token: await this.#sealToken(leaseSha256, lease.recipient) };
    });
  }

  /**
   * Ends a lease; one approver is enough. Also one that was never shown here. Keys that were handed out stay handed out.
   *
   * @throws PhalanxError `WEIGHTS_LEASE` when no approver signed, `WEIGHTS_RELEASE`
   */
  withdraw({ withdrawal, approvals }: SignedWithdrawal): Promise<void> {
    return this.#inTurn(async () => {
      const signers = findSigners(withdrawal, approvals, this.#settings.approvers);
      if (signers.length === 0) refuse('WEIGHTS_LEASE', 'no approver signed the withdrawal');
      const { leaseSha256, artifactSha256, reason } = withdrawal;
      if (this.#logged.get(leaseSha256)?.isWithdrawn) return;
      // Before the log has it: what cannot be logged must not go on either.
      findOrBegin(this.#logged, leaseSha256).isWithdrawn = true;
      await this.#record({
        ...this.#statement(leaseSha256, artifactSha256),
        kind: 'lease',
        state: 'withdrawn',
        signers: signers.map(({ keyId }) => keyId).sort(),
        reason,
      });
    });
  }

  /**
   * Keys of a lease's segments: those that it was given before, and as many more as may be handed out now, in the order asked for.
   *
   * @param token as the recipient found it in what `submit` returned
   * @param segments at most 64
   * @throws PhalanxError `WEIGHTS_LEASE` without a right to any of them, `WEIGHTS_ARGUMENT`, `WEIGHTS_RELEASE`
   */
  release(leaseSha256: string, token: string, segments: readonly number[]): Promise<Release> {
    return this.#inTurn(async () => {
      const open = this.#requireHolder(leaseSha256, token);
      const { lease, container, budget } = open;
      const logged = this.#logged.get(leaseSha256)!;
      if (logged.isWithdrawn) refuse('WEIGHTS_LEASE', 'the lease is withdrawn');
      if (this.#clock.latestMs() > lease.notAfterMs) refuse('WEIGHTS_LEASE', 'the lease is over');
      const nowMs = this.#clock.nowMs();
      if (nowMs < lease.notBeforeMs) refuse('WEIGHTS_LEASE', 'the lease has not begun');
      const wanted = checkWanted(segments, lease, container);

      const fresh = wanted.filter((segment) => !logged.released.has(segment));
      const artifactBudget = this.#artifactBudgets.get(lease.artifactSha256)!;
      const budgets = [budget, artifactBudget];
      const granted = fresh.slice(0, Math.min(...budgets.map((each) => each.left(nowMs))));
      if (granted.length > 0) {
        await this.#record({
          ...this.#statement(leaseSha256, lease.artifactSha256, nowMs),
          kind: 'segment-release',
          segments: granted,
        });
        budget.take(nowMs, granted.length);
        noteRelease(logged, artifactBudget, nowMs, granted);
      }
      const keys: ReleasedKey[] = [];
      for (const segment of wanted)
        if (logged.released.has(segment))
          keys.push({ segment, header: await this.#wrapAgain(container, segment, lease.recipient) });
      const pending = fresh.slice(granted.length);
      const waitMs = pending.length === 0 ? 0 : Math.max(...budgets.map((each) => each.waitMs(nowMs)));
      return { keys, pending, waitMs };
    });
  }

  #requireHolder(leaseSha256: string, token: string): OpenLease {
    const expected = utf8(this.#tokenOf(leaseSha256));
    const found = utf8(token);
    const isHolder = found.length === expected.length && timingSafeEqual(found, expected);
    const open = this.#open.get(leaseSha256);
    // One answer for both: a stranger does not learn which leases there are.
    if (!isHolder || open === undefined)
      return refuse('WEIGHTS_LEASE', 'no lease that was shown here, or not its token');
    return open;
  }

  async #wrapAgain(container: PacedContainer, segment: number, recipient: string): Promise<Uint8Array> {
    const own = fromBase64(container.manifest.segments[segment]!.header);
    const fileKey = await openHeader(own, [this.#settings.identity]);
    return (await makeHeader([recipient], fileKey)).bytes;
  }

  #tokenOf(leaseSha256: string): string {
    return toHex(createHmac('sha256', this.#tokenKey).update(leaseSha256).digest());
  }

  async #sealToken(leaseSha256: string, recipient: string): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of sealSource(openBytesSource(utf8(this.#tokenOf(leaseSha256))), [recipient]))
      parts.push(part);
    return Buffer.concat(parts);
  }

  #statement(leaseSha256: string, artifactSha256: string, atMs = this.#clock.nowMs()) {
    return { version: 1, atMs, by: this.#settings.by, leaseSha256, artifactSha256 } as const;
  }

  async #record(statement: ReleaseStatement): Promise<void> {
    try {
      await this.#settings.record(statement);
    } catch (error) {
      this.#failure = error;
      throw stopped(error);
    }
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#tail.then(() => {
      if (this.#failure !== null) throw stopped(this.#failure);
      return act();
    });
    this.#tail = mine.catch(() => undefined);
    return mine;
  }
}

function stopped(cause: unknown): PhalanxError<WeightsErrorCode> {
  return new PhalanxError('WEIGHTS_RELEASE', 'a statement could not be logged, and nothing is handed out', {
    cause,
    advice: 'Look after the log and open the service anew: what was logged counts.',
  });
}

function findOrBegin(logged: Map<string, LoggedLease>, leaseSha256: string): LoggedLease {
  let lease = logged.get(leaseSha256);
  if (lease === undefined) {
    lease = { isGranted: false, isWithdrawn: false, released: new Set(), given: [] };
    logged.set(leaseSha256, lease);
  }
  return lease;
}

function noteRelease(
  lease: LoggedLease,
  artifactBudget: KeyBudget | undefined,
  atMs: number,
  segments: readonly number[],
): void {
  for (const segment of segments) lease.released.add(segment);
  lease.given.push({ atMs, keys: segments.length });
  artifactBudget?.take(atMs, segments.length);
}

/** Each once, in the order asked for. */
function checkWanted(
  segments: readonly number[],
  lease: Lease,
  { manifest }: PacedContainer,
): readonly number[] {
  if (segments.length === 0 || segments.length > MAX_REQUESTED)
    refuse('WEIGHTS_ARGUMENT', `${segments.length} segments; 1 to ${MAX_REQUESTED} can be asked for`);
  for (const segment of segments)
    if (!Number.isSafeInteger(segment) || segment < 0 || segment >= manifest.segments.length)
      refuse('WEIGHTS_ARGUMENT', 'no such segment');
    else if (!isLeased(lease, segment)) refuse('WEIGHTS_LEASE', `segment ${segment} is not leased`);
  return [...new Set(segments)];
}
