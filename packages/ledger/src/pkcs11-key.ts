import { randomBytes, verify } from 'node:crypto';
import { concatBytes, PhalanxError, utf8 } from '@phalanx/core';
import { publicKeyOf } from './ed25519-public-key.js';
import type { SigningKey } from './note-signer.js';
import { type Pkcs11Calls, type Pkcs11Library, tokenError, useModule } from './pkcs11-module.js';
import { makeVerifierKey, SignatureType } from './verifier-key.js';

/** Where a key lies. */
export interface Pkcs11Settings {
  /** Path of the token's PKCS#11 module, a shared library. */
  readonly module: string;
  readonly tokenLabel: string;
  /** CKA_LABEL of both the private and the public key object. */
  readonly keyLabel: string;
  /** Of the token's user. Kept while the key is open: a lost session is opened again with it. */
  readonly pin: string;
  /** `pkcs11js`, when it is not installed where this package finds it. */
  readonly library?: Pkcs11Library;
}

/** An Ed25519 key that never leaves its token. */
export interface Pkcs11Key extends SigningKey {
  sign(message: Uint8Array): Promise<Uint8Array>;
  /** Waits for signatures under way and ends the session. */
  close(): Promise<void>;
}

const CKF_SERIAL_SESSION = 0x4;
const CKU_USER = 1;
const CKA_CLASS = 0x0;
const CKA_LABEL = 0x3;
const CKA_KEY_TYPE = 0x100;
const CKA_EC_POINT = 0x181;
const CKO_PUBLIC_KEY = 2;
const CKO_PRIVATE_KEY = 3;
const CKK_EC_EDWARDS = 0x40;
const CKM_EDDSA = 0x1057;
const CKR_TOKEN_NOT_PRESENT = 0xe0;
const CKR_USER_ALREADY_LOGGED_IN = 0x100;
/** CKR_PIN_INCORRECT, PIN_INVALID, PIN_LEN_RANGE, PIN_EXPIRED, PIN_LOCKED. */
const PIN_REFUSED = new Set([0xa0, 0xa1, 0xa2, 0xa3, 0xa4]);
const SIGNATURE_BYTES = 64;

/**
 * Opens an Ed25519 key in a PKCS#11 token (version 3.0, CKM_EDDSA) through `pkcs11js`, and has it sign something once. Every signature is
 * verified before it is handed on: two that a fault has told apart give an Ed25519 key away.
 *
 * `sign` throws PhalanxError `LEDGER_TOKEN`; retryable when the session was lost, and the next call opens another.
 *
 * @throws PhalanxError `LEDGER_TOKEN` when `pkcs11js` or the module does not load, or token, PIN or key are not there; `LEDGER_KEY` for a
 * weak public key
 */
export async function openPkcs11Key(settings: Pkcs11Settings): Promise<Pkcs11Key> {
  const { calls, letGo } = await useModule(settings.module, settings.library);
  try {
    return await new TokenKey(calls, settings, letGo).check();
  } catch (error) {
    letGo();
    throw error;
  }
}

/** A logged-in session with the key found in it. */
interface Session {
  readonly handle: Buffer;
  readonly privateKey: Buffer;
  readonly publicKey: Uint8Array;
}

class TokenKey implements Pkcs11Key {
  readonly publicKey: Uint8Array;
  readonly #calls: Pkcs11Calls;
  readonly #settings: Pkcs11Settings;
  readonly #letGo: () => void;
  #session: Session | null;
  /** A session signs one thing at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** Tokens lock after a few wrong PINs: a PIN that was refused is not tried again. */
  #refused: unknown = null;

  constructor(calls: Pkcs11Calls, settings: Pkcs11Settings, letGo: () => void) {
    this.#calls = calls;
    this.#settings = settings;
    this.#letGo = letGo;
    this.#session = openSession(calls, settings);
    this.publicKey = this.#session.publicKey;
  }

  /** Signs what no note and no cosignature could be. */
  async check(): Promise<this> {
    try {
      makeVerifierKey('token', SignatureType.ED25519, this.publicKey);
      await this.sign(concatBytes([utf8('is this the key?'), randomBytes(32)]));
    } catch (error) {
      this.#endSession();
      throw error;
    }
    return this;
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    if (this.#closed) throw tokenError('it was closed');
    const copy = Buffer.from(message);
    const made = this.#last.then(() => this.#sign(copy));
    this.#last = made.catch(() => undefined);
    return made;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#last;
    this.#endSession();
    this.#letGo();
  }

  async #sign(message: Buffer): Promise<Uint8Array> {
    const { handle, privateKey } = (this.#session ??= this.#reopen());
    let signature: Buffer;
    try {
      this.#calls.C_SignInit(handle, { mechanism: CKM_EDDSA }, privateKey);
      signature = await this.#calls.C_SignAsync(handle, message, Buffer.alloc(SIGNATURE_BYTES));
    } catch (cause) {
      this.#endSession();
      throw tokenError('it did not sign', cause);
    }
    if (
      signature.length !== SIGNATURE_BYTES ||
      !verify(null, message, publicKeyOf(this.publicKey), signature)
    )
      throw tokenError('its signature does not verify');
    return new Uint8Array(signature);
  }

  #reopen(): Session {
    if (this.#refused) throw this.#refused;
    let session: Session;
    try {
      session = openSession(this.#calls, this.#settings);
    } catch (error) {
      if (PIN_REFUSED.has((error as { cause?: { code?: number } }).cause?.code ?? 0)) this.#refused = error;
      throw error;
    }
    if (Buffer.compare(session.publicKey, this.publicKey) === 0) return session;
    this.#session = session;
    this.#endSession();
    throw tokenError('it has another key now');
  }

  #endSession(): void {
    const handle = this.#session?.handle;
    this.#session = null;
    if (!handle) return;
    try {
      this.#calls.C_CloseSession(handle);
    } catch {
      // It is gone already.
    }
  }
}

function openSession(calls: Pkcs11Calls, { tokenLabel, keyLabel, pin }: Pkcs11Settings): Session {
  try {
    const slots = calls
      .C_GetSlotList(true)
      .filter((slot) => calls.C_GetTokenInfo(slot).label.trimEnd() === tokenLabel);
    if (slots.length === 0)
      throw tokenError(`no token has the label ${tokenLabel}`, { code: CKR_TOKEN_NOT_PRESENT });
    if (slots.length > 1) throw tokenError(`${slots.length} tokens have the label ${tokenLabel}`);
    const handle = calls.C_OpenSession(slots[0]!, CKF_SERIAL_SESSION);
    try {
      logIn(calls, handle, pin);
      const privateKey = findKey(calls, handle, CKO_PRIVATE_KEY, keyLabel);
      const publicObject = findKey(calls, handle, CKO_PUBLIC_KEY, keyLabel);
      const [point] = calls.C_GetAttributeValue(handle, publicObject, [{ type: CKA_EC_POINT }]);
      return { handle, privateKey, publicKey: readPoint(point!.value) };
    } catch (error) {
      calls.C_CloseSession(handle);
      throw error;
    }
  } catch (error) {
    throw PhalanxError.is(error) ? error : tokenError('it does not open', error);
  }
}

function logIn(calls: Pkcs11Calls, handle: Buffer, pin: string): void {
  try {
    calls.C_Login(handle, CKU_USER, pin);
  } catch (error) {
    // The login is the process's, not the session's: another key of the token may be open.
    if ((error as { code?: unknown }).code !== CKR_USER_ALREADY_LOGGED_IN) throw error;
  }
}

function findKey(calls: Pkcs11Calls, handle: Buffer, kind: number, label: string): Buffer {
  calls.C_FindObjectsInit(handle, [
    { type: CKA_CLASS, value: kind },
    { type: CKA_KEY_TYPE, value: CKK_EC_EDWARDS },
    { type: CKA_LABEL, value: label },
  ]);
  let found: Buffer[];
  try {
    found = calls.C_FindObjects(handle, 2);
  } finally {
    calls.C_FindObjectsFinal(handle);
  }
  if (found.length === 1) return found[0]!;
  const kindName = kind === CKO_PRIVATE_KEY ? 'private' : 'public';
  throw tokenError(
    `${found.length === 0 ? 'no' : 'more than one'} ${kindName} Edwards key is called ${label}`,
  );
}

/** PKCS#11 3.0 gives the 32 bytes; SoftHSM and older modules wrap them into a DER octet string. */
function readPoint(value: Buffer | number | string | undefined): Uint8Array {
  if (Buffer.isBuffer(value)) {
    if (value.length === 32) return new Uint8Array(value);
    if (value.length === 34 && value[0] === 0x04 && value[1] === 0x20)
      return new Uint8Array(value.subarray(2));
  }
  throw tokenError('its public key is not Ed25519');
}
