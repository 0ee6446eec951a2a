import { createHash } from 'node:crypto';
import { fromBase64, fromUtf8, PhalanxError, toBase64, toHex, utf8 } from '@phalanx/core';
import { type Checkpoint, parseCheckpoint, parseDecimal } from './checkpoint.js';
import { type Disk, readWhole } from './disk.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { EMPTY_ROOT, HASH_BYTES } from './merkle-hash.js';
import { verifyConsistency } from './merkle-proof.js';
import {
  formatSignature,
  type NoteSigner,
  type NoteVerifier,
  openNote,
  parseNote,
  signNote,
} from './signed-note.js';

/** A log that a witness follows. */
export interface WitnessedLog {
  readonly origin: string;
  /** Its keys; several while they change. */
  readonly verifiers: readonly NoteVerifier[];
}

/** What a witness is made of. */
export interface WitnessSettings {
  readonly logs: readonly WitnessedLog[];
  /** Keys of the witness, all under one name; the first Ed25519, the second ML-DSA-44, say. */
  readonly cosigners: readonly NoteSigner[];
  /**
   * Holds the last cosigned checkpoint of each log. A witness that has lost it, or has an older copy, must not go on under the
   * same key: it could cosign two trees.
   */
  readonly state: Disk;
}

/** An HTTP answer of the witness. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly contentType: string;
  readonly body: string;
}

const MAX_PROOF_LINES = 63;
/** Longest body of an `add-checkpoint` call. */
export const MAX_REQUEST_BYTES = 1_100_000;
const TEXT = 'text/plain; charset=utf-8';

/** C2SP tlog-witness v1.0.0, without a network: what its calls answer. Subtrees are not cosigned. */
export class Witness {
  readonly #logs: ReadonlyMap<string, WitnessedLog>;
  readonly #settings: WitnessSettings;
  /** The last call about each log: two at once could roll one back. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(settings: WitnessSettings) {
    this.#settings = settings;
    this.#logs = new Map(settings.logs.map((log) => [log.origin, log]));
  }

  /**
   * `POST <submission prefix>/add-checkpoint`. The new checkpoint is on disk before the cosignature is given away.
   *
   * @throws PhalanxError `LEDGER_DISK` when it could not be written; the process should end
   */
  async addCheckpoint(body: Uint8Array): Promise<WitnessAnswer> {
    const request = readRequest(body);
    if (request === null) return answer(400, 'malformed request');
    const log = this.#logs.get(request.checkpoint.origin);
    if (log === undefined) return answer(404, 'unknown log');
    const { origin } = log;
    const turn = (this.#turns.get(origin) ?? Promise.resolve()).then(() => this.#add(log, request));
    this.#turns.set(
      origin,
      turn.catch(() => {}),
    );
    return turn;
  }

  /** `GET <monitoring prefix>/<origin hash>/checkpoint`: what was cosigned last; null when nothing was. */
  readCheckpoint(originHash: string): Uint8Array | null {
    const isKnown = [...this.#logs.keys()].some((origin) => hashOrigin(origin) === originHash);
    return isKnown ? readWhole(this.#settings.state, originHash) : null;
  }

  async #add(log: WitnessedLog, { oldSize, proof, note, checkpoint }: Request): Promise<WitnessAnswer> {
    let logSignatures: ReturnType<typeof openNote>['verified'];
    try {
      logSignatures = openNote(note, log.verifiers).verified;
    } catch (error) {
      if (PhalanxError.is(error, 'LEDGER_UNSIGNED')) return answer(403, 'no signature by a key of this log');
      if (PhalanxError.is(error, 'LEDGER_SIGNATURE')) return answer(403, 'invalid signature');
      throw error;
    }
    if (oldSize > checkpoint.size) return answer(400, 'the old size is above the new');
    const path = hashOrigin(log.origin);
    const known = this.readCheckpoint(path);
    const last = known === null ? null : parseCheckpoint(parseNote(known).text);
    if (oldSize !== (last?.size ?? 0))
      return { status: 409, contentType: 'text/x.tlog.size', body: `${last?.size ?? 0}\n` };
    if (!verifyConsistency(oldSize, checkpoint.size, proof, last?.root ?? EMPTY_ROOT, checkpoint.root))
      return answer(422, 'the consistency proof does not lead from the old tree to the new');
    const { text } = parseNote(note);
    const cosigned = await signNote(text, this.#settings.cosigners, logSignatures);
    try {
      this.#settings.state.replace(path, cosigned);
    } catch (cause) {
      throw new PhalanxError<LedgerErrorCode>('LEDGER_DISK', 'a cosigned checkpoint could not be written', {
        cause,
        advice: 'End the process and look after the disk.',
      });
    }
    const own = parseNote(cosigned).signatures.slice(logSignatures.length);
    return { status: 200, contentType: TEXT, body: own.map(formatSignature).join('') };
  }
}

/** Name of a log in a witness's addresses: SHA-256 of its origin in lower-case hexadecimal. */
export function hashOrigin(origin: string): string {
  return toHex(createHash('sha256').update(utf8(origin)).digest());
}

/** What a log sends to a witness. */
interface Request {
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  readonly note: Uint8Array;
  readonly checkpoint: Checkpoint;
}

/**
 * The body of an `add-checkpoint` call.
 *
 * @param proof at most 63 hashes of 32 bytes, see `TransparencyLog.proveConsistency`
 */
export function formatAddCheckpoint(
  oldSize: number,
  proof: readonly Uint8Array[],
  note: Uint8Array,
): Uint8Array {
  const lines = [`old ${oldSize}`, ...proof.map(toBase64)];
  return Buffer.concat([utf8(`${lines.join('\n')}\n\n`), note]);
}

/** Null when it is malformed. */
function readRequest(body: Uint8Array): Request | null {
  const end = Buffer.from(body.buffer, body.byteOffset, body.byteLength).indexOf('\n\n');
  if (end < 0 || body.length > MAX_REQUEST_BYTES) return null;
  try {
    const [old = '', ...lines] = fromUtf8(body.subarray(0, end)).split('\n');
    const oldSize = old.startsWith('old ') ? parseDecimal(old.slice(4)) : null;
    const proof = lines.map(fromBase64);
    const areHashes = proof.length <= MAX_PROOF_LINES && proof.every(({ length }) => length === HASH_BYTES);
    if (oldSize === null || !areHashes) return null;
    const note = body.slice(end + 2);
    return { oldSize, proof, note, checkpoint: parseCheckpoint(parseNote(note).text) };
  } catch (error) {
    if (PhalanxError.is(error) || error instanceof TypeError) return null;
    throw error;
  }
}

function answer(status: WitnessAnswer['status'], body: string): WitnessAnswer {
  return { status, contentType: TEXT, body: `${body}\n` };
}
