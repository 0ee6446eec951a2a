import { refuse } from '../coalition-error.js';
import { checkDeclaration, countChanges, type SetDeclaration } from './set-commitment.js';

/** Evaluations an element of the declared set, in one epoch. */
export const EVALUATIONS_AN_ELEMENT = 1.2;
/** Evaluations a lab and epoch, however large its set. All of IPv4 then takes 2^32 / 200,000 = 21,475 epochs. */
export const MAX_EVALUATIONS = 200_000;
/** Of its first set a lab may change this share within an epoch, additions and removals together. */
export const CHANGED_SHARE = 0.2;
/** Runs of level 0 with the same other lab in one epoch: two counts over sets that differ by one element tell about that element. */
export const MAX_RUNS = 2;

/** One event, for the evidence log: who did how much, and nothing of what. */
export interface QuotaEvent {
  readonly kind: 'declared' | 'evaluated' | 'matched' | 'refused';
  readonly lab: string;
  readonly epoch: number;
  /** Elements declared, evaluations asked for, or runs with `peer`. */
  readonly count: number;
  readonly peer: string | null;
}

/** What is remembered of a lab: write it down with the event, and give it back after a restart. */
export interface QuotaState {
  /** Size of its first set. */
  readonly first: number;
  readonly declaration: SetDeclaration;
  readonly changes: number;
  readonly used: number;
  /** Runs by peer. */
  readonly runs: Readonly<Record<string, number>>;
}

/**
 * What labs may ask for in one epoch. Each key server keeps its own. `log` is called before anything is counted or answered: let it make
 * event and state durable, since a server that forgets gives everything twice.
 */
export class EpochQuota {
  readonly epoch: number;
  readonly #labs: Map<string, QuotaState>;
  readonly #log: (event: QuotaEvent, state: QuotaState | null) => void;

  /** @param known what `log` was given last for each lab, after a restart */
  constructor(
    epoch: number,
    log: (event: QuotaEvent, state: QuotaState | null) => void,
    known: Iterable<readonly [lab: string, state: QuotaState]> = [],
  ) {
    this.epoch = epoch;
    this.#log = log;
    this.#labs = new Map(known);
  }

  /**
   * A lab declares its set, or declares it anew. The first declaration fixes how much it may ask.
   *
   * @param lab identity that the connection proves, never one that a message names
   * @throws PhalanxError `COALITION_LIMIT` when the set changes by more than a fifth in all, `COALITION_MATCHING` for another epoch or a
   *   list out of order
   */
  declare(lab: string, declaration: SetDeclaration): void {
    if (declaration.epoch !== this.epoch)
      refuse('COALITION_MATCHING', `a set for epoch ${declaration.epoch}`, `It is epoch ${this.epoch}.`);
    checkDeclaration(declaration);
    const known = this.#labs.get(lab);
    const size = declaration.tags.length;
    const changes = known === undefined ? 0 : known.changes + countChanges(known.declaration, declaration);
    if (known !== undefined && changes > Math.floor(known.first * CHANGED_SHARE)) {
      this.#refused(lab, size);
      refuse('COALITION_LIMIT', `${changes} changes to a set of ${known.first}`, 'Wait for the next epoch.');
    }
    const { first, used, runs } = known ?? { first: size, used: 0, runs: {} };
    this.#count('declared', lab, size, { first, declaration, changes, used, runs });
  }

  /** Evaluations that a lab may still ask for; 0 without a declaration. */
  remaining(lab: string): number {
    const known = this.#labs.get(lab);
    return known === undefined ? 0 : allowance(known.first) - known.used;
  }

  /**
   * Counts evaluations, before they are made.
   *
   * @throws PhalanxError `COALITION_LIMIT` when there are too few left: nothing is counted then
   */
  charge(lab: string, evaluations: number): void {
    if (!Number.isInteger(evaluations) || evaluations < 1 || evaluations > this.remaining(lab)) {
      this.#refused(lab, evaluations);
      refuse(
        'COALITION_LIMIT',
        `${evaluations} evaluations, ${this.remaining(lab)} left`,
        'Wait for the next epoch.',
      );
    }
    const known = this.#labs.get(lab)!;
    this.#count('evaluated', lab, evaluations, { ...known, used: known.used + evaluations });
  }

  /**
   * Counts a run of level 0 of `lab` with `peer`, before it begins.
   *
   * @throws PhalanxError `COALITION_LIMIT` for the third in one epoch, or without a declaration
   */
  startRun(lab: string, peer: string): void {
    const known = this.#labs.get(lab);
    const count = (known?.runs[peer] ?? 0) + 1;
    if (known === undefined || count > MAX_RUNS) {
      this.#refused(lab, count, peer);
      refuse(
        'COALITION_LIMIT',
        `run ${count} with the same lab`,
        'Declare a set first, and wait for the next epoch.',
      );
    }
    this.#count('matched', lab, count, { ...known, runs: { ...known.runs, [peer]: count } }, peer);
  }

  #count(
    kind: QuotaEvent['kind'],
    lab: string,
    count: number,
    state: QuotaState,
    peer: string | null = null,
  ) {
    this.#log({ kind, lab, epoch: this.epoch, count, peer }, state);
    this.#labs.set(lab, state);
  }

  #refused(lab: string, count: number, peer: string | null = null): void {
    this.#log({ kind: 'refused', lab, epoch: this.epoch, count, peer }, null);
  }
}

function allowance(declared: number): number {
  return Math.min(Math.floor(declared * EVALUATIONS_AN_ELEMENT), MAX_EVALUATIONS);
}
