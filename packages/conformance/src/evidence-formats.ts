import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTimestampRequest, verifySigstoreBundle, verifyTimestamp } from '@phalanx/attestation';
import { PhalanxError, utf8 } from '@phalanx/core';
import { Bag, decryptWithIdentity, encryptForRecipients, writeBag } from '@phalanx/evidence';
import type { Checks } from './checks.js';
import { checkBundles } from './evidence-bundles.js';
import { type OpensslAuthority, openOpensslAuthority } from './openssl-authority.js';
import type { PythonSetup } from './python.js';
import type { Suite } from './suite.js';

const BAGIT = ['bagit==1.9.0'];
const TOKEN_FLIPS = 250;
const IDENTITY =
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main';
const ISSUER = 'https://token.actions.githubusercontent.com';

/** The containers of evidence before programs that others wrote. */
export const evidenceFormats: Suite = {
  name: 'evidence-formats',
  what: 'Sigstore bundles before @sigstore/verify and sigstore-go, ours on those of sigstore-conformance; RFC 3161 with openssl ts; bags with sha256sum and bagit; age',
  async run(checks, { vectors, python }) {
    const home = mkdtempSync(join(tmpdir(), 'phalanx-evidence-'));
    try {
      if (vectors === null) checks.skip('no folder of vectors');
      else
        checkForeignBundles(checks, join(vectors, 'vectors/sigstore-conformance/test/assets/bundle-verify'));
      const [authority, stranger] = [
        await openOpensslAuthority(home, 'elliptic'),
        await openOpensslAuthority(home, 'rsa', 'rsa'),
      ];
      if (authority === null || stranger === null) checks.skip('openssl is not installed');
      else
        try {
          await checkTimestamps(checks, home, authority, stranger);
          await checkTimestamps(checks, home, stranger, authority);
          await checkBundles(checks, home, authority);
        } finally {
          await Promise.all([authority.close(), stranger.close()]);
        }
      await checkBag(checks, home, python);
      await checkAge(checks, home);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
};

/** The bundles that bring their own trusted root; a name that ends in `_fail` is to be refused. */
function checkForeignBundles(checks: Checks, folder: string): void {
  let count = 0;
  for (const name of readdirSync(folder)) {
    const read = (file: string) =>
      existsSync(join(folder, name, file)) ? readFileSync(join(folder, name, file)) : null;
    const trustedRoot = read('trusted_root.json');
    if (trustedRoot === null) continue;
    count++;
    const key = read('key.pub');
    const expected = name.endsWith('_fail') ? 'refused' : 'accepted';
    let verdict = 'accepted';
    try {
      verifySigstoreBundle(read('bundle.sigstore.json')!, {
        trustedRoot,
        identity: {
          subject: read('identity')?.toString().trim() ?? IDENTITY,
          issuer: read('issuer')?.toString().trim() ?? ISSUER,
        },
        artifact: read('artifact') ?? readFileSync(join(folder, 'a.txt')),
        ...(key === null ? {} : { publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }) }),
      });
    } catch (error) {
      verdict = PhalanxError.is(error) ? 'refused' : String(error);
    }
    checks.equal(`sigstore-conformance: ${name}`, verdict, expected);
  }
  checks.check('sigstore-conformance: bundles with a trusted root', count >= 38, () => String(count));
}

async function checkTimestamps(
  checks: Checks,
  home: string,
  authority: OpensslAuthority,
  stranger: OpensslAuthority,
): Promise<void> {
  const message = utf8('what was there');
  const request = join(home, 'request.tsq');
  writeFileSync(request, makeTimestampRequest(message).request);
  const shown = spawnSync('openssl', ['ts', '-query', '-in', request, '-text'], { encoding: 'utf8' });
  checks.check(
    'openssl reads our request',
    shown.status === 0 && shown.stdout.includes('Certificate required: yes'),
    () => shown.stderr,
  );
  const { response, timestamp } = await authority.stamp(message);
  const timeS = Math.floor(timestamp.timeMs / 1000);
  const ours = (asked: Uint8Array, about = message, certificates = authority.certificates): boolean => {
    try {
      verifyTimestamp(asked, about, { certificates });
      return true;
    } catch (error) {
      if (PhalanxError.is(error)) return false;
      throw error;
    }
  };
  checks.check('the time is that of now', Math.abs(timestamp.timeMs - Date.now()) < 60_000);
  checks.check('ours accepts a stamp of openssl', ours(response));
  checks.check('openssl accepts it', authority.accepts(response, message, timeS));
  for (const [what, asked, about, by] of [
    ['other bytes', response, utf8('else'), authority],
    ['another authority', response, message, stranger],
    ['no stamp', utf8('hello'), message, authority],
  ] as const) {
    checks.check(`ours refuses: ${what}`, !ours(asked, about, by.certificates));
    checks.check(`openssl refuses: ${what}`, !by.accepts(asked, about, timeS));
  }
  const late = authority.accepts(response, message, timeS + 20 * 365 * 86_400);
  checks.check('openssl refuses a certificate that has run out', !late);
  let [lax, tried] = [0, 0];
  for (let i = 0; i < TOKEN_FLIPS; i++) {
    const bit = Math.floor((i * response.length * 8) / TOKEN_FLIPS);
    const changed = response.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    tried++;
    checks.check(`ours refuses bit ${bit} of a stamp flipped`, !ours(changed));
    if (authority.accepts(changed, message, timeS)) lax++;
  }
  checks.note(
    `of ${tried} single flipped bits of a stamp of ${response.length} bytes, openssl let ${lax} pass, ours none`,
  );
}

async function checkBag(checks: Checks, home: string, python: PythonSetup): Promise<void> {
  const folder = join(home, 'bag');
  const { sha256 } = await writeBag(
    folder,
    [
      { path: 'data/statements/1.dsse.json', content: utf8('{}') },
      { path: 'data/Z\u00fcrich report.pdf', content: new Uint8Array(200_000).fill(1) },
      { path: 'data/empty', content: new Uint8Array(0) },
      { path: 'VERIFY.md', content: utf8('how') },
    ],
    [
      ['External-Identifier', 'case 2026-001'],
      ['Source-Organization', 'Lab A'],
    ],
    new Date(),
  );
  const sum = (manifest: string): boolean =>
    spawnSync('sha256sum', ['-c', '--strict', manifest], { cwd: folder }).status === 0;
  const peer = await python.open(BAGIT);
  if (typeof peer === 'string') checks.skip(peer);
  const library = async (): Promise<string> =>
    typeof peer === 'string' ? 'not asked' : (await peer.run('bagit-validate.py', [folder])).trim();
  const hasSum = spawnSync('sha256sum', ['--version']).status === 0;
  if (!hasSum) checks.skip('sha256sum is not installed');
  const ours = async (): Promise<string> => {
    try {
      const bag = await Bag.open(folder);
      await bag.verify();
      return bag.sha256 === sha256 ? 'valid' : 'another';
    } catch (error) {
      if (PhalanxError.is(error)) return error.code;
      throw error;
    }
  };
  const judge = async (what: string, isValid: boolean, payload: boolean): Promise<void> => {
    checks.equal(`bag, ${what}: ours`, String((await ours()) === 'valid'), String(isValid));
    if (hasSum)
      checks.equal(
        `bag, ${what}: sha256sum -c`,
        String(sum('manifest-sha256.txt') && sum('tagmanifest-sha256.txt')),
        String(isValid || !payload),
      );
    const verdict = await library();
    if (verdict !== 'not asked')
      checks.equal(`bag, ${what}: bagit`, String(verdict === 'valid'), String(isValid));
  };
  await judge('whole', true, true);
  const path = join(folder, 'data/statements/1.dsse.json');
  writeFileSync(path, '{ }');
  await judge('a payload file longer', false, true);
  writeFileSync(path, '[]');
  await judge('a payload file changed', false, true);
  writeFileSync(path, '{}');
  writeFileSync(join(folder, 'VERIFY.md'), 'hew');
  await judge('a tag file changed', false, true);
  writeFileSync(join(folder, 'VERIFY.md'), 'how');
  // Who only asks for the listed ones cannot see one more.
  writeFileSync(join(folder, 'data/more'), 'x');
  await judge('a file more', false, false);
  rmSync(join(folder, 'data/more'));
  await judge('whole again', true, true);
}

async function checkAge(checks: Checks, home: string): Promise<void> {
  const keygen = spawnSync('age-keygen', { encoding: 'utf8' });
  if (keygen.status !== 0) {
    checks.skip('age is not installed');
    return;
  }
  const [identity] = /AGE-SECRET-KEY-1\S+/.exec(keygen.stdout)!;
  const [recipient] = /age1\S+/.exec(keygen.stdout)!;
  const keyFile = join(home, 'identity.txt');
  writeFileSync(keyFile, keygen.stdout);
  const decrypt = (file: Uint8Array) => spawnSync('age', ['-d', '-i', keyFile], { input: file });
  // Around the size of age's chunks.
  for (const size of [0, 1, 65_535, 65_536, 65_537, 300_000]) {
    const text = Uint8Array.from({ length: size }, (_, i) => i * 7);
    const file = await encryptForRecipients(text, [recipient]);
    const { status, stdout, stderr } = decrypt(file);
    checks.check(`age -d reads ${size} bytes`, status === 0 && stdout.equals(text), () => stderr.toString());
    const theirs = spawnSync('age', ['-r', recipient], { input: text }).stdout;
    checks.check(
      `ours reads ${size} bytes of age`,
      Buffer.compare(await decryptWithIdentity(theirs, identity), text) === 0,
    );
  }
  const file = await encryptForRecipients(utf8('text'), [recipient]);
  for (let bit = 0; bit < file.length * 8; bit += 61) {
    const changed = file.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    checks.check(`age -d refuses bit ${bit} flipped`, decrypt(changed).status !== 0);
    const read = await decryptWithIdentity(changed, identity).then(
      () => true,
      (error) => !PhalanxError.is(error, 'EVIDENCE_AGE'),
    );
    checks.check(`ours refuses bit ${bit} of it flipped`, !read);
  }
}
