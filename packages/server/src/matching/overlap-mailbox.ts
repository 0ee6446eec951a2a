import type { CoalitionErrorCode } from '@phalanx/coalition';
import { epochOf, MAX_RUNS } from '@phalanx/coalition/matching';
import { type Clock, PhalanxError } from '@phalanx/core';
import type { OverlapRun, Overlaps } from '@phalanx/store/control';

/** Steps of a run of level 0: the three messages of the protocol, then what both show for audit and comparison. */
export const OVERLAP_STEPS = ['promise', 'masked', 'remasked', 'count'] as const;
export type OverlapStep = (typeof OVERLAP_STEPS)[number];

/** A permission lasts at most that long. */
export const MAX_GRANT_MS = 90 * 86_400_000;

/** Others with whom one lab may permit runs: as many as a coalition has places. Their names are not looked up, which would tell who is a member. */
const MAX_PEERS = 255;

/**
 * Passes messages of level 0 between two labs whose counsels have both permitted it. Nobody is shown what the other says in a step before
 * saying as much: who leaves early has learned nothing of the step that it did not give. Messages go with their epoch.
 */
export class OverlapMailbox {
  readonly #overlaps: Overlaps;
  readonly #clock: Clock;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(overlaps: Overlaps, clock: Clock) {
    this.#overlaps = overlaps;
    this.#clock = clock;
  }

  /**
   * `lab` permits runs with `peer`.
   *
   * @param text what its counsel has signed, kept for audit
   * @throws PhalanxError `COALITION_POLICY` for more than 90 days, `COALITION_LIMIT` for the 256th other
   */
  async grant(lab: string, peer: string, untilMs: number, text: string): Promise<void> {
    if (untilMs > this.#clock.nowMs() + MAX_GRANT_MS)
      throw refusal('COALITION_POLICY', 'a permission for more than 90 days', 'Permit less.');
    return this.#inTurn(async () => {
      if ((await this.#overlaps.countGrants(lab, peer)) >= MAX_PEERS)
        throw refusal('COALITION_LIMIT', `permissions with ${MAX_PEERS} others`, 'Nobody has so many peers.');
      await this.#overlaps.putGrant(lab, peer, untilMs, text);
    });
  }

  /** @throws PhalanxError `COALITION_POLICY` unless both permit it now, `COALITION_LIMIT` for the third run of a pair and epoch */
  begin(lab: string, peer: string, run: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#requireGrants(lab, peer);
      const epoch = epochOf(this.#clock.nowMs());
      const pair = (await this.#overlaps.listRuns(epoch, lab)).filter(
        (one) => one.lab === peer || one.peer === peer,
      );
      if (pair.some((one) => one.run === run)) return;
      if (pair.length >= MAX_RUNS)
        throw refusal('COALITION_LIMIT', `${MAX_RUNS} runs with this lab`, 'Wait for the next epoch.');
      if (!(await this.#overlaps.addRun({ run, epoch, lab, peer })))
        throw refusal('COALITION_MATCHING', 'this run is there', 'Draw another.');
    });
  }

  /** Runs of this epoch that a lab is in. */
  list(lab: string): Promise<OverlapRun[]> {
    return this.#overlaps.listRuns(epochOf(this.#clock.nowMs()), lab);
  }

  /** The same text again is no fault. @throws PhalanxError `COALITION_MATCHING` for a step too early, or said otherwise before */
  say(lab: string, run: string, step: OverlapStep, text: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const peer = await this.#peerOf(lab, run);
      if (peer === null) return false;
      await this.#requireGrants(lab, peer);
      const before = OVERLAP_STEPS[OVERLAP_STEPS.indexOf(step) - 1];
      if (before !== undefined && (await this.#overlaps.findMessage(run, peer, before)) === null)
        throw refusal('COALITION_MATCHING', `the other has not said its ${before}`, 'Wait.');
      if (!(await this.#overlaps.addMessage(run, lab, step, text))) {
        if ((await this.#overlaps.findMessage(run, lab, step)) !== text)
          throw refusal('COALITION_MATCHING', `another ${step} was said`, 'Begin a new run.');
      }
      return true;
    });
  }

  /** What the other says in a step; null until both have said theirs, and for who is not in the run. */
  async hear(lab: string, run: string, step: OverlapStep): Promise<string | null> {
    const peer = await this.#peerOf(lab, run);
    if (peer === null || (await this.#overlaps.findMessage(run, lab, step)) === null) return null;
    await this.#requireGrants(lab, peer);
    return this.#overlaps.findMessage(run, peer, step);
  }

  async #peerOf(lab: string, run: string): Promise<string | null> {
    const found = await this.#overlaps.findRun(run);
    if (found === null || found.epoch !== epochOf(this.#clock.nowMs())) return null;
    if (found.lab === lab) return found.peer;
    return found.peer === lab ? found.lab : null;
  }

  async #requireGrants(lab: string, peer: string): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const both = await Promise.all([
      this.#overlaps.grantedUntil(lab, peer),
      this.#overlaps.grantedUntil(peer, lab),
    ]);
    if (lab === peer || both.some((untilMs) => untilMs <= nowMs))
      throw refusal('COALITION_POLICY', 'not both labs permit this', 'Ask the counsels of both.');
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
