import { createHash, createPrivateKey } from 'node:crypto';
import { toHex, utf8 } from '@phalanx/core';
import {
  type Disk,
  hashLeaf,
  type LogSettings,
  makeNoteSigner,
  makeVerifierKey,
  SignatureType,
  signingKeyOf,
  TreeFrontier,
} from '@phalanx/ledger';

/** Small, so that a short run fills segments. */
export const SEGMENT_ENTRIES = 256;
const ORIGIN = 'log.example/faults';
/** PKCS #8 of an Ed25519 key without the key (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

const key = signingKeyOf(
  createPrivateKey({
    key: Buffer.concat([PKCS8, createHash('sha256').update(ORIGIN).digest()]),
    format: 'der',
    type: 'pkcs8',
  }),
);

/** The log's public key; the private one is the same in every process. */
export const verifier = makeVerifierKey(ORIGIN, SignatureType.ED25519, key.publicKey);

/** The log of all fault tests on these disks. */
export function settingsOf(disk: Disk, state: Disk): LogSettings {
  return {
    disk,
    state,
    origin: ORIGIN,
    signers: [makeNoteSigner(ORIGIN, key)],
    verifiers: [verifier],
    segmentEntries: SEGMENT_ENTRIES,
  };
}

/** Entry `index` of every run, 10 to 106 bytes, so that a lost or altered one is known without a record of the run. */
export function entryOf(index: number): Uint8Array {
  return utf8(`entry ${index} `.padEnd(10 + ((index * 37) % 97), 'x'));
}

/** Root of the first `n` entries at place `n`, hexadecimal, for 0 to `size`. */
export function rootsUpTo(size: number): string[] {
  const tree = new TreeFrontier();
  const roots = [toHex(tree.root())];
  for (let i = 0; i < size; i++) {
    tree.append(hashLeaf(entryOf(i)));
    roots.push(toHex(tree.root()));
  }
  return roots;
}

/** Ways in which the writing process's disk is made worse than ours, for controls. */
export type Flaw = 'no-sync' | 'bare-replace' | 'swallow';

/** What the writing process is told, as JSON in its first argument. */
export interface WriterOrders {
  /** Folders, absolute. */
  readonly log: string;
  readonly state: string;
  /** Entries of each batch. */
  readonly batches: readonly number[];
  /** A checkpoint is published after so many batches. Default 1. */
  readonly publishEvery?: number;
  readonly flaw?: Flaw;
  /** The write, from 1, of which only `keep` bytes are taken. */
  readonly shortWrite?: { readonly nth: number; readonly keep: number };
  /** A file whose size is noted with each event. */
  readonly clock?: string;
}

/** What the writing process says, one JSON text a line, at once. */
export interface WriterEvent {
  /** `appended`: entries up to `size` are acknowledged. `published`: this checkpoint was shown. `failed`: a call threw. */
  readonly kind: 'opened' | 'appended' | 'published' | 'failed';
  readonly size: number;
  /** Size of the clock file, else 0. */
  readonly at: number;
  /** Of a failure: the call and its error codes. */
  readonly what?: string;
}

/** Reads what a process said; a last line that was cut off by its death was not said. */
export function readEvents(output: string): WriterEvent[] {
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as WriterEvent);
}
