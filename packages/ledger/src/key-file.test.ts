import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readKeyFile, readUnencryptedKeyFile, writeKeyFile } from './key-file.js';
import { signingKeyOf } from './note-signer.js';
import { readSecretFile, writeSecretFile } from './secret-file.js';

const PASSPHRASE = 'correct horse battery staple';
/** Quick; the default takes a second. */
const WORK = 4;
const folder = mkdtempSync(join(tmpdir(), 'phalanx-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ed25519 = generateKeyPairSync('ed25519').privateKey;
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pemOf = (key: KeyObject): string => key.export({ format: 'pem', type: 'pkcs8' }) as string;
const failsWith = (code: string) => expect.objectContaining({ code });
let files = 0;
const newPath = (): string => join(folder, `key-${files++}`);

/** A file as others make it. */
function put(content: Uint8Array | string, mode = 0o600): string {
  const path = newPath();
  writeFileSync(path, content, { mode });
  chmodSync(path, mode);
  return path;
}

async function encrypt(content: string, workFactor = WORK): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(PASSPHRASE);
  encrypter.setScryptWorkFactor(workFactor);
  return encrypter.encrypt(content);
}

describe('a key file', () => {
  it.each([
    ['Ed25519', ed25519, null],
    ['P-256', p256, 'sha256'],
  ] as const)('keeps an %s key', async (_, key, digest) => {
    const path = newPath();
    await writeKeyFile(path, key, PASSPHRASE, WORK);
    const read = await readKeyFile(path, PASSPHRASE);
    const message = Buffer.from('what is signed');
    expect(verify(digest, message, createPublicKey(key), sign(digest, message, read))).toBe(true);
  });

  it('is PKCS#8 PEM in age, of mode 0600, alone in its folder', async () => {
    const sub = mkdtempSync(join(folder, 'sub-'));
    const path = join(sub, 'log.key');
    await writeKeyFile(path, ed25519, PASSPHRASE, WORK);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(sub)).toEqual(['log.key']);
    const decrypter = new Decrypter();
    decrypter.addPassphrase(PASSPHRASE);
    expect(await decrypter.decrypt(readFileSync(path), 'text')).toBe(pemOf(ed25519));
    expect(readFileSync(path, 'latin1')).not.toContain('PRIVATE KEY');
  });

  it('costs what `age -p` makes a guess cost', { timeout: 60_000 }, async () => {
    const path = newPath();
    await writeKeyFile(path, ed25519, PASSPHRASE);
    expect(readFileSync(path, 'latin1')).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S{22} 18\n/);
  });

  it('never replaces a file', async () => {
    const path = newPath();
    await writeKeyFile(path, ed25519, PASSPHRASE, WORK);
    const before = readFileSync(path);
    await expect(writeKeyFile(path, p256, PASSPHRASE, WORK)).rejects.toThrow(failsWith('LEDGER_KEY_FILE'));
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(folder).filter((name) => name.includes('-') && name.length > 40)).toEqual([]);
    const dangling = newPath();
    symlinkSync(join(folder, 'nowhere'), dangling);
    await expect(writeKeyFile(dangling, p256, PASSPHRASE, WORK)).rejects.toThrow(
      failsWith('LEDGER_KEY_FILE'),
    );
  });

  it('has one winner among writers at once', async () => {
    const path = newPath();
    const done = await Promise.allSettled(
      Array.from({ length: 5 }, () => writeKeyFile(path, ed25519, PASSPHRASE, WORK)),
    );
    expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await readKeyFile(path, PASSPHRASE);
  });

  it.each([0o644, 0o640, 0o604, 0o620, 0o602, 0o610])('is not read with mode %o', async (mode) => {
    const path = put(await encrypt(pemOf(ed25519)), mode);
    await expect(readKeyFile(path, PASSPHRASE)).rejects.toThrow(failsWith('LEDGER_KEY_FILE'));
    const plain = put(pemOf(ed25519), mode);
    await expect(readUnencryptedKeyFile(plain)).rejects.toThrow(failsWith('LEDGER_KEY_FILE'));
  });

  it('does not open with another passphrase, and says nothing of either', async () => {
    const path = newPath();
    await writeKeyFile(path, ed25519, PASSPHRASE, WORK);
    const error = await readKeyFile(path, 'incorrect horse').catch((caught) => caught);
    expect(error).toEqual(failsWith('LEDGER_PASSPHRASE'));
    expect(`${error.stack} ${error.advice} ${error.cause}`).not.toMatch(/horse/);
  });

  it.each([
    ['short', 'eleven char'],
    ['long', 'x'.repeat(1025)],
  ])('is not made with a %s passphrase', async (_, passphrase) => {
    await expect(writeKeyFile(newPath(), ed25519, passphrase, WORK)).rejects.toThrow(
      failsWith('LEDGER_PASSPHRASE'),
    );
  });

  it('is refused for another format, size or cost', async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(await generateIdentity()));
    const good = Buffer.from(await encrypt(pemOf(ed25519))).toString('latin1');
    const bad = [
      '',
      pemOf(ed25519),
      await encrypter.encrypt(pemOf(ed25519)),
      Buffer.concat([Buffer.from(await encrypt(pemOf(ed25519))), Buffer.alloc(65_536)]),
      Buffer.from(good.replace(/ 4\n/, ' 21\n'), 'latin1'),
      Buffer.from(good.replace(/ 4\n/, ' 99\n'), 'latin1'),
      Buffer.from(good.replace(/ 4\n/, ' 004\n'), 'latin1'),
    ];
    for (const content of bad)
      await expect(readKeyFile(put(content), PASSPHRASE)).rejects.toThrow(failsWith('LEDGER_KEY_FILE'));
    for (const path of [folder, join(folder, 'absent')])
      await expect(readKeyFile(path, PASSPHRASE)).rejects.toThrow(failsWith('LEDGER_KEY_FILE'));
  });

  it('is refused after any change of a bit', async () => {
    const whole = await encrypt(pemOf(ed25519), 1);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
        const changed = whole.slice();
        changed[at]! ^= 1 << bit;
        // A file of higher cost is another test.
        const cost = Buffer.from(changed).toString('latin1').split('\n')[1]!;
        fc.pre(!/ \d+$/.test(cost) || cost.endsWith(' 1'));
        await expect(readKeyFile(put(changed), PASSPHRASE)).rejects.toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^LEDGER_(KEY_FILE|PASSPHRASE)$/) }),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('holds a key of the two kinds in PKCS#8, and nothing else', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    const x25519 = generateKeyPairSync('x25519').privateKey;
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    for (const key of [rsa, x25519, p384, createPublicKey(ed25519)])
      await expect(writeKeyFile(newPath(), key, PASSPHRASE, WORK)).rejects.toThrow(failsWith('LEDGER_KEY'));
    const contents = [
      pemOf(rsa),
      pemOf(x25519),
      p256.export({ format: 'pem', type: 'sec1' }) as string,
      createPublicKey(ed25519).export({ format: 'pem', type: 'spki' }) as string,
      ed25519.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }) as string,
      `${pemOf(ed25519)}${pemOf(p256)}`,
      'no key',
      '\xff',
    ];
    for (const content of contents) {
      await expect(readUnencryptedKeyFile(put(content))).rejects.toThrow(failsWith('LEDGER_KEY'));
      await expect(readKeyFile(put(await encrypt(content)), PASSPHRASE)).rejects.toThrow(
        failsWith('LEDGER_KEY'),
      );
    }
  });

  it('may be unencrypted when the caller says so and nobody else reads it', async () => {
    const key = signingKeyOf(await readUnencryptedKeyFile(put(pemOf(ed25519))));
    expect(key.publicKey).toEqual(signingKeyOf(ed25519).publicKey);
    expect(await readUnencryptedKeyFile(put(pemOf(p256), 0o400))).toBeDefined();
  });
});

it('a secret comes back as it was', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 4000 }),
      fc.string({ unit: 'grapheme', minLength: 12, maxLength: 60 }),
      async (secret, passphrase) => {
        const path = newPath();
        await writeSecretFile(path, secret, passphrase, 1);
        expect(await readSecretFile(path, passphrase)).toEqual(secret);
      },
    ),
    { numRuns: 30 },
  );
});
