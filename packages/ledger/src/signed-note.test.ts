import { generateKeyPairSync, sign } from 'node:crypto';
import { fromUtf8, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeNoteSigner } from './note-signer.js';
import { formatNote, isKeyName, openNote, parseNote, signNote } from './signed-note.js';
import { makeVerifierKey, parseVerifierKey, SignatureType } from './verifier-key.js';

function makeKey(name: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
  const key = {
    publicKey: raw,
    sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)),
  };
  return { signer: makeNoteSigner(name, key), verifier: makeVerifierKey(name, SignatureType.ED25519, raw) };
}

const log = makeKey('log.example');
const other = makeKey('other.example');

/** From the specification. */
const EXAMPLE_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE = `This is an example message.

\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;

describe('a signed note', () => {
  it('opens as the example of the specification does', () => {
    const opened = openNote(utf8(EXAMPLE), [parseVerifierKey(EXAMPLE_KEY)]);
    expect(opened.text).toBe('This is an example message.\n');
    expect(opened.verified).toHaveLength(1);
  });

  it('comes back as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme', minLength: 1 })), async (lines) => {
        const text = `${lines.map((line) => line.replace(/\p{Cc}/gu, ' ')).join('\n')}\n`;
        const note = await signNote(text, [log.signer]);
        expect(openNote(note, [log.verifier]).text).toBe(text);
        expect(formatNote(parseNote(note))).toEqual(note);
      }),
    );
  });

  it('keeps empty lines and a byte order mark, which are signed like the rest', async () => {
    for (const text of ['\n', 'a\n\nb\n', '\ufeffa\n', '\n\n\n'])
      expect(openNote(await signNote(text, [log.signer]), [log.verifier]).text).toBe(text);
  });

  it('ignores unknown keys, needs a known one, and is condemned by a false one', async () => {
    const both = await signNote('text\n', [log.signer, other.signer]);
    expect(openNote(both, [other.verifier]).verified.map(({ keyName }) => keyName)).toEqual([
      'other.example',
    ]);
    expect(() => openNote(both, [])).toThrow(expect.objectContaining({ code: 'LEDGER_UNSIGNED' }));
    const [first, second] = parseNote(both).signatures as [never, never];
    const swapped = formatNote({ text: 'texT\n', signatures: [first, second] });
    expect(() => openNote(swapped, [log.verifier])).toThrow(
      expect.objectContaining({ code: 'LEDGER_SIGNATURE' }),
    );
    const renamed = utf8(fromUtf8(both).replace('log.example', 'gol.example'));
    expect(openNote(renamed, [log.verifier, other.verifier]).verified).toHaveLength(1);
  });

  it('cannot be changed anywhere without being noticed', async () => {
    const note = await signNote('origin\n7\nroot\n', [log.signer]);
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bent = note.slice();
        bent[at]! ^= flip;
        expect(() => openNote(bent, [log.verifier])).toThrow(
          expect.objectContaining({ name: 'PhalanxError' }),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['no signature', 'text\n'],
    ['no blank line', 'text\n\u2014 a AAAAAAA=\n'],
    ['a blank line and nothing', 'text\n\n'],
    ['no newline at the end', EXAMPLE.slice(0, -1)],
    ['a carriage return', EXAMPLE.replace('message', 'mess\rage')],
    ['a tab', EXAMPLE.replace('message', 'mess\tage')],
    ['a hyphen for the dash', EXAMPLE.replace('\u2014', '-')],
    ['two spaces', EXAMPLE.replace('foo Uw2', 'foo  Uw2')],
    ['base64 that is not canonical', EXAMPLE.replace('aQM=', 'aQN=')],
    ['a signature of four bytes', 'text\n\n\u2014 a AAAAAA==\n'],
    ['too many signatures', `t\n\n${'\u2014 a AAAAAAA=\n'.repeat(101)}`],
    ['too many bytes', `${'a'.repeat(1_000_000)}\n\n\u2014 a AAAAAAA=\n`],
  ])('is not one with %s', (_, text) => {
    expect(() => parseNote(utf8(text))).toThrow(expect.objectContaining({ code: 'LEDGER_NOTE' }));
  });

  it('is not one when it is not UTF-8, or the text does not end its line', async () => {
    const bytes = utf8(EXAMPLE);
    bytes[3] = 0xff;
    expect(() => parseNote(bytes)).toThrow(expect.objectContaining({ code: 'LEDGER_NOTE' }));
    await expect(signNote('text', [log.signer])).rejects.toThrow(
      expect.objectContaining({ code: 'LEDGER_NOTE' }),
    );
  });

  it('takes sixteen signatures and more', async () => {
    const keys = Array.from({ length: 30 }, (_, i) => makeKey(`w${i}.example`));
    const note = await signNote(
      'text\n',
      keys.map(({ signer }) => signer),
    );
    expect(
      openNote(
        note,
        keys.map(({ verifier }) => verifier),
      ).verified,
    ).toHaveLength(30);
  });
});

it('a key has a name without spaces of any kind and plus signs', () => {
  for (const name of ['a', 'example.com/foo', 'k\u00e9y']) expect(isKeyName(name)).toBe(true);
  for (const name of ['', 'a b', 'a\u2003b', 'a+b', 'a\nb', 'a\u00a0b']) expect(isKeyName(name)).toBe(false);
});
