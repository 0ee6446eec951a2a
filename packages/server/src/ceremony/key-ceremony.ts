import type { CoalitionErrorCode } from '@phalanx/coalition';
import { epochOf } from '@phalanx/coalition/matching';
import { type Clock, PhalanxError } from '@phalanx/core';
import type { CeremonyState, KeyEnvelopes } from '@phalanx/store/control';
import { type ConfirmedKey, confirmKey } from './key-confirmation.js';
import { KEY_STEPS, type KeyEnvelope, type KeyStep, verifyEnvelope } from './key-envelope.js';
import type { KeyRoster } from './key-roster.js';

/** Times that one server may make all begin again in an epoch. After them an attempt goes on without it when its time is over. */
const MAX_RESTARTS = 3;

/** Where the making of a key stands, as all may know it. */
export interface CeremonyView {
  readonly epoch: number;
  readonly attempt: number;
  readonly step: KeyStep | 'made';
  readonly closesMs: number | null;
  /** Servers that said something in the current step. */
  readonly heard: readonly number[];
  /** Servers that promised in this attempt: the others are not in it. */
  readonly parties: readonly number[];
  /** Servers that asked to begin again, in order. */
  readonly restarts: readonly number[];
}

export interface KeyCeremonySettings {
  readonly envelopes: KeyEnvelopes;
  readonly roster: KeyRoster;
  readonly clock: Clock;
  /** How long a step waits for who is missing, from its start; the first one from the first promise. */
  readonly stepMs: number;
}

/**
 * The hub's side of making keys: a board on which key servers post. A step is shown when it is closed, and nothing is added to it then,
 * so that all see the same. A hub that shows different things to different servers is found out by their complaints and by the key's id.
 */
export class KeyCeremony {
  readonly #settings: KeyCeremonySettings;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(settings: KeyCeremonySettings) {
    this.#settings = settings;
  }

  get roster(): KeyRoster {
    return this.#settings.roster;
  }

  /** @throws PhalanxError `COALITION_MATCHING` for an epoch other than this or the next */
  view(epoch: number): Promise<CeremonyView> {
    return this.#inTurn(() => this.#view(epoch));
  }

  /**
   * Takes what one server says in one step: one envelope; with a dealing, its pieces. The same said again is no fault; another text does
   * not replace the first.
   *
   * @param member who sends, as the connection proves
   * @throws PhalanxError `COALITION_MATCHING` for another step or attempt, `COALITION_IDENTITY` when it is not this member's or not signed
   */
  post(member: string, said: readonly KeyEnvelope[]): Promise<CeremonyView> {
    return this.#inTurn(async () => {
      const { envelopes, roster } = this.#settings;
      const [first] = said;
      if (first === undefined) throw wrong('no envelope', 'Send one.');
      const number = roster.servers.find((server) => server.member === member)?.number;
      const isOwn = said.every(
        (one) =>
          one.from === number &&
          one.epoch === first.epoch &&
          one.attempt === first.attempt &&
          verifyEnvelope(roster, one),
      );
      if (!isOwn)
        throw new PhalanxError<CoalitionErrorCode>('COALITION_IDENTITY', 'not signed by who sends it', {
          advice: 'Compare the roster with the hub.',
        });
      const view = await this.#view(first.epoch);
      if (view.attempt !== first.attempt)
        throw wrong(`it is attempt ${view.attempt}`, 'Fetch where it stands.');
      if (first.step === 'restart') return this.#restart(view, number!);
      if (view.step !== first.step || !isWhole(said, number!, view.parties))
        throw wrong(`it is step ${view.step}`, 'Fetch where it stands.');
      if (view.step !== 'promise' && !view.parties.includes(number!))
        throw wrong('this attempt goes on without you', 'Wait for the next.');
      await envelopes.add(
        first.epoch,
        first.attempt,
        said.map((one) => ({
          step: one.step,
          sender: number!,
          recipient: one.to,
          text: JSON.stringify(one),
        })),
      );
      return this.#view(first.epoch);
    });
  }

  /** What was said in a step that is closed, without others' pieces; null while it is open, or when the attempt is over. */
  list(member: string, epoch: number, attempt: number, step: KeyStep): Promise<KeyEnvelope[] | null> {
    return this.#inTurn(async () => {
      const { envelopes, roster } = this.#settings;
      const view = await this.#view(epoch);
      const isClosed = view.step === 'made' || KEY_STEPS.indexOf(step) < KEY_STEPS.indexOf(view.step);
      if (view.attempt !== attempt || !isClosed) return null;
      const own = roster.servers.find((server) => server.member === member)?.number;
      const rows = await envelopes.list(epoch, attempt, step);
      const pieces = step === 'dealing' ? await envelopes.list(epoch, attempt, 'piece') : [];
      return [...rows, ...pieces.filter(({ recipient }) => recipient === own)].map(({ text }) =>
        JSON.parse(text),
      );
    });
  }

  /** What servers signed of the key of an epoch; empty until it is made. */
  confirmations(epoch: number): Promise<KeyEnvelope[]> {
    return this.#inTurn(async () => {
      const state = await this.#settings.envelopes.findCeremony(epoch);
      if (state?.step !== 'made') return [];
      const rows = await this.#settings.envelopes.list(epoch, state.attempt, 'ready');
      return rows.map(({ text }) => JSON.parse(text));
    });
  }

  /** The key of an epoch; null until it is made. */
  async find(epoch: number): Promise<ConfirmedKey | null> {
    return confirmKey(this.roster, epoch, await this.confirmations(epoch));
  }

  /** Forgets epochs that are over. */
  async tick(): Promise<void> {
    const { envelopes, clock } = this.#settings;
    await envelopes.removeBefore(epochOf(clock.nowMs()));
  }

  async #restart(view: CeremonyView, number: number): Promise<CeremonyView> {
    if (view.step === 'made') throw wrong('the key is made', 'Take part in the next.');
    if (view.restarts.filter((one) => one === number).length >= MAX_RESTARTS)
      throw new PhalanxError<CoalitionErrorCode>(
        'COALITION_LIMIT',
        `server ${number} asked ${MAX_RESTARTS} times`,
        {
          advice: 'Wait for the next attempt.',
        },
      );
    await this.#begin(view.epoch, view.attempt + 1, [...view.restarts, number]);
    return this.#view(view.epoch);
  }

  async #begin(epoch: number, attempt: number, restarts: readonly number[]): Promise<void> {
    const { envelopes } = this.#settings;
    await envelopes.putCeremony({ epoch, attempt, step: 'promise', closesMs: null, restarts });
  }

  /** The state now: steps whose time is over, or in which all were heard, are closed first. */
  async #view(epoch: number): Promise<CeremonyView> {
    const { envelopes, clock, stepMs, roster } = this.#settings;
    const now = epochOf(clock.nowMs());
    if (epoch !== now && epoch !== now + 1) throw wrong(`epoch ${epoch}`, `It is epoch ${now}.`);
    for (;;) {
      const state = (await envelopes.findCeremony(epoch)) ?? {
        epoch,
        attempt: 1,
        step: 'promise',
        closesMs: null,
        restarts: [],
      };
      const { attempt, closesMs } = state;
      const step = state.step as KeyStep | 'made';
      const parties = (await envelopes.list(epoch, attempt, 'promise')).map(({ sender }) => sender);
      const said = step === 'made' ? [] : await envelopes.list(epoch, attempt, step);
      const heard = [...new Set(said.map(({ sender }) => sender))];
      const view = { ...state, step, heard, parties };
      if (step === 'made' || (heard.length === 0 && step === 'promise')) return view;
      if (closesMs === null) {
        await envelopes.putCeremony({ ...state, closesMs: clock.nowMs() + stepMs });
        continue;
      }
      const awaited = step === 'promise' ? roster.servers.length : parties.length;
      if (heard.length < awaited && clock.nowMs() < closesMs) return view;
      await this.#close(state, step, heard.length);
    }
  }

  async #close(state: CeremonyState, step: KeyStep, heard: number): Promise<void> {
    const { envelopes, clock, stepMs, roster } = this.#settings;
    const { epoch, attempt, restarts } = state;
    if (heard < roster.threshold) return this.#begin(epoch, attempt + 1, restarts);
    const next = KEY_STEPS[KEY_STEPS.indexOf(step) + 1];
    if (next !== undefined) {
      await envelopes.putCeremony({ ...state, step: next, closesMs: clock.nowMs() + stepMs });
      return;
    }
    const ready = (await envelopes.list(epoch, attempt, 'ready')).map(({ text }) => JSON.parse(text));
    if (!isConfirmed(roster, epoch, ready)) return this.#begin(epoch, attempt + 1, restarts);
    await envelopes.putCeremony({ ...state, step: 'made', closesMs: null });
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#tail.then(act);
    this.#tail = mine.catch(() => undefined);
    return mine;
  }
}

function isConfirmed(roster: KeyRoster, epoch: number, ready: readonly KeyEnvelope[]): boolean {
  try {
    return confirmKey(roster, epoch, ready) !== null;
  } catch {
    return false;
  }
}

/** One envelope to all; with a dealing, a piece for each other party. */
function isWhole(said: readonly KeyEnvelope[], own: number, parties: readonly number[]): boolean {
  const [first, ...more] = said;
  if (first!.to !== 0) return false;
  if (first!.step !== 'dealing') return more.length === 0;
  const others = new Set(parties.filter((party) => party !== own));
  return (
    more.every(({ step, to }) => step === 'piece' && others.has(to)) &&
    new Set(more.map(({ to }) => to)).size === more.length
  );
}

function wrong(what: string, advice: string): PhalanxError<CoalitionErrorCode> {
  return new PhalanxError('COALITION_MATCHING', what, { advice });
}
