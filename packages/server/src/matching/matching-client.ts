import type { CoalitionErrorCode } from '@phalanx/coalition';
import {
  askForProof,
  blindForServers,
  type EvaluationRequest,
  encodeMessage,
  epochOf,
  evaluationRequestSchema,
  finalizeCombined,
  isListed,
  lookupAnswerSchema,
  lookupRequestSchema,
  MAX_EVALUATION_TEXT,
  MAX_LOOKUP_TEXT,
  makeLookupRequest,
  type PartialEvaluation,
  packReveal,
  partialEvaluationSchema,
  revealBatchSchema,
  type SealedSighting,
  type SetDeclaration,
  setDeclarationSchema,
  tokenSightingsSchema,
} from '@phalanx/coalition/matching';
import { type Clock, PhalanxError } from '@phalanx/core';
import { envelopesSchema } from '../ceremony/ceremony-routes.js';
import { type ConfirmedKey, confirmKey } from '../ceremony/key-confirmation.js';
import type { KeyRoster } from '../ceremony/key-roster.js';
import type { PeerClient } from '../hub/peer-client.js';
import { type OwnRevealMessage, quotaSchema, revealSchema, termsSchema } from './matching-messages.js';

/** Inputs evaluated in one request. */
const BATCH_POINTS = 4096;
const MAX_ANSWER_TEXT = 64 * 1_048_576;

export interface MatchingClientSettings {
  readonly hub: PeerClient;
  /** From all parties' own file, never from the hub. */
  readonly roster: KeyRoster;
  /** Each key server, by its number. */
  readonly serverOf: (number: number) => PeerClient;
  readonly clock: Clock;
}

/** A lab's side of levels 1 and 2 over HTTP. The hub and any q - 1 key servers may lie: what they cannot prove is refused, and named. */
export class MatchingClient {
  readonly #settings: MatchingClientSettings;
  #key: ConfirmedKey | null = null;
  /** Servers that did not answer, or answered falsely, in this epoch. */
  readonly #avoided = new Set<number>();

  constructor(settings: MatchingClientSettings) {
    this.#settings = settings;
  }

  /** Servers that this client asks no more in this epoch, since they answered falsely or not at all. */
  get avoided(): readonly number[] {
    return [...this.#avoided].sort((a, b) => a - b);
  }

  /** What hub and labs agree on, and this lab's number. */
  async terms() {
    return (await this.#settings.hub.ask('GET', '/coalition/v1/matching', { schema: termsSchema }))!;
  }

  /**
   * The key of this epoch, signed by enough servers of the roster.
   *
   * @throws PhalanxError `COALITION_MATCHING`, retryable, while there is none
   */
  async key(): Promise<ConfirmedKey> {
    const { hub, roster, clock } = this.#settings;
    const epoch = epochOf(clock.nowMs());
    if (this.#key?.group.epoch === epoch) return this.#key;
    const said = await hub.ask('GET', `/coalition/v1/keys/${epoch}`, { schema: envelopesSchema });
    const key = confirmKey(roster, epoch, said?.envelopes ?? []);
    if (key === null)
      throw new PhalanxError<CoalitionErrorCode>('COALITION_MATCHING', `there is no key for epoch ${epoch}`, {
        advice: 'Ask again when the key servers have made one.',
        retryable: true,
      });
    this.#avoided.clear();
    this.#key = key;
    return key;
  }

  /** Declares the set at every key server. Returns the least number of evaluations that is left at any. */
  async declare(declaration: SetDeclaration): Promise<number> {
    const { holders } = await this.key();
    const text = encodeMessage(setDeclarationSchema, declaration);
    const left = await this.#each(holders, async (server) => {
      const answer = { schema: quotaSchema };
      return (await server.ask('PUT', '/coalition/v1/declaration', answer, text))!.remaining;
    });
    return Math.min(...left);
  }

  /**
   * Evaluates inputs under the key that nobody has. A server whose answer is missing or false is left out, and the others are asked anew.
   *
   * @param inputs as `matchingInput` makes them
   * @returns 64 bytes for each, in order
   * @throws PhalanxError `COALITION_PROOF` naming the servers, when too few are left; `COALITION_LIMIT` beyond the quota
   */
  async evaluate(inputs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const outputs: Uint8Array[] = [];
    for (let at = 0; at < inputs.length; at += BATCH_POINTS)
      outputs.push(...(await this.#evaluateBatch(inputs.slice(at, at + BATCH_POINTS))));
    return outputs;
  }

  /** Level 1: tells the hub the tokens of what this lab has seen. */
  async tellTokens(tokens: readonly Uint8Array[]): Promise<void> {
    const { hub } = this.#settings;
    const { epoch } = (await this.key()).group;
    const message = {
      type: 'phalanx-token-sightings-v1' as const,
      epoch,
      tokens: [...tokens].sort(Buffer.compare),
    };
    await hub.tell('POST', '/coalition/v1/matching/sightings', tokenSightingsSchema, message);
  }

  /** Level 1: whether enough labs have seen the token. */
  async lookUp(token: Uint8Array): Promise<boolean> {
    const request = makeLookupRequest((await this.key()).group.epoch, token);
    const text = encodeMessage(lookupRequestSchema, request);
    const answer = { schema: lookupAnswerSchema, mostText: MAX_LOOKUP_TEXT };
    return isListed(
      token,
      request,
      (await this.#settings.hub.ask('POST', '/coalition/v1/matching/lookups', answer, text))!,
    );
  }

  /** Level 2: submits sealed sightings. */
  async submit(sealed: readonly SealedSighting[]): Promise<void> {
    const { epoch, threshold } = await this.terms();
    for (const batch of packReveal({ epoch, threshold }, sealed))
      await this.#settings.hub.tell('POST', '/coalition/v1/matching/submissions', revealBatchSchema, batch);
  }

  /** Level 2: of what this lab has submitted, what enough others have too. */
  async revealed(): Promise<OwnRevealMessage> {
    const answer = { schema: revealSchema, mostText: MAX_ANSWER_TEXT };
    return (await this.#settings.hub.ask('GET', '/coalition/v1/matching/revealed', answer))!;
  }

  async #evaluateBatch(inputs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const { group, holders } = await this.key();
    let fault: unknown;
    for (;;) {
      const quorum = holders.filter((number) => !this.#avoided.has(number)).slice(0, group.threshold);
      if (quorum.length < group.threshold)
        throw new PhalanxError<CoalitionErrorCode>(
          'COALITION_PROOF',
          `no valid answer of key servers ${this.avoided.join(', ')}`,
          { advice: 'Tell who runs them; wait for the next epoch.', cause: fault },
        );
      const asked = blindForServers(group, quorum, inputs, false);
      const before = this.#avoided.size;
      try {
        const check = askForProof(asked, await this.#askQuorum(quorum, asked.request));
        return finalizeCombined(group, asked, check, await this.#askQuorum(quorum, check.request));
      } catch (error) {
        fault = error;
        for (const number of namedServers(error)) this.#avoided.add(number);
        if (this.#avoided.size === before) throw error;
      }
    }
  }

  async #askQuorum(quorum: readonly number[], request: EvaluationRequest): Promise<PartialEvaluation[]> {
    const text = encodeMessage(evaluationRequestSchema, request);
    return this.#each(quorum, async (server, number) => {
      const answer = { schema: partialEvaluationSchema, mostText: MAX_EVALUATION_TEXT };
      try {
        return (await server.ask('POST', '/coalition/v1/evaluations', answer, text))!;
      } catch (error) {
        // A quota that is used up, or a suspension, is not a server's fault.
        const isOwn =
          PhalanxError.is(error, 'COALITION_IDENTITY') || PhalanxError.is(error, 'COALITION_POLICY');
        if (isOwn || (PhalanxError.is(error, 'COALITION_LIMIT') && !error.retryable)) throw error;
        throw new PhalanxError<CoalitionErrorCode>('COALITION_PROOF', `no valid answer of server ${number}`, {
          cause: error,
        });
      }
    });
  }

  #each<T>(
    numbers: readonly number[],
    act: (server: PeerClient, number: number) => Promise<T>,
  ): Promise<T[]> {
    return Promise.all(numbers.map((number) => act(this.#settings.serverOf(number), number)));
  }
}

/** The servers that an error of the protocol names, as in "no valid answer of server 1, 3". */
function namedServers(error: unknown): number[] {
  if (!PhalanxError.is(error, 'COALITION_PROOF')) return [];
  const named = /server ([0-9]+(?:, [0-9]+)*)$/.exec(error.message)?.[1] ?? '';
  return named.split(', ').filter(Boolean).map(Number);
}
