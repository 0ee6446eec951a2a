import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Pkcs11Calls, Pkcs11Library } from '@phalanx/ledger';

const PKCS11JS = 'pkcs11js@2.1.7';
const INSTALL_MS = 150_000;
/** Where Debian, Fedora, Alpine and Homebrew put it. */
const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];
const CKF_RW_SESSION = 0x2 | 0x4;
const CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055;
const CKU_USER = 1;
const CKA_TOKEN = 0x1;
const CKA_PRIVATE = 0x2;
const CKA_LABEL = 0x3;
const CKA_SENSITIVE = 0x103;
const CKA_SIGN = 0x108;
const CKA_VERIFY = 0x10a;
const CKA_EXTRACTABLE = 0x162;
const CKA_EC_PARAMS = 0x180;
/** Object identifier of Ed25519 (RFC 8410). */
const ED25519 = Buffer.from('06032b6570', 'hex');

interface Attribute {
  readonly type: number;
  readonly value: Buffer | boolean | string;
}

/** What only the maker of a token asks of `pkcs11js`. */
interface AdminCalls extends Pkcs11Calls {
  C_CloseAllSessions(slot: Buffer): void;
  C_GenerateKeyPair(
    session: Buffer,
    mechanism: { readonly mechanism: number },
    publicKey: readonly Attribute[],
    privateKey: readonly Attribute[],
  ): unknown;
}

/** A token of SoftHSM in a folder, with `pkcs11js` installed beside it. */
export interface SoftToken {
  readonly library: Pkcs11Library;
  readonly module: string;
  readonly tokenLabel: string;
  readonly pin: string;
  /** Makes an Ed25519 key pair that cannot be taken out. */
  makeKey(label: string): void;
  /** Ends every session that this process has with the token, as a token does that is pulled out and put back. */
  loseSessions(): void;
  close(): void;
}

/**
 * Makes one, with a configuration of its own.
 *
 * @returns why there can be none: no SoftHSM, no compiler, no registry in reach
 */
export async function makeSoftToken(folder: string): Promise<SoftToken | string> {
  const module = MODULES.find(existsSync);
  if (module === undefined || spawnSync('softhsm2-util', ['--version']).status !== 0)
    return 'SoftHSM is not installed';
  let library: Pkcs11Library;
  try {
    library = await installLibrary(folder);
  } catch (error) {
    return `${PKCS11JS} cannot be built here: ${lastLine(error)}`;
  }
  const token = { module, library, tokenLabel: 'phalanx conformance', pin: '271828' };
  const before = process.env.SOFTHSM2_CONF;
  process.env.SOFTHSM2_CONF = join(folder, 'softhsm2.conf');
  mkdirSync(join(folder, 'tokens'));
  writeFileSync(
    process.env.SOFTHSM2_CONF,
    `directories.tokendir = ${join(folder, 'tokens')}\nlog.level = ERROR\n`,
  );
  const label = ['--label', token.tokenLabel, '--pin', token.pin, '--so-pin', '31415926'];
  execFileSync('softhsm2-util', ['--init-token', '--free', ...label], { stdio: 'pipe' });
  return {
    ...token,
    makeKey: (name) =>
      administer(token, (calls, slot) => {
        const session = calls.C_OpenSession(slot, CKF_RW_SESSION);
        calls.C_Login(session, CKU_USER, token.pin);
        const common = [
          { type: CKA_LABEL, value: name },
          { type: CKA_TOKEN, value: true },
        ];
        calls.C_GenerateKeyPair(
          session,
          { mechanism: CKM_EC_EDWARDS_KEY_PAIR_GEN },
          [...common, { type: CKA_VERIFY, value: true }, { type: CKA_EC_PARAMS, value: ED25519 }],
          [
            ...common,
            { type: CKA_PRIVATE, value: true },
            { type: CKA_SENSITIVE, value: true },
            { type: CKA_EXTRACTABLE, value: false },
            { type: CKA_SIGN, value: true },
          ],
        );
        calls.C_CloseSession(session);
      }),
    loseSessions: () => administer(token, (calls, slot) => calls.C_CloseAllSessions(slot)),
    close() {
      if (before === undefined) delete process.env.SOFTHSM2_CONF;
      else process.env.SOFTHSM2_CONF = before;
    },
  };
}

/** Leaves the module as it was: initialised by whoever has a key open, or not at all. */
function administer(
  { library, module, tokenLabel }: Pick<SoftToken, 'library' | 'module' | 'tokenLabel'>,
  work: (calls: AdminCalls, slot: Buffer) => void,
): void {
  const calls = new library.PKCS11() as AdminCalls;
  calls.load(module);
  let isOurs = true;
  try {
    calls.C_Initialize();
  } catch {
    isOurs = false;
  }
  try {
    const hasLabel = (slot: Buffer): boolean => calls.C_GetTokenInfo(slot).label.trimEnd() === tokenLabel;
    work(calls, calls.C_GetSlotList(true).find(hasLabel)!);
  } finally {
    if (isOurs) calls.C_Finalize();
    calls.close();
  }
}

/** Not a dependency of anything here: it is compiled where it is installed. */
async function installLibrary(folder: string): Promise<Pkcs11Library> {
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const args = ['install', '--no-audit', '--no-fund', '--no-save', '--loglevel=error', PKCS11JS];
  await promisify(execFile)('npm', args, { cwd: folder, timeout: INSTALL_MS });
  return createRequire(join(folder, 'package.json'))('pkcs11js') as Pkcs11Library;
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: unknown; message?: unknown };
  const text = typeof stderr === 'string' && stderr.trim() !== '' ? stderr : String(message);
  return text.trim().split('\n').at(-1)!.slice(0, 200);
}
