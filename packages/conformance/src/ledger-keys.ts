import { spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import {
  dealFrostShares,
  FrostKeyGeneration,
  type FrostShare,
  FrostSigner,
  makeFrostKey,
  openPkcs11Key,
  type Pkcs11Settings,
  readKeyFile,
  type SigningKey,
  signingKeyOf,
  writeKeyFile,
} from '@phalanx/ledger';
import type { Checks } from './checks.js';
import { NoteJudges } from './note-judges.js';
import { makeSoftToken, type SoftToken } from './soft-token.js';
import type { Suite } from './suite.js';

const PASSPHRASE = 'four words and a number 7';
const SIGNATURES = 500;

/** Where keys lie, and whether what they sign is plain Ed25519 to programs of others. */
export const ledgerKeys: Suite = {
  name: 'ledger-keys',
  what: 'key files before age and openssl; checkpoints signed in SoftHSM and by shares of FROST before openssl and the note package of Go',
  async run(checks) {
    const folder = mkdtempSync(join(tmpdir(), 'phalanx-keys-'));
    try {
      const judges = await NoteJudges.open(checks, folder);
      if (judges === null) return;
      await checkKeyFiles(checks, folder, judges);
      await checkFrost(checks, judges);
      const token = await makeSoftToken(folder);
      if (typeof token === 'string') checks.skip(token);
      else
        try {
          await checkToken(checks, judges, token);
        } finally {
          token.close();
        }
      await checkUninstalled(checks);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function checkKeyFiles(checks: Checks, folder: string, judges: NoteJudges): Promise<void> {
  const keys = {
    ed25519: generateKeyPairSync('ed25519').privateKey,
    p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  };
  for (const [kind, key] of Object.entries(keys)) {
    const path = join(folder, `${kind}.key`);
    await writeKeyFile(path, key, PASSPHRASE);
    checks.check(`${kind}: reads back`, isSameKey(await readKeyFile(path, PASSPHRASE), key));
    if (kind === 'ed25519')
      await judges.judge(checks, 'key file', signingKeyOf(await readKeyFile(path, PASSPHRASE)));
    const pem = decryptWithAge(checks, path, PASSPHRASE);
    if (pem === null) continue;
    const shown = spawnSync('openssl', ['pkey', '-pubout'], { input: pem, encoding: 'utf8' });
    const spki = createPublicKey(key).export({ format: 'pem', type: 'spki' }) as string;
    checks.equal(`${kind}: openssl reads what age decrypts`, shown.stdout, spki);
    const refused = spawnAge(path, 'another passphrase');
    checks.check(`${kind}: age refuses another passphrase`, refused.status !== 0);
  }
  await checkOthersFile(checks, folder, keys.ed25519);
}

/** A file that `openssl genpkey` and `age -p` would make is a key file too. */
async function checkOthersFile(checks: Checks, folder: string, key: KeyObject): Promise<void> {
  const path = join(folder, 'others.pem');
  writeFileSync(path, key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  const made = withTerminal(`age -p -o ${path}.age ${path}`, `${PASSPHRASE}\n${PASSPHRASE}\n`);
  if (made === null || made.status !== 0) {
    checks.skip('age -p did not run');
    return;
  }
  // age leaves the mode to the umask; a key file must be its owner's alone.
  const refused = await readKeyFile(`${path}.age`, PASSPHRASE).catch((error) => error);
  const isStrict = PhalanxError.is(refused, 'LEDGER_KEY_FILE');
  writeFileSync(`${path}.own`, readFileSync(`${path}.age`), { mode: 0o600 });
  checks.check('age -p: refused while others may read it', isStrict || (process.umask() & 0o077) === 0o077);
  checks.check('age -p: reads', isSameKey(await readKeyFile(`${path}.own`, PASSPHRASE), key));
}

function decryptWithAge(checks: Checks, path: string, passphrase: string): string | null {
  const run = spawnAge(path, passphrase);
  if (run.status === null) {
    checks.skip('age, or script of util-linux, is not installed');
    return null;
  }
  checks.check(`age decrypts ${path.split('/').at(-1)}`, run.status === 0, () => run.said);
  return run.status === 0 ? readFileSync(`${path}.pem`, 'utf8') : null;
}

function spawnAge(
  path: string,
  passphrase: string,
): { readonly status: number | null; readonly said: string } {
  rmSync(`${path}.pem`, { force: true });
  return withTerminal(`age -d -o ${path}.pem ${path}`, `${passphrase}\n`) ?? { status: null, said: '' };
}

/** age asks the terminal and nothing else for a passphrase: `script` gives it one. Null when one of the two is missing. */
function withTerminal(
  command: string,
  input: string,
): { readonly status: number | null; readonly said: string } | null {
  if (spawnSync('age', ['--version']).status !== 0) return null;
  const run = spawnSync('script', ['-qec', command, '/dev/null'], {
    input,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return run.error ? null : { status: run.status, said: run.stdout };
}

async function checkFrost(checks: Checks, judges: NoteJudges): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const dealt = dealFrostShares(2, 3, privateKey);
  checks.check(
    'FROST: a split key keeps its public key',
    Buffer.compare(dealt[0]!.group.publicKey, signingKeyOf(privateKey).publicKey) === 0,
  );
  for (const pair of [
    [0, 1],
    [0, 2],
    [1, 2],
  ])
    await judges.judge(
      checks,
      `FROST dealt, ${pair.map((i) => i + 1).join(' and ')}`,
      frostKey(checks, dealt, pair),
    );
  const parties = [1, 2, 3].map((n) => new FrostKeyGeneration(n, 2, 3));
  const sent = parties.flatMap((party, i) =>
    party.distribute(parties.filter((_, j) => j !== i).map(({ broadcast }) => broadcast)),
  );
  const made = parties.map((party, i) => party.finish(sent.filter(({ to }) => to === i + 1)));
  await judges.judge(checks, 'FROST without a dealer', frostKey(checks, made, [0, 2]));
  await judges.judge(checks, 'FROST 5 of 7', frostKey(checks, dealFrostShares(5, 7), [6, 1, 2, 5, 4]));
  const key = frostKey(checks, dealt, [0, 1]);
  await key.sign(new Uint8Array());
  const startedAt = performance.now();
  for (let i = 0; i < 20; i++) await key.sign(Uint8Array.of(i));
  checks.note(
    `FROST 2 of 3 in one process: ${((performance.now() - startedAt) / 20).toFixed(0)} ms a signature`,
  );
}

function frostKey(checks: Checks, shares: readonly FrostShare[], chosen: readonly number[]): SigningKey {
  return makeFrostKey({
    group: shares[0]!.group,
    participants: new Map(chosen.map((i) => [i + 1, new FrostSigner(shares[i]!, () => true)])),
    onFault: ({ participant, reason }) =>
      checks.check(`FROST participant ${participant}`, false, () => reason),
  });
}

async function checkToken(checks: Checks, judges: NoteJudges, token: SoftToken): Promise<void> {
  const { library, module, tokenLabel, pin } = token;
  const settings = { library, module, tokenLabel, pin, keyLabel: 'log' };
  token.makeKey('log');
  token.makeKey('twice');
  token.makeKey('twice');
  const key = await openPkcs11Key(settings);
  await judges.judge(checks, 'SoftHSM', key);
  const other = await openPkcs11Key(settings);
  await judges.judge(checks, 'SoftHSM, opened twice', other);
  await other.close();
  await judges.judge(checks, 'SoftHSM, closed once', key);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: SIGNATURES }, (_, i) => key.sign(Buffer.from(`${i}`))));
  const perS = (1000 * SIGNATURES) / (performance.now() - startedAt);
  checks.note(`SoftHSM: ${perS.toFixed(0)} signatures a second, each verified`);

  token.loseSessions();
  const lost = await key.sign(Buffer.from('lost')).catch((error) => error);
  checks.check(
    'SoftHSM: a lost session is told of, and can be tried again',
    PhalanxError.is(lost, 'LEDGER_TOKEN') && lost.retryable,
    () => String(lost),
  );
  await judges.judge(checks, 'SoftHSM, after a lost session', key);
  const under = key.sign(Buffer.from('under way'));
  await key.close();
  checks.check('SoftHSM: closing waits for what is under way', (await under).length === 64);
  const closed = await key.sign(Buffer.from('closed')).catch((error) => error);
  checks.check('SoftHSM: a closed key does not sign', PhalanxError.is(closed, 'LEDGER_TOKEN'));
  const again = await openPkcs11Key(settings);
  await judges.judge(checks, 'SoftHSM, opened again', again);
  await again.close();
  await checkRefusals(checks, settings);
}

async function checkRefusals(checks: Checks, settings: Pkcs11Settings): Promise<void> {
  const wrong: readonly [string, Partial<Pkcs11Settings>, RegExp][] = [
    ['another PIN', { pin: '314159' }, /CKR_PIN_INCORRECT/],
    ['another token', { tokenLabel: 'absent' }, /no token/],
    ['another key', { keyLabel: 'absent' }, /no private Edwards key/],
    ['a label of two keys', { keyLabel: 'twice' }, /more than one/],
    ['another module', { module: '/nowhere/module.so' }, /does not load/],
  ];
  for (const [what, change, message] of wrong) {
    const error = await openPkcs11Key({ ...settings, ...change }).catch((caught) => caught);
    const isRight = PhalanxError.is(error, 'LEDGER_TOKEN') && message.test(error.message);
    checks.check(`SoftHSM: refused with ${what}`, isRight, () => String(error));
    checks.check(
      `SoftHSM: no PIN is told with ${what}`,
      !/271828|314159/.test(`${error.stack} ${error.cause?.stack}`),
    );
  }
}

/** `npm ci` brings no `pkcs11js`: it would ask everybody for a compiler. */
async function checkUninstalled(checks: Checks): Promise<void> {
  const settings = { module: 'x', tokenLabel: 'x', keyLabel: 'x', pin: 'x' };
  const error = await openPkcs11Key(settings).catch((caught) => caught);
  checks.check(
    'pkcs11js is not installed, and the error says how to',
    PhalanxError.is(error, 'LEDGER_TOKEN') && /npm install pkcs11js/.test(error.advice ?? ''),
    () => String(error),
  );
}

function isSameKey(read: KeyObject, written: KeyObject): boolean {
  const message = Buffer.from('a message');
  const digest = written.asymmetricKeyType === 'ec' ? 'sha256' : null;
  return verify(digest, message, createPublicKey(written), sign(digest, message, read));
}
