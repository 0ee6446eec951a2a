import { fromBase64, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import type { LedgerErrorCode } from './ledger-error.js';

/** C2SP signed-note v1.0.0: text signed by one or more keys. */
export interface SignedNote {
  /** Ends in a newline. To be trusted only once `openNote` has checked a signature. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** One signature line. */
export interface NoteSignature {
  readonly keyName: string;
  /** Big-endian number of the four bytes that go before the signature. */
  readonly keyId: number;
  readonly signature: Uint8Array;
}

/** A key that notes are checked against; `parseVerifierKey` makes one. */
export interface NoteVerifier {
  readonly keyName: string;
  readonly keyId: number;
  /** Whether this is the key's signature of the text. False, never an exception, for a malformed one. */
  verify(text: string, signature: Uint8Array): boolean;
}

/** A key that notes are signed with. */
export interface NoteSigner {
  readonly keyName: string;
  readonly keyId: number;
  sign(text: string): Uint8Array | Promise<Uint8Array>;
}

/** The specification asks for 16 signatures at least. */
const MAX_SIGNATURES = 100;
const MAX_BYTES = 1_000_000;
const SIGNATURE_LINE = /^\u2014 ([^ ]+) ([A-Za-z0-9+/]+={0,2})$/u;
const DASH = '\u2014';
const KEY_ID_BYTES = 4;

/** A note whose signatures were checked: those of known keys, all valid, and at least one. */
export interface OpenedNote {
  readonly text: string;
  readonly verified: readonly (NoteSignature & { readonly verifier: NoteVerifier })[];
}

/** Whether a string may name a key: not empty, without Unicode space, plus sign and control characters. */
export function isKeyName(name: string): boolean {
  return name !== '' && !/[\p{White_Space}+\p{Cc}]/u.test(name);
}

/**
 * Reads a note without checking any signature.
 *
 * @throws PhalanxError `LEDGER_NOTE`; also above 1,000,000 bytes or 100 signatures
 */
export function parseNote(note: Uint8Array): SignedNote {
  if (note.length > MAX_BYTES) throw noteError(`${note.length} bytes, more than ${MAX_BYTES}`);
  const whole = decodeUtf8(note);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the specification forbids exactly these.
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw noteError('a control character');
  const blank = whole.lastIndexOf('\n\n');
  if (blank < 0 || !whole.endsWith('\n')) throw noteError('no blank line before signatures');
  const lines = whole.slice(blank + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES)
    throw noteError(`${lines.length} signatures, more than ${MAX_SIGNATURES}`);
  return { text: whole.slice(0, blank + 1), signatures: lines.map(parseSignature) };
}

/**
 * Reads one signature line, without its newline.
 *
 * @throws PhalanxError `LEDGER_NOTE`
 */
export function parseSignature(line: string): NoteSignature {
  const [, keyName, base64] = SIGNATURE_LINE.exec(line) ?? [];
  if (keyName === undefined || !isKeyName(keyName)) throw noteError('a line that is no signature');
  let bytes: Uint8Array;
  try {
    bytes = fromBase64(base64!);
  } catch (cause) {
    throw noteError('a signature that is not base64', cause);
  }
  if (bytes.length <= KEY_ID_BYTES) throw noteError('a signature without content');
  return {
    keyName,
    keyId: new DataView(bytes.buffer, bytes.byteOffset).getUint32(0),
    signature: bytes.slice(KEY_ID_BYTES),
  };
}

/** One signature line, with its newline. */
export function formatSignature({ keyName, keyId, signature }: NoteSignature): string {
  const bytes = new Uint8Array(KEY_ID_BYTES + signature.length);
  new DataView(bytes.buffer).setUint32(0, keyId);
  bytes.set(signature, KEY_ID_BYTES);
  return `${DASH} ${keyName} ${toBase64(bytes)}\n`;
}

/** The note as bytes. */
export function formatNote({ text, signatures }: SignedNote): Uint8Array {
  return utf8(`${text}\n${signatures.map(formatSignature).join('')}`);
}

/**
 * Reads a note and checks it: signatures of unknown keys are ignored, one of a known key that does not verify condemns the note.
 *
 * @throws PhalanxError `LEDGER_NOTE` for what is no note, `LEDGER_SIGNATURE` for a false signature by a known key, `LEDGER_UNSIGNED` when no
 * known key signed
 */
export function openNote(note: Uint8Array, verifiers: readonly NoteVerifier[]): OpenedNote {
  const { text, signatures } = parseNote(note);
  const verified: (NoteSignature & { verifier: NoteVerifier })[] = [];
  for (const signature of signatures) {
    const verifier = verifiers.find(
      ({ keyName, keyId }) => keyName === signature.keyName && keyId === signature.keyId,
    );
    if (!verifier) continue;
    if (!verifier.verify(text, signature.signature))
      throw new PhalanxError<LedgerErrorCode>(
        'LEDGER_SIGNATURE',
        `the signature by ${signature.keyName} does not verify`,
        { advice: 'Do not use the note: it was altered, or the key is another.' },
      );
    verified.push({ ...signature, verifier });
  }
  if (verified.length === 0)
    throw new PhalanxError<LedgerErrorCode>('LEDGER_UNSIGNED', 'no known key signed the note', {
      advice: `Known: ${verifiers.map(({ keyName }) => keyName).join(', ') || 'none'}. Get the verifier key of the signer.`,
    });
  return { text, verified };
}

/**
 * Signs a text, or adds signatures to a note that has some.
 *
 * @throws PhalanxError `LEDGER_NOTE` when the text could not be a note's
 */
export async function signNote(
  text: string,
  signers: readonly NoteSigner[],
  existing: readonly NoteSignature[] = [],
): Promise<Uint8Array> {
  const made = await Promise.all(
    signers.map(async (signer) => ({
      keyName: signer.keyName,
      keyId: signer.keyId,
      signature: await signer.sign(text),
    })),
  );
  const note = formatNote({ text, signatures: [...existing, ...made] });
  if (parseNote(note).text !== text) throw noteError('a text that does not end in one newline');
  return note;
}

/**
 * Adds signatures to a note without checking any. One by a key that has signed already takes the place of that key's.
 *
 * @throws PhalanxError `LEDGER_NOTE`
 */
export function addSignatures(note: Uint8Array, more: readonly NoteSignature[]): Uint8Array {
  const { text, signatures } = parseNote(note);
  const isSameKey = (a: NoteSignature, b: NoteSignature): boolean =>
    a.keyName === b.keyName && a.keyId === b.keyId;
  const renewed = signatures.map((old) => more.find((one) => isSameKey(old, one)) ?? old);
  const added = more.filter((one) => !signatures.some((old) => isSameKey(old, one)));
  const out = formatNote({ text, signatures: [...renewed, ...added] });
  parseNote(out);
  return out;
}

/** The byte order mark is text here: leaving it out would change what was signed. */
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch (cause) {
    throw noteError('bytes that are not UTF-8', cause);
  }
}

function noteError(what: string, cause?: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_NOTE', `not a signed note: ${what}`, { cause });
}
