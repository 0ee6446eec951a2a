import { createHash } from 'node:crypto';
import { ed25519_FROST } from '@noble/curves/ed25519.js';
import { concatBytes, PhalanxError } from '@phalanx/core';
import { checkCounts, identifierOf, isParticipant, makeFrostGroup } from './frost-group.js';
import { checkShare, type FrostShare, isEvaluation } from './frost-share.js';
import type { LedgerErrorCode } from './ledger-error.js';

/** Round one: to every other participant, the same to all. */
export interface FrostBroadcast {
  readonly participant: number;
  /** `threshold` points of 32 bytes. */
  readonly commitment: readonly Uint8Array[];
  /** Proof that the participant knows its secret, 64 bytes. */
  readonly proof: Uint8Array;
}

/** Round two: to one participant, over a channel that only the two can read and write. */
export interface FrostSubShare {
  readonly from: number;
  readonly to: number;
  /** SHA-256 over all broadcasts as the sender saw them. */
  readonly transcript: Uint8Array;
  readonly secret: Uint8Array;
}

type Round1 = ReturnType<typeof ed25519_FROST.DKG.round1>['public'];

/**
 * Makes a shared key that nobody ever has whole: one participant's side of the distributed key generation of FROST (Komlo and Goldberg
 * 2020, figure 1; the messages are those of frost-core). Each participant makes one, sends `broadcast` to the others, hands theirs to
 * `distribute`, sends what comes out to whom it is for, and hands what it receives to `finish`.
 *
 * Who sends different broadcasts to different participants is noticed: each sub-share carries a digest of all broadcasts, and `finish`
 * compares. Whoever sends what does not fit is named. Then everybody starts again, without the one named.
 */
export class FrostKeyGeneration {
  readonly broadcast: FrostBroadcast;
  readonly #participant: number;
  readonly #threshold: number;
  readonly #participants: number;
  readonly #state: ReturnType<typeof ed25519_FROST.DKG.round1>['secret'];
  #others: readonly FrostBroadcast[] = [];
  #transcript = new Uint8Array();
  #finished = false;

  /** @throws PhalanxError `LEDGER_SHARE` for counts out of range */
  constructor(participant: number, threshold: number, participants: number) {
    checkCounts(threshold, participants);
    if (!isParticipant({ participants }, participant))
      throw generationError(`there is no participant ${participant}`);
    this.#participant = participant;
    this.#threshold = threshold;
    this.#participants = participants;
    const made = this.#makeRound1(participant);
    this.#state = made.secret;
    const { commitment, proofOfKnowledge } = made.public;
    this.broadcast = { participant, commitment, proof: proofOfKnowledge };
  }

  /**
   * @param broadcasts of all others, in any order
   * @returns one sub-share for each of the others
   * @throws PhalanxError `LEDGER_SHARE` when one is missing, or its proof does not hold
   */
  distribute(broadcasts: readonly FrostBroadcast[]): FrostSubShare[] {
    this.#checkSenders(broadcasts.map(({ participant }) => participant));
    const others = structuredClone(broadcasts) as FrostBroadcast[];
    let made: ReturnType<typeof ed25519_FROST.DKG.round2>;
    try {
      made = ed25519_FROST.DKG.round2(this.#state, others.map(toRound1));
    } catch (cause) {
      const bad = others.find((broadcast) => !this.#holds(broadcast))?.participant;
      const what =
        bad === undefined ? 'broadcasts do not fit' : `the broadcast of participant ${bad} is false`;
      throw generationError(what, cause);
    }
    this.#others = others;
    this.#transcript = digest([...others, this.broadcast]);
    return others.map(({ participant: to }) => ({
      from: this.#participant,
      to,
      transcript: this.#transcript.slice(),
      secret: made[identifierOf(to)]!.signingShare,
    }));
  }

  /**
   * @param subShares what the others sent to this participant
   * @throws PhalanxError `LEDGER_SHARE` when one is missing or does not fit its sender's broadcast, or when its sender saw other
   * broadcasts
   */
  finish(subShares: readonly FrostSubShare[]): FrostShare {
    this.#checkSenders(subShares.map(({ from }) => from));
    if (this.#others.length === 0 || this.#finished) throw generationError('broadcasts come first, once');
    for (const { from, to, transcript } of subShares) {
      if (to !== this.#participant) throw generationError(`what ${from} sent is for ${to}`);
      if (Buffer.compare(transcript, this.#transcript) !== 0)
        throw generationError(`participant ${from} saw other broadcasts than this one did`);
    }
    const received = structuredClone(subShares) as FrostSubShare[];
    let made: ReturnType<typeof ed25519_FROST.DKG.round3>;
    try {
      made = ed25519_FROST.DKG.round3(
        this.#state,
        this.#others.map(toRound1),
        received.map(({ from, secret }) => ({ identifier: identifierOf(from), signingShare: secret })),
      );
    } catch (cause) {
      const bad = received.find((sent) => !this.#fits(sent))?.from;
      const what =
        bad === undefined
          ? 'sub-shares do not fit'
          : `what participant ${bad} sent does not fit its broadcast`;
      throw generationError(what, cause);
    }
    this.#finished = true;
    const group = makeFrostGroup(this.#threshold, this.#participants, made.public.commitments);
    const share = { group, participant: this.#participant, secret: made.secret.signingShare };
    checkShare(share);
    return share;
  }

  #makeRound1(participant: number): ReturnType<typeof ed25519_FROST.DKG.round1> {
    return ed25519_FROST.DKG.round1(identifierOf(participant), {
      min: this.#threshold,
      max: this.#participants,
    });
  }

  /** The library says that a broadcast is bad, not which: try each among others that are good. */
  #holds(broadcast: FrostBroadcast): boolean {
    const mine = broadcast.participant === 1 ? 2 : 1;
    const others: Round1[] = [];
    for (let n = 1; n <= this.#participants; n++) {
      if (n === mine) continue;
      others.push(n === broadcast.participant ? toRound1(broadcast) : this.#makeRound1(n).public);
    }
    try {
      ed25519_FROST.DKG.round2(this.#makeRound1(mine).secret, others);
      return true;
    } catch {
      return false;
    }
  }

  #fits({ from, secret }: FrostSubShare): boolean {
    const { commitment } = this.#others.find(({ participant }) => participant === from)!;
    return isEvaluation(commitment, this.#participant, secret);
  }

  #checkSenders(senders: readonly number[]): void {
    for (let n = 1; n <= this.#participants; n++) {
      const count = senders.filter((sender) => sender === n).length;
      if (count !== (n === this.#participant ? 0 : 1))
        throw generationError(`${count} messages from participant ${n}`);
    }
    if (senders.length !== this.#participants - 1) throw generationError('a message from nobody');
  }
}

function toRound1({ participant, commitment, proof }: FrostBroadcast): Round1 {
  return {
    identifier: identifierOf(participant),
    commitment: commitment.map((point) => point.slice()),
    proofOfKnowledge: proof.slice(),
  };
}

/** Parts have fixed lengths once `#holds` has read them, so they cannot be shifted against one another. */
function digest(broadcasts: readonly FrostBroadcast[]): Uint8Array<ArrayBuffer> {
  const sorted = [...broadcasts].sort((a, b) => a.participant - b.participant);
  const parts = sorted.flatMap(({ commitment, proof }) => [...commitment, proof]);
  return new Uint8Array(createHash('sha256').update(concatBytes(parts)).digest());
}

function generationError(what: string, cause?: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_SHARE', `no key was made: ${what}`, { cause });
}
