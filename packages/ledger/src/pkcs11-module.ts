import { PhalanxError } from '@phalanx/core';
import type { LedgerErrorCode } from './ledger-error.js';

type Handle = Buffer;
interface Attribute {
  readonly type: number;
  readonly value?: Buffer | number | string;
}

/** The calls of a PKCS#11 module that are used here, as `pkcs11js` names them. */
export interface Pkcs11Calls {
  load(path: string): void;
  close(): void;
  C_Initialize(): void;
  C_Finalize(): void;
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): { readonly label: string };
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, userType: number, pin: string): void;
  C_FindObjectsInit(session: Handle, template: Attribute[]): void;
  C_FindObjects(session: Handle, maxObjectCount: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: Attribute[]): Attribute[];
  C_SignInit(session: Handle, mechanism: { readonly mechanism: number }, key: Handle): void;
  C_SignAsync(session: Handle, data: Buffer, signature: Buffer): Promise<Buffer>;
}

/** What `pkcs11js` 2.1.7 exports, as far as it is used here. */
export interface Pkcs11Library {
  readonly PKCS11: new () => Pkcs11Calls;
}

const CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191;

/**
 * Results after which the same call may succeed in a new session: CKR_GENERAL_ERROR, FUNCTION_FAILED, DEVICE_ERROR, DEVICE_MEMORY,
 * DEVICE_REMOVED, KEY_HANDLE_INVALID, OBJECT_HANDLE_INVALID, OPERATION_ACTIVE, OPERATION_NOT_INITIALIZED, SESSION_CLOSED, SESSION_COUNT,
 * SESSION_HANDLE_INVALID, TOKEN_NOT_PRESENT, USER_NOT_LOGGED_IN.
 */
const LOST = new Set([0x05, 0x06, 0x30, 0x31, 0x32, 0x60, 0x82, 0x90, 0x91, 0xb0, 0xb1, 0xb3, 0xe0, 0x101]);

/** A module is initialised once in a process, whoever uses it. */
const inUse = new Map<string, { readonly calls: Pkcs11Calls; users: number; readonly isOurs: boolean }>();

/**
 * Loads and initialises a PKCS#11 module, or takes the one that is there.
 *
 * @returns its calls, and what lets go of it: the last to do so finalises the module
 * @throws PhalanxError `LEDGER_TOKEN` when `pkcs11js` is not installed, or the module does not load
 */
export async function useModule(
  path: string,
  library?: Pkcs11Library,
): Promise<{ readonly calls: Pkcs11Calls; readonly letGo: () => void }> {
  library ??= await importLibrary();
  const used = inUse.get(path) ?? initialise(path, library);
  inUse.set(path, used);
  used.users++;
  let isHeld = true;
  return {
    calls: used.calls,
    letGo() {
      if (!isHeld) return;
      isHeld = false;
      if (--used.users > 0) return;
      inUse.delete(path);
      if (used.isOurs) used.calls.C_Finalize();
      used.calls.close();
    },
  };
}

/** A failure of the token; `cause` is what `pkcs11js` threw, and says whether to try again. Never names the PIN. */
export function tokenError(what: string, cause?: unknown): PhalanxError<LedgerErrorCode> {
  const { message, code } = (cause ?? {}) as { message?: string; code?: unknown };
  const isLost = typeof code === 'number' && LOST.has(code);
  return new PhalanxError('LEDGER_TOKEN', `key token: ${what}${message ? `: ${message}` : ''}`, {
    cause,
    retryable: isLost,
    advice: isLost
      ? 'Call again: a new session is opened.'
      : 'Look after the token, its label, PIN and key. A wrong PIN given several times locks it.',
  });
}

async function importLibrary(): Promise<Pkcs11Library> {
  try {
    return (await import('pkcs11js')).default;
  } catch (cause) {
    throw new PhalanxError<LedgerErrorCode>('LEDGER_TOKEN', 'pkcs11js does not load', {
      cause,
      advice: 'npm install pkcs11js@2.1.7 beside Phalanx; it is compiled there and needs a C++ compiler.',
    });
  }
}

function initialise(
  path: string,
  library: Pkcs11Library,
): { calls: Pkcs11Calls; users: number; isOurs: boolean } {
  const calls = new library.PKCS11();
  try {
    calls.load(path);
  } catch (cause) {
    throw tokenError(`the module ${path} does not load`, cause);
  }
  try {
    calls.C_Initialize();
    return { calls, users: 0, isOurs: true };
  } catch (cause) {
    if ((cause as { code?: unknown }).code === CKR_CRYPTOKI_ALREADY_INITIALIZED)
      return { calls, users: 0, isOurs: false };
    calls.close();
    throw tokenError(`the module ${path} does not start`, cause);
  }
}
