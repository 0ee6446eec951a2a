import { ed25519_FROST } from '@noble/curves/ed25519.js';
import { PhalanxError, toHex } from '@phalanx/core';
import { type FrostGroup, identifierOf, isParticipant, toPublicPackage } from './frost-group.js';
import { checkShare, type FrostShare } from './frost-share.js';
import type { LedgerErrorCode } from './ledger-error.js';

/** Round one of signing: what a participant binds itself to, for one signature. */
export interface FrostCommitment {
  readonly participant: number;
  /** Points, 32 bytes each. */
  readonly hiding: Uint8Array;
  readonly binding: Uint8Array;
}

/** Round two: what is to be signed, and by whom. */
export interface FrostSigningPackage {
  readonly message: Uint8Array;
  /** One for each participant that signs, `threshold` or more. */
  readonly commitments: readonly FrostCommitment[];
}

/**
 * One participant as the coordinator sees it: in this process a `FrostSigner`, elsewhere whatever carries two calls to one. All values
 * can be cloned by `structuredClone`.
 */
export interface FrostParticipant {
  commit(): Promise<FrostCommitment>;
  /** The participant's signature share, 32 bytes. */
  sign(request: FrostSigningPackage): Promise<Uint8Array>;
}

const MAX_MESSAGE_BYTES = 1_000_000;
/** Commitments that were made and not yet used. Whoever asks for more makes the oldest void. */
const MAX_OPEN = 64;

type Nonces = ReturnType<typeof ed25519_FROST.commit>['nonces'];

/**
 * Whoever holds a share. Two shares made with one nonce give the secret away, so a nonce lies in memory only, is taken out before
 * anything else happens to it, and is gone when the process ends. A copy of the process, as a snapshot of a virtual machine makes one,
 * has the same nonces: end the process before you take one.
 */
export class FrostSigner implements FrostParticipant {
  readonly participant: number;
  readonly #share: FrostShare;
  readonly #approve: (message: Uint8Array) => boolean | Promise<boolean>;
  readonly #open = new Map<string, Nonces>();

  /**
   * @param approve whether the holder wants this signed. A holder who signs whatever the coordinator brings adds nothing to it
   * @throws PhalanxError `LEDGER_SHARE` when the share is not of its group
   */
  constructor(share: FrostShare, approve: (message: Uint8Array) => boolean | Promise<boolean>) {
    checkShare(share);
    this.#share = structuredClone(share);
    this.#approve = approve;
    this.participant = share.participant;
  }

  async commit(): Promise<FrostCommitment> {
    const { nonces, commitments } = ed25519_FROST.commit(this.#secret());
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size >= MAX_OPEN) this.#open.delete(oldest);
    this.#open.set(toHex(commitments.hiding), nonces);
    return { participant: this.participant, hiding: commitments.hiding, binding: commitments.binding };
  }

  /** @throws PhalanxError `LEDGER_SHARE` when the commitment was used or never made, for a malformed package, or when the holder refuses */
  async sign(request: FrostSigningPackage): Promise<Uint8Array> {
    // A copy: the caller must not be able to show one message and have another signed. `slice` of a Buffer is none.
    const message = new Uint8Array(request.message.subarray(0, MAX_MESSAGE_BYTES + 1));
    const commitments = request.commitments.slice(0, this.#share.group.participants + 1).map(copyCommitment);
    const nonces = this.#take(commitments);
    checkPackage(message, commitments, this.#share.group);
    if (!(await this.#approve(message.slice()))) throw signerError('the holder does not sign this');
    try {
      return ed25519_FROST.signShare(
        this.#secret(),
        toPublicPackage(this.#share.group),
        nonces,
        toCommitmentList(commitments),
        message,
      );
    } catch (error) {
      throw signerError((error as Error).message);
    }
  }

  #take(commitments: readonly FrostCommitment[]): Nonces {
    const own = commitments.find(({ participant }) => participant === this.participant);
    const name = own && toHex(own.hiding);
    const nonces = name && this.#open.get(name);
    if (!nonces) throw signerError('its commitment was used already, or it made none');
    this.#open.delete(name);
    return nonces;
  }

  #secret(): Parameters<typeof ed25519_FROST.commit>[0] {
    return { identifier: identifierOf(this.participant), signingShare: this.#share.secret.slice() };
  }
}

/** Commitments as the library takes them. */
export function toCommitmentList(
  commitments: readonly FrostCommitment[],
): Parameters<typeof ed25519_FROST.aggregate>[1] {
  return commitments.map(({ participant, hiding, binding }) => ({
    identifier: identifierOf(participant),
    hiding: hiding.slice(),
    binding: binding.slice(),
  }));
}

function copyCommitment({ participant, hiding, binding }: FrostCommitment): FrostCommitment {
  return {
    participant,
    hiding: new Uint8Array(hiding.subarray(0, 33)),
    binding: new Uint8Array(binding.subarray(0, 33)),
  };
}

function checkPackage(message: Uint8Array, commitments: readonly FrostCommitment[], group: FrostGroup): void {
  if (message.length > MAX_MESSAGE_BYTES) throw signerError(`a message above ${MAX_MESSAGE_BYTES} bytes`);
  const named = new Set(commitments.map(({ participant }) => participant));
  if (named.size !== commitments.length) throw signerError('a participant is named twice');
  if (commitments.length < group.threshold) throw signerError(`fewer than ${group.threshold} participants`);
  for (const participant of named)
    if (!isParticipant(group, participant)) throw signerError(`there is no participant ${participant}`);
}

function signerError(what: string): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_SHARE', `no signature share: ${what}`);
}
