import { fromUtf8, PhalanxError } from '@phalanx/core';
import { parseDecimal, type SignedCheckpoint } from './checkpoint.js';
import { readCosignature } from './cosignature.js';
import { type FetchedAnswer, fetchWithin, parseBase } from './http-client.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { addSignatures, type NoteSignature, parseNote, parseSignature } from './signed-note.js';
import { checkPolicy, type TrustPolicy } from './tlog-policy.js';
import { SignatureType, type VerifierKey } from './verifier-key.js';
import { formatAddCheckpoint } from './witness.js';

/** What asking a witness came to. */
export type WitnessOutcome =
  /** These cosignatures verify. */
  | { readonly kind: 'cosigned'; readonly signatures: readonly NoteSignature[] }
  /** It answered with another status than the specification has a remedy for. */
  | { readonly kind: 'refused'; readonly status: number }
  /** It says that it cosigned a larger tree: the log may have been rolled back, or the witness lies. */
  | { readonly kind: 'ahead'; readonly size: number }
  /** It says that it cosigned a smaller tree than one it did cosign: it lost its state and should be retired. */
  | { readonly kind: 'regressed'; readonly size: number }
  /** It answered 200 without a cosignature by its key that verifies. */
  | { readonly kind: 'invalid' }
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** It had not answered when the quorum was met. */
  | { readonly kind: 'pending' };

/** What a log shows its witnesses; `TransparencyLog` is one. */
export interface WitnessedSource {
  readonly signed: SignedCheckpoint | null;
  proveConsistency(oldSize: number, newSize: number): Promise<Uint8Array[]>;
}

/** A witness as a log knows it. */
export interface WitnessAddress {
  /** Its keys, all under one name: Ed25519 and ML-DSA-44, say. */
  readonly keys: readonly VerifierKey[];
  /** Its submission prefix. */
  readonly url: string;
  /** For each of at most two calls. Default 5,000. */
  readonly timeoutMs?: number;
}

/** 25 ML-DSA-44 cosignatures; a witness has one or two. */
const MAX_ANSWER_BYTES = 100_000;
const MAX_LINES = 100;
const COSIGNATURE_BYTES = {
  [SignatureType.ED25519_COSIGNATURE]: 64,
  [SignatureType.ML_DSA_44_COSIGNATURE]: 2420,
} as const;

/** Asks one witness, and remembers what it cosigned last. Nothing that it says is believed. */
export class WitnessClient {
  readonly name: string;
  readonly url: string;
  readonly #keys: readonly VerifierKey[];
  readonly #timeoutMs: number;
  /** Size of the largest tree that it is known to have cosigned. */
  #oldSize = 0;

  /**
   * @throws PhalanxError `LEDGER_REMOTE` for what is no address; `LEDGER_KEY` without keys, for keys of several names, or for keys that
   * do not cosign
   */
  constructor({ keys, url, timeoutMs = 5000 }: WitnessAddress) {
    const [first] = keys;
    if (first === undefined || keys.some(({ keyName, type }) => keyName !== first.keyName || type === 1))
      throw new PhalanxError<LedgerErrorCode>('LEDGER_KEY', 'a witness has keys of one name that cosign');
    this.name = first.keyName;
    this.url = parseBase(url);
    this.#keys = keys;
    this.#timeoutMs = timeoutMs;
  }

  /** Asks for cosignatures of a checkpoint; after 409 once more, with the size that the witness told. */
  async cosign(signed: SignedCheckpoint, log: WitnessedSource): Promise<WitnessOutcome> {
    const { size } = signed.checkpoint;
    let oldSize = Math.min(this.#oldSize, size);
    try {
      let answer = await this.#ask(oldSize, signed, log);
      if (answer.status === 409) {
        const told = readSize(answer.body);
        if (told === null || told === oldSize) return { kind: 'refused', status: 409 };
        if (told > size) return { kind: 'ahead', size: told };
        if (told < this.#oldSize) return { kind: 'regressed', size: told };
        oldSize = told;
        answer = await this.#ask(oldSize, signed, log);
      }
      if (answer.status !== 200) return { kind: 'refused', status: answer.status };
      const signatures = this.#verify(answer.body, parseNote(signed.note).text);
      if (signatures.length === 0) return { kind: 'invalid' };
      this.#oldSize = Math.max(this.#oldSize, size);
      return { kind: 'cosigned', signatures };
    } catch (error) {
      if (PhalanxError.is(error, 'LEDGER_REMOTE')) return { kind: 'unreachable', reason: error.message };
      throw error;
    }
  }

  async #ask(oldSize: number, signed: SignedCheckpoint, log: WitnessedSource): Promise<FetchedAnswer> {
    const proof = await log.proveConsistency(oldSize, signed.checkpoint.size);
    return fetchWithin(this.url, 'add-checkpoint', formatAddCheckpoint(oldSize, proof, signed.note), {
      timeoutMs: this.#timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
    });
  }

  /** Cosignatures by keys of this witness that verify and state a time; one a key. */
  #verify(body: Uint8Array, text: string): NoteSignature[] {
    const found = new Map<VerifierKey, NoteSignature>();
    for (const line of readLines(body)) {
      const key = this.#keys.find(({ keyName, keyId }) => keyName === line.keyName && keyId === line.keyId);
      if (key === undefined || key.type === SignatureType.ED25519) continue;
      const timestampS = readCosignature(line.signature, COSIGNATURE_BYTES[key.type])?.timestampS ?? 0;
      if (timestampS > 0 && key.verify(text, line.signature)) found.set(key, line);
    }
    return [...found.values()];
  }
}

/** The witnesses of a policy that have an address, one client an address and name. */
export function witnessesOf(policy: TrustPolicy, timeoutMs?: number): WitnessClient[] {
  const byPlace = new Map<string, { url: string; keys: VerifierKey[] }>();
  for (const { key, url } of policy.witnesses.values()) {
    if (url === null) continue;
    const place = `${key.keyName} ${parseBase(url)}`;
    const known = byPlace.get(place);
    if (known === undefined) byPlace.set(place, { url, keys: [key] });
    else known.keys.push(key);
  }
  return [...byPlace.values()].map(
    (witness) => new WitnessClient({ ...witness, ...(timeoutMs !== undefined && { timeoutMs }) }),
  );
}

/** Cosignatures that came together. */
export interface GatheredCosignatures {
  /** The log's last checkpoint with every cosignature that verified, for `TransparencyLog.serve`. */
  readonly note: Uint8Array;
  /** Whether it satisfies the policy. */
  readonly isWitnessed: boolean;
  /** By the witnesses' addresses. */
  readonly outcomes: ReadonlyMap<string, WitnessOutcome>;
}

/**
 * Asks all witnesses at once for cosignatures of the log's last checkpoint.
 *
 * @param policy by whose quorum enough is known to have come; without one all are waited for. It lists the log's own key
 * @returns when the quorum is met or all have answered; `rest` when all have answered, which the clients' timeouts bound
 * @throws RangeError when the log has no checkpoint; what `checkPolicy` throws but for `LEDGER_QUORUM`
 */
export async function gatherCosignatures(
  log: WitnessedSource,
  witnesses: readonly WitnessClient[],
  policy: TrustPolicy,
): Promise<GatheredCosignatures & { readonly rest: Promise<GatheredCosignatures> }> {
  const { signed } = log;
  if (signed === null) throw new RangeError('the log has no checkpoint yet');
  let note = signed.note;
  let isWitnessed = satisfies(note, policy);
  const outcomes = new Map<string, WitnessOutcome>(witnesses.map(({ url }) => [url, { kind: 'pending' }]));
  const gathered = (): GatheredCosignatures => ({ note, isWitnessed, outcomes: new Map(outcomes) });
  const { promise: enough, resolve } = withResolvers();
  const all = Promise.all(
    witnesses.map(async (witness) => {
      const outcome = await witness.cosign(signed, log);
      outcomes.set(witness.url, outcome);
      if (outcome.kind !== 'cosigned') return;
      note = addSignatures(note, outcome.signatures);
      isWitnessed ||= satisfies(note, policy);
      if (isWitnessed && policy.quorum !== null) resolve();
    }),
  );
  const rest = all.then(gathered);
  // Whoever takes the quorum and goes on may never look at the rest.
  rest.catch(() => {});
  await Promise.race([enough, all]);
  return { ...gathered(), rest };
}

function satisfies(note: Uint8Array, policy: TrustPolicy): boolean {
  try {
    checkPolicy(note, policy);
    return true;
  } catch (error) {
    if (PhalanxError.is(error, 'LEDGER_QUORUM')) return false;
    throw error;
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Null unless it is a size and a newline. */
function readSize(body: Uint8Array): number | null {
  const text = Buffer.from(body).toString('latin1');
  return text.endsWith('\n') ? parseDecimal(text.slice(0, -1)) : null;
}

/** Signature lines; lines that are none make all of them worthless. */
function readLines(body: Uint8Array): NoteSignature[] {
  try {
    const text = fromUtf8(body);
    const lines = text.slice(0, -1).split('\n');
    return text.endsWith('\n') && lines.length <= MAX_LINES ? lines.map(parseSignature) : [];
  } catch (error) {
    if (PhalanxError.is(error) || error instanceof TypeError) return [];
    throw error;
  }
}
