import { timingSafeEqual } from 'node:crypto';
import { concatBytes, utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { provePossession, verifyPossession } from './equality-proof.js';
import { digestOf, framed, integerBytes } from './framed-bytes.js';
import { type KeyGroup, MAX_SERVERS } from './key-group.js';
import type { KeyComplaint, KeyDealing, KeyPiece, KeyPromise } from './key-messages.js';
import { KeyShare } from './key-share.js';
import {
  addPoints,
  addScalars,
  decodePoint,
  decodeScalar,
  drawScalar,
  isZero,
  multiplyBase,
  multiplyPoint,
  scalarOf,
  wipe,
} from './ristretto.js';
import { evaluatePolynomial } from './shamir.js';

/** Who makes which key. All participants give the same, but for `participant`. */
export interface KeyGenerationOptions {
  readonly participant: number;
  readonly participants: number;
  /** How many shares it takes; more than half of the participants, so that two halves cannot both use the key. */
  readonly threshold: number;
  readonly epoch: number;
}

/**
 * Makes a key that nobody ever has: one participant's side of Pedersen's key generation with Feldman's commitments, complaints and proofs of
 * possession (Pedersen 1991; Gennaro, Jarecki, Krawczyk and Rabin 2007, whose bias of the public key the promise of step 1 takes from
 * participants that speak last). The messages of steps 1 to 4 go to all by a channel that shows all the same, such as a log.
 *
 * `promise` -> `deal` -> `complain` -> `answer` -> `finish`, one call each, in order. What is missing, late or false disqualifies
 * its sender; the key is made without it as long as `threshold` are left.
 */
export class KeyGeneration {
  readonly promise: KeyPromise;
  readonly #options: KeyGenerationOptions;
  readonly #coefficients: Uint8Array[];
  readonly #dealing: KeyDealing;
  #promises: readonly KeyPromise[] = [];
  #dealings: readonly KeyDealing[] = [];
  #pieces = new Map<number, Uint8Array>();
  #complaints: readonly KeyComplaint[] = [];
  #own: KeyComplaint | null = null;
  #answers: KeyPiece[] = [];
  #step = 1;

  /** @throws PhalanxError `COALITION_LIMIT` for more than 32 participants or a threshold that does not fit */
  constructor(options: KeyGenerationOptions) {
    const { participant, participants, threshold } = options;
    const fits = participants <= MAX_SERVERS && threshold <= participants && 2 * threshold > participants;
    if (!fits || !(participant >= 1 && participant <= participants))
      refuse(
        'COALITION_LIMIT',
        `${threshold} of ${participants}`,
        `At most ${MAX_SERVERS}, a majority of them.`,
      );
    this.#options = options;
    this.#coefficients = Array.from({ length: threshold }, drawScalar);
    const commitments = this.#coefficients.map(multiplyBase);
    const proof = provePossession(this.#coefficients[0]!, commitments[0]!, this.#contextOf(participant));
    this.#dealing = { type: 'phalanx-key-dealing-v1', from: participant, commitments, proof };
    this.promise = {
      type: 'phalanx-key-promise-v1',
      from: participant,
      digest: digestOfDealing(this.#dealing),
    };
  }

  /** Step 2, once the others' promises are there. `pieces` are secret, each for one. */
  deal(promises: readonly KeyPromise[]): { dealing: KeyDealing; pieces: KeyPiece[] } {
    this.#enter(1);
    this.#promises = sorted([...onceEach(promises, this.#options), this.promise]);
    const { participant, participants } = this.#options;
    const others = Array.from({ length: participants }, (_, i) => i + 1).filter((to) => to !== participant);
    return { dealing: this.#dealing, pieces: others.map((to) => this.#pieceFor(to)) };
  }

  /** Step 3, once the others' dealings and pieces are there, or their time is over. */
  complain(dealings: readonly KeyDealing[], pieces: readonly KeyPiece[]): KeyComplaint {
    this.#enter(2);
    const { participant } = this.#options;
    const heard = onceEach(dealings, this.#options).filter((dealing) => this.#isValid(dealing));
    this.#dealings = sorted([...heard, this.#dealing]);
    const accused: number[] = [];
    for (const { from, commitments } of this.#dealings) {
      const piece =
        from === participant
          ? this.#pieceFor(participant)
          : onceEach(pieces, this.#options).find((one) => one.from === from && one.to === participant);
      if (piece !== undefined && fitsCommitments(piece.secret, commitments, participant))
        this.#pieces.set(from, Uint8Array.from(piece.secret));
      else accused.push(from);
    }
    const said = digestOfAll([...this.#promises.map(promiseBytes), ...this.#dealings.map(dealingBytes)]);
    this.#own = { type: 'phalanx-key-complaint-v1', from: participant, heard: said, accused };
    return this.#own!;
  }

  /**
   * Step 4, once the others' complaints are there: the pieces that were complained of, now for all to see.
   *
   * @throws PhalanxError `COALITION_PROOF` when somebody heard other promises or dealings: then all start again on a channel that shows
   *   all the same
   */
  answer(complaints: readonly KeyComplaint[]): KeyPiece[] {
    this.#enter(3);
    // Who is not among the dealers any more has no say.
    const dealers = new Set(this.#dealings.map(({ from }) => from));
    const heard = onceEach(complaints, this.#options).filter(({ from }) => dealers.has(from));
    this.#complaints = sorted([...heard, this.#own!]);
    const differing = this.#complaints.filter((one) => !timingSafeEqual(one.heard, this.#own!.heard));
    if (differing.length > 0)
      refuse(
        'COALITION_PROOF',
        `participant ${differing.map(({ from }) => from).join(', ')} heard other dealings`,
        'Compare what each of you received, and start again without who said two things.',
      );
    this.#answers = this.#complaints
      .filter(({ accused }) => accused.includes(this.#options.participant))
      .map(({ from }) => this.#pieceFor(from));
    return this.#answers;
  }

  /**
   * The share, and the public side in `group`. Compare `keyIdOf(group)` with the others before you use it.
   *
   * @param answers what the others published in step 4
   * @throws PhalanxError `COALITION_PROOF` when too few dealers are left, or this participant is not among them
   */
  finish(answers: readonly KeyPiece[]): KeyShare {
    this.#enter(4);
    const { participant, threshold, epoch } = this.#options;
    const published = [...answers.filter(({ from }) => from !== participant), ...this.#answers];
    published.sort((a, b) => a.from - b.from || a.to - b.to);
    const qualified = this.#dealings.filter((dealing) => this.#isCleared(dealing, published));
    const members = qualified.map(({ from }) => from);
    if (members.length < threshold || !members.includes(participant))
      refuse(
        'COALITION_PROOF',
        `only ${members.length} dealers are left`,
        'Start again, without those who were named.',
      );
    const pieces = members.map(
      (from) =>
        this.#pieces.get(from) ??
        published.find((one) => one.from === from && one.to === participant)!.secret,
    );
    const secret = pieces.reduce(addScalars);
    const sums = qualified[0]!.commitments.map((_, j) =>
      qualified.map(({ commitments }) => commitments[j]!).reduce(addPoints),
    );
    const group: KeyGroup = {
      type: 'phalanx-key-group-v1',
      epoch,
      threshold,
      members,
      publicKey: sums[0]!,
      publicShares: members.map((member) => commitmentAt(sums, member)),
      transcript: digestOfAll([
        this.#own!.heard,
        ...this.#complaints.map(({ from, accused }) =>
          Uint8Array.of(from, ...[...new Set(accused)].sort((a, b) => a - b)),
        ),
        ...published.filter(({ from }) => members.includes(from)).map(pieceBytes),
      ]),
    };
    const share = new KeyShare(group, participant, secret);
    for (const scalar of [secret, ...this.#coefficients, ...this.#pieces.values()]) wipe(scalar);
    return share;
  }

  #enter(step: number): void {
    if (this.#step !== step)
      refuse('COALITION_MATCHING', 'the steps of making a key come once each, in order', 'Start a new one.');
    this.#step++;
  }

  #contextOf(from: number): Uint8Array {
    const { participants, threshold, epoch } = this.#options;
    const numbers = Uint8Array.of(participants, threshold, from);
    return framed(utf8('phalanx-distributed-key-v1'), numbers, integerBytes(epoch, 4));
  }

  #pieceFor(to: number): KeyPiece {
    const secret = evaluatePolynomial(this.#coefficients, to);
    return { type: 'phalanx-key-piece-v1', from: this.#options.participant, to, secret };
  }

  #isValid(dealing: KeyDealing): boolean {
    const { from, commitments, proof } = dealing;
    const promised = this.#promises.find((promise) => promise.from === from);
    if (promised === undefined || commitments.length !== this.#options.threshold) return false;
    try {
      for (const commitment of commitments) decodePoint(commitment);
    } catch {
      return false;
    }
    return (
      timingSafeEqual(promised.digest, digestOfDealing(dealing)) &&
      verifyPossession(commitments[0]!, this.#contextOf(from), proof)
    );
  }

  /** Fewer than `threshold` complained, and each of them was answered by a piece that fits. */
  #isCleared({ from, commitments }: KeyDealing, published: readonly KeyPiece[]): boolean {
    const complaints = this.#complaints.filter(({ accused }) => accused.includes(from));
    return (
      complaints.length < this.#options.threshold &&
      complaints.every(({ from: to }) => {
        const answers = published.filter((one) => one.from === from && one.to === to);
        return answers.length === 1 && fitsCommitments(answers[0]!.secret, commitments, to);
      })
    );
  }
}

function fitsCommitments(secret: Uint8Array, commitments: readonly Uint8Array[], at: number): boolean {
  try {
    return timingSafeEqual(multiplyBase(decodeScalar(secret)), commitmentAt(commitments, at));
  } catch {
    return false;
  }
}

/** The committed polynomial at `x`, times the generator. */
function commitmentAt(commitments: readonly Uint8Array[], x: number): Uint8Array {
  const at = scalarOf(x);
  return commitments.reduceRight((sum, commitment) =>
    // An identity would be refused by the multiplication; it adds nothing.
    isZero(sum) ? commitment : addPoints(multiplyPoint(at, sum), commitment),
  );
}

/** The messages of others, one each: of whom there are two, none counts. */
function onceEach<T extends { readonly from: number; readonly to?: number }>(
  messages: readonly T[],
  { participant, participants }: KeyGenerationOptions,
): T[] {
  const mine = messages.filter(({ to }) => to === undefined || to === participant);
  const count = new Map<number, number>();
  for (const { from } of mine) count.set(from, (count.get(from) ?? 0) + 1);
  return mine.filter(({ from }) => from !== participant && from <= participants && count.get(from) === 1);
}

function sorted<T extends { readonly from: number }>(messages: T[]): T[] {
  return messages.sort((a, b) => a.from - b.from);
}

const promiseBytes = ({ from, digest }: KeyPromise) => framed(Uint8Array.of(from), digest);
const dealingBytes = ({ from, commitments, proof }: KeyDealing) =>
  framed(Uint8Array.of(from), ...commitments, proof);
const pieceBytes = ({ from, to, secret }: KeyPiece) => framed(Uint8Array.of(from, to), secret);

function digestOfDealing(dealing: KeyDealing): Uint8Array {
  return digestOfAll([dealingBytes(dealing)]);
}

function digestOfAll(parts: readonly Uint8Array[]): Uint8Array {
  const text = concatBytes([
    framed(utf8('phalanx-distributed-key-v1')),
    ...parts.map((part) => framed(part)),
  ]);
  return digestOf('sha256', text);
}
