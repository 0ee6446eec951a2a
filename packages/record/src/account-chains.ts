import { createHash, randomBytes } from 'node:crypto';
import { PhalanxError } from '@phalanx/core';
import { type Disk, readWhole } from '@phalanx/ledger';
import { CHAIN_BYTES } from './exchange-leaf.js';
import type { RecordErrorCode } from './record-error.js';

/** Where the chain of an account stands. */
export interface ChainHead {
  readonly chain: Uint8Array;
  /** Sequence that the next leaf has. */
  sequence: number;
  /** Leaf hash of the last one; zeroes before the first. */
  previous: Uint8Array;
}

const PATH = 'chains';
const MAGIC = Buffer.from('phalanx-chains/1\n');
const ROW_BYTES = 8 + CHAIN_BYTES + 8 + 32;
const DIGEST_BYTES = 32;

/**
 * The chains of all accounts, in memory. A snapshot beside the log says where they stood at some size of it; what came later is read
 * from the log again. An account's name in the log is random, and is known only from here and from its sealed openings.
 */
export class AccountChains {
  readonly #heads = new Map<bigint, ChainHead>();
  /** Leaves of the log that this takes account of. */
  size = 0;

  /** @throws PhalanxError `RECORD_CORRUPT` for a snapshot that is damaged */
  static load(disk: Disk): AccountChains {
    const chains = new AccountChains();
    const bytes = readWhole(disk, PATH);
    if (bytes === null) return chains;
    const body = bytes.subarray(0, -DIGEST_BYTES);
    const rows = body.length - MAGIC.length - 8;
    const digest = createHash('sha256').update(body).digest();
    if (
      rows < 0 ||
      rows % ROW_BYTES !== 0 ||
      !MAGIC.equals(body.subarray(0, MAGIC.length)) ||
      !digest.equals(bytes.subarray(-DIGEST_BYTES))
    )
      throw new PhalanxError<RecordErrorCode>('RECORD_CORRUPT', 'the snapshot of chains is damaged', {
        advice: 'Remove the file `chains`: it is made again from the log and its openings.',
      });
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    chains.size = Number(view.getBigUint64(MAGIC.length));
    for (let at = MAGIC.length + 8; at < body.length; at += ROW_BYTES)
      chains.#heads.set(view.getBigUint64(at), {
        chain: body.slice(at + 8, at + 24),
        sequence: Number(view.getBigUint64(at + 24)),
        previous: body.slice(at + 32, at + 64),
      });
    return chains;
  }

  get accounts(): number {
    return this.#heads.size;
  }

  find(account: bigint): ChainHead | null {
    return this.#heads.get(account) ?? null;
  }

  /** The head of an account's chain, begun when there is none. */
  findOrBegin(account: bigint): ChainHead {
    let head = this.#heads.get(account);
    if (head === undefined) {
      head = { chain: new Uint8Array(randomBytes(CHAIN_BYTES)), sequence: 0, previous: new Uint8Array(32) };
      this.#heads.set(account, head);
    }
    return head;
  }

  /** Takes up a head that a leaf of the log shows. */
  restore(account: bigint, head: ChainHead): void {
    this.#heads.set(account, head);
  }

  /**
   * An erased account that comes back begins another chain, which the log does not connect with the first. Who was shown both, or has the
   * store's rows with their times, can.
   */
  forget(account: bigint): void {
    this.#heads.delete(account);
  }

  save(disk: Disk): void {
    const body = Buffer.alloc(MAGIC.length + 8 + ROW_BYTES * this.#heads.size);
    MAGIC.copy(body);
    let at = body.writeBigUInt64BE(BigInt(this.size), MAGIC.length);
    for (const [account, { chain, sequence, previous }] of this.#heads) {
      at = body.writeBigUInt64BE(account, at);
      body.set(chain, at);
      at = body.writeBigUInt64BE(BigInt(sequence), at + CHAIN_BYTES);
      body.set(previous, at);
      at += 32;
    }
    disk.replace(PATH, Buffer.concat([body, createHash('sha256').update(body).digest()]));
  }
}
