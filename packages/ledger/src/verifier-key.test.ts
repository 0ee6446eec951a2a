import { generateKeyPairSync } from 'node:crypto';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { fromHex, toBase64 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { formatCheckpoint } from './checkpoint.js';
import { readCosignature } from './cosignature.js';
import { hashLeaf } from './merkle-hash.js';
import { makeCosigner, type SigningKey, signingKeyOf } from './note-signer.js';
import { openNote, signNote } from './signed-note.js';
import { formatVerifierKey, makeVerifierKey, parseVerifierKey, SignatureType } from './verifier-key.js';

const clock = { nowMs: () => 1_769_990_400_900 };
const text = formatCheckpoint({
  origin: 'log.example',
  size: 7,
  root: hashLeaf(new Uint8Array()),
  extensions: [],
});

function makeEd25519(): SigningKey {
  return signingKeyOf(generateKeyPairSync('ed25519').privateKey);
}

function makeMlDsa(): SigningKey {
  const { publicKey, secretKey } = ml_dsa44.keygen(new Uint8Array(32).fill(5));
  return { publicKey, sign: (message) => ml_dsa44.sign(message, secretKey) };
}

describe.each([
  ['Ed25519', SignatureType.ED25519_COSIGNATURE, makeEd25519(), 64],
  ['ML-DSA-44', SignatureType.ML_DSA_44_COSIGNATURE, makeMlDsa(), 2420],
] as const)('a cosignature with %s', (_, type, key, bytes) => {
  const verifier = makeVerifierKey('w.example', type, key.publicKey);

  it('opens with its key and tells the time', async () => {
    const note = await signNote(text, [makeCosigner('w.example', type, key, clock)]);
    const { verified } = openNote(note, [parseVerifierKey(formatVerifierKey(verifier))]);
    expect(readCosignature(verified[0]!.signature, bytes)!.timestampS).toBe(1_769_990_400);
  });

  it('is of this text, time and length only', async () => {
    const signature = await makeCosigner('w.example', type, key, clock).sign(text);
    expect(verifier.verify(text, signature)).toBe(true);
    expect(verifier.verify(text.replace('7', '8'), signature)).toBe(false);
    const later = signature.slice();
    later[7]! ^= 1;
    expect(verifier.verify(text, later)).toBe(false);
    const aeons = signature.slice();
    aeons[0] = 0xff;
    expect(verifier.verify(text, aeons)).toBe(false);
    expect(verifier.verify(text, signature.slice(1))).toBe(false);
    expect(verifier.verify(text, new Uint8Array())).toBe(false);
  });
});

it('only an Ed25519 private key signs notes', () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const key of [publicKey, privateKey])
    expect(() => signingKeyOf(key)).toThrow(expect.objectContaining({ code: 'LEDGER_KEY' }));
});

it('an ML-DSA-44 cosignature names its signer and is of checkpoints only', async () => {
  const key = makeMlDsa();
  const signer = makeCosigner('w.example', SignatureType.ML_DSA_44_COSIGNATURE, key, clock);
  const other = makeVerifierKey('v.example', SignatureType.ML_DSA_44_COSIGNATURE, key.publicKey);
  expect(other.verify(text, await signer.sign(text))).toBe(false);
  await expect(signer.sign('no checkpoint\n')).rejects.toThrow(
    expect.objectContaining({ code: 'LEDGER_CHECKPOINT' }),
  );
  expect(other.verify('no checkpoint\n', new Uint8Array(2428))).toBe(false);
});

describe('a verifier key', () => {
  const good = formatVerifierKey(
    makeVerifierKey('log.example', SignatureType.ED25519, makeEd25519().publicKey),
  );

  it.each([
    ['empty', ''],
    ['without a key', 'log.example+00000000'],
    ['with an id of another key', good.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
    ['with a short id', good.replace(/\+[0-9a-f]{8}\+/, '+0000000+')],
    ['with an upper case id', good.replace(/\+[0-9a-f]{8}\+/, '+ABCDEF01+')],
    ['without a name', good.replace('log.example', '')],
    ['with a space in its name', good.replace('log.', 'log ')],
    ['of an unknown type', `log.example+00000000+${toBase64(new Uint8Array(33).fill(2))}`],
    ['too short', `log.example+00000000+${toBase64(Uint8Array.of(1, 2, 3))}`],
    ['that is not base64', 'log.example+00000000+%%%'],
  ])('is refused %s', (_, key) => {
    expect(() => parseVerifierKey(key)).toThrow(expect.objectContaining({ code: 'LEDGER_KEY' }));
  });

  it.each([
    ['the identity', '0100000000000000000000000000000000000000000000000000000000000000'],
    ['of order 2', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    [
      'the identity, encoded above the prime',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ],
    ['not on the curve', '0200000000000000000000000000000000000000000000000000000000000000'],
  ])('is refused when its point is %s', (_, hex) => {
    expect(() => makeVerifierKey('log.example', SignatureType.ED25519, fromHex(hex))).toThrow(
      expect.objectContaining({ code: 'LEDGER_KEY' }),
    );
  });
});
