import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { fromHex, toHex, utf8 } from '@phalanx/core';
import { expect, it } from 'vitest';
import { AES_128_GCM, openFrom, rawPublicKey, sealTo } from './hpke.js';

const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

it('opens the vector of RFC 9180, A.1.1.1', () => {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, fromHex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8')]),
    format: 'der',
    type: 'pkcs8',
  });
  const message = {
    enc: fromHex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'),
    box: fromHex(
      'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
    ),
  };
  const opened = openFrom(key, utf8('Ode on a Grecian Urn'), utf8('Count-0'), message, AES_128_GCM);
  expect(toHex(opened!)).toBe('4265617574792069732074727574682c20747275746820626561757479');
});

it('opens for whom it was sealed, with the same info and aad, and for nobody else', () => {
  const [mine, other] = [generateKeyPairSync('x25519'), generateKeyPairSync('x25519')];
  const [info, aad, plain] = [utf8('info'), utf8('aad'), utf8('a piece of a key')];
  const message = sealTo(rawPublicKey(mine.publicKey), info, aad, plain);
  expect(openFrom(mine.privateKey, info, aad, message)).toEqual(plain);
  expect(openFrom(other.privateKey, info, aad, message)).toBe(null);
  expect(openFrom(mine.privateKey, aad, aad, message)).toBe(null);
  expect(openFrom(mine.privateKey, info, info, message)).toBe(null);
  for (const at of [0, message.box.length - 1]) {
    const box = Uint8Array.from(message.box);
    box[at]! ^= 1;
    expect(openFrom(mine.privateKey, info, aad, { ...message, box })).toBe(null);
  }
  expect(openFrom(mine.privateKey, info, aad, { enc: new Uint8Array(32), box: message.box })).toBe(null);
  expect(openFrom(mine.privateKey, info, aad, { enc: message.enc, box: new Uint8Array(3) })).toBe(null);
});
