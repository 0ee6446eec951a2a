import type { KeyObject } from 'node:crypto';
import {
  decodeMessage,
  encodeMessage,
  type KeyComplaint,
  type KeyDealing,
  KeyGeneration,
  type KeyPiece,
  type KeyPromise,
  type KeyShare,
  keyComplaintSchema,
  keyDealingSchema,
  keyGroupSchema,
  keyIdOf,
  keyPieceSchema,
  keyPromiseSchema,
  MAX_KEY_TEXT,
} from '@phalanx/coalition/matching';
import { PhalanxError } from '@phalanx/core';
import { z } from 'zod';
import type { CeremonyView } from './key-ceremony.js';
import { confirmKey } from './key-confirmation.js';
import {
  type KeyEnvelope,
  type KeyStep,
  openBody,
  sealBody,
  signEnvelope,
  verifyEnvelope,
} from './key-envelope.js';
import type { KeyRoster } from './key-roster.js';
import type { KeyShareFiles } from './key-share-files.js';

/** The board, as a key server reaches it. */
export interface CeremonyBoard {
  view(epoch: number): Promise<CeremonyView>;
  post(envelopes: readonly KeyEnvelope[]): Promise<CeremonyView>;
  list(epoch: number, attempt: number, step: KeyStep): Promise<readonly KeyEnvelope[] | null>;
}

export interface ParticipantSettings {
  readonly roster: KeyRoster;
  readonly number: number;
  readonly epoch: number;
  /** Ed25519, of `signingKey` in the roster. */
  readonly signingKey: KeyObject;
  /** X25519, of `sealingKey` in the roster. */
  readonly sealingKey: KeyObject;
  readonly board: CeremonyBoard;
  readonly shares: KeyShareFiles;
}

const answersSchema = z.array(keyPieceSchema).max(32);

/**
 * One key server's side of making one key, over a board. `advance` does what can be done now; call it again and again, also after it threw,
 * and after a restart of the process. What a process had in memory alone when it died it asks all to make again; once all have a share on
 * disk, nothing is made again.
 */
export class CeremonyParticipant {
  readonly #settings: ParticipantSettings;
  #attempt = 0;
  #generation: KeyGeneration | null = null;
  /** The step whose envelopes lie in `#outbox`, said or not. */
  #done: KeyStep | null = null;
  #outbox: KeyEnvelope[] = [];

  constructor(settings: ParticipantSettings) {
    this.#settings = settings;
  }

  /**
   * @returns the share, when the key is made and this server has one; `out` when it is made without; null while it is being made
   * @throws what the board throws; PhalanxError `COALITION_PROOF` when servers signed two keys
   */
  async advance(): Promise<KeyShare | 'out' | null> {
    const { board, epoch, roster, shares } = this.#settings;
    const view = await board.view(epoch);
    const { attempt, step } = view;
    if (attempt !== this.#attempt) {
      this.#attempt = attempt;
      this.#generation = null;
      this.#done = null;
      this.#outbox = [];
      await shares.destroyBefore(epoch, attempt);
    }
    if (step === 'made') {
      const confirmed = confirmKey(roster, epoch, (await board.list(epoch, attempt, 'ready')) ?? []);
      const share = await shares.find(epoch, attempt);
      const isMine =
        confirmed !== null &&
        share !== null &&
        Buffer.compare(keyIdOf(confirmed.group), keyIdOf(share.group)) === 0;
      return isMine ? share : 'out';
    }
    if (this.#done !== step) await this.#speak(view, step);
    // Said again when the last time failed: the board takes the same text as no change.
    if (this.#outbox.length > 0 && this.#done === step && !view.heard.includes(this.#settings.number))
      await board.post(this.#outbox);
    return null;
  }

  async #speak({ parties }: CeremonyView, step: KeyStep): Promise<void> {
    const { number, roster, epoch, shares } = this.#settings;
    const took = parties.includes(number);
    if (step === 'promise') {
      if (took) return this.#askToRestart();
      const participants = roster.servers.length;
      this.#generation = new KeyGeneration({
        participant: number,
        participants,
        threshold: roster.threshold,
        epoch,
      });
      const { promise } = this.#generation;
      return this.#say(step, [this.#envelope(step, 0, encodeMessage(keyPromiseSchema, promise))]);
    }
    // Who is not in this attempt waits for the next.
    if (!took) return;
    if (this.#generation === null) {
      const kept = step === 'ready' ? await shares.find(epoch, this.#attempt) : null;
      return kept === null ? this.#askToRestart() : this.#sayReady(kept);
    }
    try {
      await this.#makeStep(this.#generation, step);
    } catch (error) {
      // What a step was missed for, or heard two things of.
      if (PhalanxError.is(error, 'COALITION_PROOF') || PhalanxError.is(error, 'COALITION_MATCHING'))
        await this.#askToRestart();
      throw error;
    }
  }

  async #makeStep(generation: KeyGeneration, step: KeyStep): Promise<void> {
    const { number, shares } = this.#settings;
    if (step === 'dealing') {
      const promises = await this.#hear('promise', keyPromiseSchema);
      const { dealing, pieces } = generation.deal(promises as KeyPromise[]);
      const parties = new Set(promises.map(({ from }) => from));
      const sealed = pieces.filter(({ to }) => parties.has(to)).map((piece) => this.#sealPiece(piece));
      return this.#say(step, [this.#envelope(step, 0, encodeMessage(keyDealingSchema, dealing)), ...sealed]);
    }
    if (step === 'complaint') {
      const dealings = await this.#hear('dealing', keyDealingSchema);
      const complaint = generation.complain(dealings as KeyDealing[], await this.#openPieces());
      return this.#say(step, [this.#envelope(step, 0, encodeMessage(keyComplaintSchema, complaint))]);
    }
    if (step === 'answer') {
      const complaints = await this.#hear('complaint', keyComplaintSchema);
      const pieces = generation.answer(complaints as KeyComplaint[]);
      return this.#say(step, [this.#envelope(step, 0, encodeMessage(answersSchema, pieces))]);
    }
    const answers = (await this.#envelopesOf('answer')).flatMap((envelope) => {
      const pieces = readMessage(answersSchema, envelope.body) ?? [];
      return pieces.filter(({ from }) => from === envelope.from && from !== number);
    });
    const share = generation.finish(answers);
    await shares.put(this.#attempt, share);
    return this.#sayReady(share);
  }

  #sayReady(share: KeyShare): void {
    this.#say('ready', [this.#envelope('ready', 0, encodeMessage(keyGroupSchema, share.group))]);
  }

  async #askToRestart(): Promise<void> {
    await this.#settings.board.post([this.#envelope('restart', 0, '')]);
  }

  #say(step: KeyStep, envelopes: KeyEnvelope[]): void {
    this.#done = step;
    this.#outbox = envelopes;
  }

  #envelope(step: KeyEnvelope['step'], to: number, body: string): KeyEnvelope {
    const { roster, signingKey, epoch, number: from } = this.#settings;
    return signEnvelope(roster, signingKey, { epoch, attempt: this.#attempt, step, from, to, body });
  }

  #sealPiece(piece: KeyPiece): KeyEnvelope {
    const { roster, epoch, number: from } = this.#settings;
    const place = { epoch, attempt: this.#attempt, step: 'piece' as const, from, to: piece.to };
    return this.#envelope('piece', piece.to, sealBody(roster, place, encodeMessage(keyPieceSchema, piece)));
  }

  /** What others said to all in a step, as far as it is signed and well-formed. */
  async #hear<S extends z.ZodType<{ readonly from: number }>>(
    step: KeyStep,
    schema: S,
  ): Promise<z.output<S>[]> {
    return (await this.#envelopesOf(step)).flatMap((envelope) => {
      const message = envelope.to === 0 ? readMessage(schema, envelope.body) : null;
      return message === null || message.from !== envelope.from ? [] : [message];
    });
  }

  async #openPieces(): Promise<KeyPiece[]> {
    const { roster, sealingKey, number } = this.#settings;
    return (await this.#envelopesOf('dealing')).flatMap((envelope) => {
      if (envelope.step !== 'piece' || envelope.to !== number) return [];
      const text = openBody(roster, sealingKey, envelope);
      const piece = text === null ? null : readMessage(keyPieceSchema, text);
      return piece === null || piece.from !== envelope.from || piece.to !== number ? [] : [piece];
    });
  }

  async #envelopesOf(step: KeyStep): Promise<KeyEnvelope[]> {
    const { board, epoch, roster, number } = this.#settings;
    const listed = await board.list(epoch, this.#attempt, step);
    if (listed === null)
      throw new PhalanxError('COALITION_LIMIT', `step ${step} cannot be read now`, { retryable: true });
    return listed.filter(
      (one) =>
        one.from !== number &&
        one.epoch === epoch &&
        one.attempt === this.#attempt &&
        (one.step === step || (step === 'dealing' && one.step === 'piece')) &&
        verifyEnvelope(roster, one),
    );
  }
}

function readMessage<S extends z.ZodType>(schema: S, text: string): z.output<S> | null {
  try {
    return decodeMessage(schema, text, 4 * MAX_KEY_TEXT);
  } catch {
    return null;
  }
}
