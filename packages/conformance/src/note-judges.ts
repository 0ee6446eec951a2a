import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '@phalanx/core';
import {
  formatCheckpoint,
  formatVerifierKey,
  hashLeaf,
  makeNoteSigner,
  makeVerifierKey,
  parseNote,
  SignatureType,
  type SigningKey,
  signNote,
} from '@phalanx/ledger';
import type { Checks } from './checks.js';
import { buildGoPrograms } from './go-programs.js';

const ORIGIN = 'log.example/keys';
/** DER of a SubjectPublicKeyInfo for Ed25519, up to the key (RFC 8410). */
const SPKI = '302a300506032b6570032100';

/** Programs of others that say whether a key has signed a checkpoint: `openssl`, and Go's note package where there is Go. */
export class NoteJudges {
  readonly #folder: string;
  readonly #hasGo: boolean;
  #size = 0;

  private constructor(folder: string, hasGo: boolean) {
    this.#folder = folder;
    this.#hasGo = hasGo;
  }

  /** Says in `checks` what is missing. Null without openssl. */
  static async open(checks: Checks, folder: string): Promise<NoteJudges | null> {
    if (spawnSync('openssl', ['version']).status !== 0) {
      checks.skip('openssl is not installed');
      return null;
    }
    const noGo = await buildGoPrograms('note-open', ['.'], folder);
    if (noGo !== null) checks.skip(noGo);
    return new NoteJudges(folder, noGo === null);
  }

  /** Has a key sign a checkpoint, as a log does, and others judge it: whole, and with one bit of it changed. */
  async judge(checks: Checks, what: string, key: SigningKey): Promise<void> {
    const size = ++this.#size;
    const text = formatCheckpoint({ origin: ORIGIN, size, root: hashLeaf(utf8(what)), extensions: [] });
    const note = await signNote(text, [makeNoteSigner(ORIGIN, key)]);
    const [signature] = parseNote(note).signatures;
    const changed = text.replace(`\n${size}\n`, `\n${size + 1}\n`);
    this.#judgeWithOpenssl(checks, what, key, text, changed, signature!.signature);
    if (!this.#hasGo) return;
    const verifier = formatVerifierKey(makeVerifierKey(ORIGIN, SignatureType.ED25519, key.publicKey));
    const go = (bytes: Uint8Array) =>
      spawnSync(join(this.#folder, 'note-open'), [verifier], { input: bytes, encoding: 'utf8' });
    const opened = go(note);
    checks.check(`${what}: Go opens the note`, opened.status === 0, () => opened.stderr);
    checks.equal(`${what}: Go reads the text`, opened.stdout, text);
    const forged = utf8(Buffer.from(note).toString('utf8').replace(text, changed));
    checks.check(`${what}: Go refuses another text`, go(forged).status === 1);
  }

  #judgeWithOpenssl(
    checks: Checks,
    what: string,
    key: SigningKey,
    text: string,
    changed: string,
    signature: Uint8Array,
  ): void {
    const path = (name: string): string => join(this.#folder, name);
    writeFileSync(path('spki'), Buffer.concat([Buffer.from(SPKI, 'hex'), key.publicKey]));
    writeFileSync(path('signature'), signature);
    const verify = (message: string) => {
      writeFileSync(path('text'), message);
      const args = ['pkeyutl', '-verify', '-rawin', '-pubin', '-keyform', 'DER', '-inkey', path('spki')];
      return spawnSync('openssl', [...args, '-in', path('text'), '-sigfile', path('signature')], {
        encoding: 'utf8',
      });
    };
    const whole = verify(text);
    checks.check(`${what}: openssl verifies the checkpoint`, whole.status === 0, () => whole.stderr);
    checks.check(`${what}: openssl refuses another text`, verify(changed).status === 1);
  }
}
