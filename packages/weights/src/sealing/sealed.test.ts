import { PhalanxError } from '@phalanx/core';
import { Decrypter, Encrypter } from 'age-encryption';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBytesSource } from '../formats/byte-source.js';
import { openWeightSource } from '../formats/open-weights.js';
import { writeSafetensors } from '../formats/safetensors-writer.js';
import { readRows } from '../formats/weight-file.js';
import { collect, makePlain, seal, unseal } from './age.test.support.js';
import { makeHeader, openHeader } from './age-header.js';
import { type AgeKeyKind, generateIdentity, parseIdentities, recipientOf } from './age-key.js';
import {
  CHUNK_BYTES,
  derivePayloadKey,
  openChunk,
  plainBytes,
  SEALED_CHUNK_BYTES,
  sealChunk,
  sealedBytes,
} from './age-payload.js';
import { openSealed } from './sealed-source.js';

const KINDS: readonly AgeKeyKind[] = ['X25519', 'ML-KEM-768 with X25519'];
const SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 20 * CHUNK_BYTES + 7];
const keys: { identity: string; recipient: string }[] = [];

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (PhalanxError.is(error)) return error.code;
    throw error;
  }
  return 'none';
};

beforeAll(async () => {
  for (const kind of KINDS) {
    const identity = await generateIdentity(kind);
    keys.push({ identity, recipient: await recipientOf(identity) });
  }
});

describe.each([0, 1])('age files, %i of the two kinds of keys', (kind) => {
  it('opens in age-encryption, and what that writes opens here', async () => {
    const { identity, recipient } = keys[kind]!;
    for (const size of SIZES.slice(0, 6)) {
      const plain = makePlain(size);
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      expect(Buffer.compare(await decrypter.decrypt(await seal(plain, [recipient])), plain)).toBe(0);
      const encrypter = new Encrypter();
      encrypter.addRecipient(recipient);
      expect(Buffer.compare(await unseal(await encrypter.encrypt(plain), identity), plain)).toBe(0);
    }
  });

  it('is for its recipients, each of them, and for nobody else', async () => {
    const others = await Promise.all([0, 1].map(() => generateIdentity(KINDS[kind]!)));
    const recipients = [keys[kind]!.recipient, await recipientOf(others[0]!)];
    const file = await seal(makePlain(10), recipients);
    for (const identity of [keys[kind]!.identity, others[0]!])
      expect((await unseal(file, identity)).length).toBe(10);
    expect(await codeOf(unseal(file, others[1]!))).toBe('WEIGHTS_SEAL');
    expect(await codeOf(unseal(file, keys[1 - kind]!.identity))).toBe('WEIGHTS_SEAL');
  });

  it('gives a file to somebody else by another header', async () => {
    const { identity, recipient } = keys[kind]!;
    const { bytes, fileKey } = await makeHeader([recipient]);
    const later = await generateIdentity('X25519');
    const again = await makeHeader([await recipientOf(later)], fileKey);
    expect(again.fileKey).toEqual(fileKey);
    expect(await openHeader(again.bytes, [later])).toEqual(await openHeader(bytes, [identity]));
    expect(await codeOf(openHeader(again.bytes, [identity]))).toBe('WEIGHTS_SEAL');
  });
});

it('reads any range of any size as the plaintext is there', { timeout: 20_000 }, async () => {
  const { identity, recipient } = keys[0]!;
  const plains = SIZES.map(makePlain);
  const sources = await Promise.all(
    plains.map(async (plain) => openSealed(openBytesSource(await seal(plain, [recipient])), [identity])),
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(SIZES.length - 1), fc.nat(), fc.nat(), async (which, a, b) => {
      const plain = plains[which]!;
      const from = a % (plain.length + 1);
      const length = b % (plain.length - from + 1);
      const got = await sources[which]!.read(from, length);
      expect(Buffer.compare(got, plain.subarray(from, from + length))).toBe(0);
    }),
    { numRuns: 150 },
  );
  expect(await codeOf(sources[1]!.read(0, 2))).toBe('WEIGHTS_ARGUMENT');
});

it('reads the header and one row of a sealed checkpoint out of few chunks', async () => {
  const { identity, recipient } = keys[0]!;
  const numbers = Float32Array.from({ length: 1 << 20 }, (_, i) => i);
  const bytes = new Uint8Array(numbers.buffer);
  const tensor = { name: 'w', format: 'F32' as const, shape: [1024, 1024], chunks: () => [bytes] };
  const file = await collect(writeSafetensors([tensor]));
  const source = openBytesSource(await seal(file, [recipient]));
  const weights = await openWeightSource(await openSealed(source, [identity]));
  const row = await readRows(weights, weights.tensors.get('w')!, 700, 1);
  expect(row).toEqual(numbers.subarray(700 * 1024, 701 * 1024));
  expect(source.bytesRead).toBeLessThan(6 * SEALED_CHUNK_BYTES);
});

describe('what is refused', () => {
  const open = async (file: Uint8Array) => {
    const codes = [await codeOf(unseal(file, keys[0]!.identity))];
    const source = openSealed(openBytesSource(file), [keys[0]!.identity]);
    codes.push(await codeOf(source.then((each) => each.read(0, each.sizeBytes))));
    return codes;
  };
  const refused = ['WEIGHTS_SEAL', 'WEIGHTS_SEAL'];

  it('every bit that is flipped, and every end that is cut', { timeout: 60_000 }, async () => {
    const file = await seal(makePlain(40), [keys[0]!.recipient]);
    const failed: string[] = [];
    for (let bit = 0; bit < 8 * file.length; bit++) {
      const altered = file.slice();
      altered[bit >> 3]! ^= 1 << (bit & 7);
      if ((await codeOf(unseal(altered, keys[0]!.identity))) !== 'WEIGHTS_SEAL') failed.push(`bit ${bit}`);
    }
    for (let length = 0; length < file.length; length++)
      if ((await codeOf(unseal(file.slice(0, length), keys[0]!.identity))) !== 'WEIGHTS_SEAL')
        failed.push(`length ${length}`);
    expect(failed).toEqual([]);
    expect(await open(Uint8Array.of(...file, 0))).toEqual(refused);
  });

  it('chunks cut off, repeated, exchanged, moved or added', async () => {
    const plain = makePlain(3 * CHUNK_BYTES + 5);
    const { identity, recipient } = keys[0]!;
    const file = await seal(plain, [recipient]);
    const start = file.length - sealedBytes(plain.length);
    const chunk = (i: number) =>
      file.subarray(start + i * SEALED_CHUNK_BYTES, start + (i + 1) * SEALED_CHUNK_BYTES);
    const build = (...order: number[]) => Buffer.concat([file.subarray(0, start), ...order.map(chunk)]);
    expect(Buffer.compare(await unseal(build(0, 1, 2, 3), identity), plain)).toBe(0);
    for (const order of [
      [0, 1, 2],
      [0, 1],
      [],
      [1, 0, 2, 3],
      [0, 0, 1, 2, 3],
      [0, 2, 3],
      [1, 2, 3],
      [0, 1, 2, 3, 3],
      [3],
    ])
      expect(await open(build(...order))).toEqual(refused);
  });

  it('an empty last chunk behind others, though it is encrypted rightly', async () => {
    const { bytes, fileKey } = await makeHeader([keys[0]!.recipient]);
    const nonce = makePlain(16);
    const key = derivePayloadKey(fileKey, nonce);
    const chunks = new Uint8Array(SEALED_CHUNK_BYTES + 16);
    sealChunk(key, 0, false, makePlain(CHUNK_BYTES), chunks, 0);
    sealChunk(key, 1, true, new Uint8Array(0), chunks, SEALED_CHUNK_BYTES);
    expect(openChunk(key, 1, true, chunks.subarray(SEALED_CHUNK_BYTES)).length).toBe(0);
    expect(await open(Buffer.concat([bytes, nonce, chunks]))).toEqual(refused);
  });

  it('headers that swell', async () => {
    const stanza = `-> X ${'a'.repeat(10)}\n\n`;
    const many = Buffer.from(`age-encryption.org/v1\n${stanza.repeat(300)}--- ${'a'.repeat(43)}\n`);
    expect(await open(many)).toEqual(['WEIGHTS_LIMIT', 'WEIGHTS_LIMIT']);
    const long = Buffer.from(`age-encryption.org/v1\n-> X ${'a'.repeat(1 << 20)}`);
    expect(await open(long)).toEqual(['WEIGHTS_LIMIT', 'WEIGHTS_LIMIT']);
  });

  it('recipients and identities that are none, and a mixture', async () => {
    const wrong = (recipients: string[]) => codeOf(seal(makePlain(1), recipients));
    const { recipient, identity } = keys[0]!;
    for (const recipients of [
      [],
      ['age1'],
      [identity],
      [`${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`],
      [recipient, keys[1]!.recipient],
      Array(101).fill(recipient),
    ])
      expect(await wrong(recipients)).toBe('WEIGHTS_KEY');
    expect(parseIdentities(`# created\n\n${identity}\r\n`)).toEqual([identity]);
    for (const text of ['', '# nothing', `${identity}x`, 'AGE-PLUGIN-1'])
      expect(() => parseIdentities(text)).toThrow(expect.objectContaining({ code: 'WEIGHTS_KEY' }));
    expect(() => parseIdentities(`${identity}x`)).not.toThrow(identity);
  });
});

it('no length of a payload is taken for another', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 45), (size) => {
      expect(plainBytes(sealedBytes(size))).toBe(size);
    }),
  );
});
