import type { CoalitionErrorCode } from '@phalanx/coalition';
import {
  EpochQuota,
  EpochShares,
  type EvaluationRequest,
  epochOf,
  evaluateShare,
  type KeyShare,
  keyIdOf,
  type PartialEvaluation,
  type QuotaEvent,
  type SetDeclaration,
} from '@phalanx/coalition/matching';
import { type Clock, PhalanxError } from '@phalanx/core';
import type { Quotas } from '@phalanx/store/control';
import { CeremonyParticipant, type ParticipantSettings } from '../ceremony/ceremony-participant.js';

/** Points that are evaluated between two looks at what else there is to do: 50 ms of work. */
const SLICE_POINTS = 256;
/** A batch that is proved is one piece of work. */
const MAX_PROVED_POINTS = 1024;
/** The key of the next epoch is made in the last two days of this one. */
const LEAD_MS = 2 * 86_400_000;

export interface KeyServerSettings extends Omit<ParticipantSettings, 'epoch'> {
  readonly quotas: Quotas;
  readonly clock: Clock;
  /** Told of every count before it is answered, for the evidence log of this server: who, how many, and nothing of what. */
  readonly log: (event: QuotaEvent) => void;
}

/**
 * One of the servers that hold a key in shares: takes part in making keys, evaluates for labs within their quotas, and destroys shares when
 * their epoch is over. What a lab has used is on disk before it is answered.
 */
export class KeyServer {
  readonly #settings: KeyServerSettings;
  readonly #shares = new EpochShares();
  readonly #participants = new Map<number, CeremonyParticipant>();
  readonly #out = new Set<number>();
  #quota: EpochQuota | null = null;
  #written: Promise<void> = Promise.resolve();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(settings: KeyServerSettings) {
    this.#settings = settings;
  }

  get number(): number {
    return this.#settings.number;
  }

  /** Whether it can evaluate now. */
  get isReady(): boolean {
    return this.find(epochOf(this.#settings.clock.nowMs())) !== null;
  }

  /** The share of an epoch; null while there is none. */
  find(epoch: number): KeyShare | null {
    return this.#shares.find(epoch);
  }

  /**
   * Does what is due: ends epochs that are over, goes on with keys that are being made. Call it every second or so.
   *
   * @returns whether this server has a share for this epoch
   */
  async tick(): Promise<boolean> {
    const { clock, shares } = this.#settings;
    const nowMs = clock.nowMs();
    const epoch = epochOf(nowMs);
    if (this.#shares.advance(epoch).length > 0) this.#quota = null;
    await shares.destroyBefore(epoch);
    for (const of of this.#participants.keys()) if (of < epoch) this.#participants.delete(of);
    for (const of of new Set([epoch, epochOf(nowMs + LEAD_MS)])) await this.#makeKey(of);
    return this.#shares.find(epoch) !== null;
  }

  /** Takes a lab's declaration of its set. Resolves when it is on disk. */
  async declare(lab: string, declaration: SetDeclaration): Promise<number> {
    await this.#inTurn(async () => {
      const quota = await this.#openQuota();
      quota.declare(lab, declaration);
      await this.#written;
    });
    return this.remaining(lab);
  }

  /** Evaluations that a lab may still ask for in this epoch. */
  remaining(lab: string): Promise<number> {
    return this.#inTurn(async () => (await this.#openQuota()).remaining(lab));
  }

  /**
   * Evaluates, after the count is on disk.
   *
   * @throws PhalanxError `COALITION_LIMIT` beyond the quota, and for a proved batch of more than 1,024 points; `COALITION_MATCHING` for another key or
   *   quorum, what is no point, or while there is no key
   */
  async evaluate(lab: string, request: EvaluationRequest): Promise<PartialEvaluation> {
    const share = this.#shares.find(epochOf(this.#settings.clock.nowMs()));
    if (share === null)
      throw refusal('COALITION_MATCHING', 'there is no key of this epoch here', 'Ask again later.');
    const { points } = request;
    if (request.proved && points.length > MAX_PROVED_POINTS)
      throw refusal(
        'COALITION_LIMIT',
        `a proof over ${points.length} points`,
        `At most ${MAX_PROVED_POINTS}; for more ask without, and then for a proof over a combination.`,
      );
    if (Buffer.compare(request.key, keyIdOf(share.group)) !== 0)
      throw refusal('COALITION_MATCHING', 'the request is for another key', 'Fetch the current key group.');
    await this.#inTurn(async () => {
      (await this.#openQuota()).charge(lab, points.length);
      await this.#written;
    });
    const parts: PartialEvaluation[] = [];
    const slice = request.proved ? points.length : SLICE_POINTS;
    for (let at = 0; at < points.length; at += slice) {
      parts.push(evaluateShare(share, { ...request, points: points.slice(at, at + slice) }));
      // Others are served in between.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return { ...parts[0]!, points: parts.flatMap((part) => part.points) };
  }

  async #makeKey(epoch: number): Promise<void> {
    if (this.#shares.find(epoch) !== null || this.#out.has(epoch)) return;
    let participant = this.#participants.get(epoch);
    if (participant === undefined) {
      participant = new CeremonyParticipant({ ...this.#settings, epoch });
      this.#participants.set(epoch, participant);
    }
    const share = await participant.advance();
    if (share === null) return;
    this.#participants.delete(epoch);
    if (share === 'out') this.#out.add(epoch);
    else this.#shares.add(share);
  }

  async #openQuota(): Promise<EpochQuota> {
    const { quotas, clock, log } = this.#settings;
    const epoch = epochOf(clock.nowMs());
    if (this.#quota?.epoch === epoch) return this.#quota;
    await quotas.removeBefore(epoch);
    const note = (event: QuotaEvent, state: Parameters<Quotas['put']>[2] | null) => {
      log(event);
      if (state === null) return;
      this.#written = quotas.put(epoch, event.lab, state, event.kind === 'declared').catch((error) => {
        // What is on disk is less than what is in memory: begin again from disk.
        this.#quota = null;
        throw error;
      });
    };
    this.#quota = new EpochQuota(epoch, note, await quotas.list(epoch));
    return this.#quota;
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#tail.then(act);
    this.#tail = mine.catch(() => undefined);
    return mine;
  }
}

function refusal(code: CoalitionErrorCode, what: string, advice: string): PhalanxError<CoalitionErrorCode> {
  return new PhalanxError(code, what, { advice });
}
