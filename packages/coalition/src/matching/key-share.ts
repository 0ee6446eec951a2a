import { timingSafeEqual } from 'node:crypto';
import { refuse } from '../coalition-error.js';
import { type KeyGroup, keyIdOf } from './key-group.js';
import { decodeScalar, multiplyBase, wipe } from './ristretto.js';

/** One server's share of a key, until it is destroyed. */
export class KeyShare {
  readonly group: KeyGroup;
  /** Number of the server. */
  readonly index: number;
  #secret: Uint8Array | null;

  /**
   * @param secret the share, 32 bytes; copied
   * @throws PhalanxError `COALITION_MATCHING` when it does not fit the group's public share of this server
   */
  constructor(group: KeyGroup, index: number, secret: Uint8Array) {
    const at = group.members.indexOf(index);
    const expected = group.publicShares[at];
    if (expected === undefined || !timingSafeEqual(multiplyBase(decodeScalar(secret)), expected))
      refuse(
        'COALITION_MATCHING',
        `this is no share of server ${index}`,
        'Take part in making the next key.',
      );
    this.group = group;
    this.index = index;
    this.#secret = Uint8Array.from(secret);
  }

  get destroyed(): boolean {
    return this.#secret === null;
  }

  /**
   * Gives the secret to `work`, to evaluate or to seal it into a file.
   *
   * @throws PhalanxError `COALITION_MATCHING` once it is destroyed
   */
  use<T>(work: (secret: Uint8Array) => T): T {
    if (this.#secret === null)
      return refuse('COALITION_MATCHING', 'this share is destroyed', 'Use the share of the current epoch.');
    return work(this.#secret);
  }

  /** Overwrites the secret here. Copies that the caller stored must be destroyed by the caller. */
  destroy(): void {
    if (this.#secret !== null) wipe(this.#secret);
    this.#secret = null;
  }
}

/** The shares of one server by epoch: old ones are destroyed when their epoch is over. */
export class EpochShares {
  readonly #shares = new Map<number, KeyShare>();
  #now = 0;

  /** @throws PhalanxError `COALITION_MATCHING` for an epoch that is over, or one that has another key */
  add(share: KeyShare): void {
    const { epoch } = share.group;
    const known = this.#shares.get(epoch);
    if (
      epoch < this.#now ||
      (known !== undefined && !timingSafeEqual(keyIdOf(known.group), keyIdOf(share.group)))
    )
      refuse('COALITION_MATCHING', `epoch ${epoch} is over or has a key`, 'Make a key for a later epoch.');
    this.#shares.set(epoch, share);
  }

  /** The share of an epoch; null when there is none, or none any more. */
  find(epoch: number): KeyShare | null {
    return this.#shares.get(epoch) ?? null;
  }

  /**
   * The epoch is now `epoch`: destroys the shares of all earlier ones. Never goes back.
   *
   * @returns the epochs whose share was destroyed, for the evidence log
   */
  advance(epoch: number): number[] {
    this.#now = Math.max(this.#now, epoch);
    const over = [...this.#shares].filter(([of]) => of < this.#now);
    for (const [of, share] of over) {
      share.destroy();
      this.#shares.delete(of);
    }
    return over.map(([of]) => of);
  }
}
