import { createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fromBase64, fromHex, toHex } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { testMark } from './detect/log-p.js';
import { openPhalanxMultibit, phalanxMultibitParameters } from './dialects/phalanx-multibit.js';
import { openMark } from './dialects/registry.js';
import { deriveMarkKey, foreignKeyId, markKeyId } from './key-schedule.js';
import { collectNgrams } from './ngrams.js';
import { hashPlainly, writeMessage } from './prf/siphash.test.support.js';
import {
  createMarkProfile,
  formatSignedProfile,
  MarkProfile,
  openSignedProfile,
  SignedMarkProfile,
  signMarkProfile,
} from './profile.js';
import { profileInput } from './profile.test.support.js';

const FILE = new URL('../../../docs/spec/vectors/mark-profile.json', import.meta.url);
const MASTER = Uint8Array.from({ length: 32 }, (_, i) => i);
const KEY = '000102030405060708090a0b0c0d0e0f';
/** Twelve tokens; places 4 to 6 and 8 to 10 have equal contexts of one token. */
const TEXT = [101, 7, 2024, 15, 9, 31999, 9, 400, 9, 31999, 9, 12];
const PAYLOAD = 0xa5n;
/** PKCS #8 of an Ed25519 key whose secret is 32 bytes of 1. */
const SIGNING_KEY = `302e020100300506032b657004220420${'01'.repeat(32)}`;

/** The published vectors, made anew. PHALANX_WRITE_VECTORS=1 writes them. */
function makeVectors() {
  const scopes = [
    { tenant: 'tenant-1', model: 'example-7b', epoch: '2026-11' },
    { tenant: '*', model: 'modèle', epoch: '2026-11' },
  ];
  const keys = scopes.map((scope) => {
    const key = deriveMarkKey(MASTER, scope);
    return { ...scope, key: toHex(key), keyId: markKeyId(key) };
  });
  const messages = [
    { scheme: 1, context: [], token: 5, stream: 0 },
    { scheme: 1, context: [101, 7, 2024, 15], token: 9, stream: 0 },
    { scheme: 1, context: [101, 7, 2024, 15], token: 9, stream: 1 },
    { scheme: 3, context: [1, 2, 3], token: 128255, stream: 0 },
    { scheme: 4, context: [101, 7, 2024, 15], token: 0xffffffff, stream: 0xffffff },
  ];
  const values = messages.map((message) => {
    const bytes = writeMessage(message.scheme, message.context, message.token, message.stream);
    const value = hashPlainly(fromHex(KEY), bytes).toString(16).padStart(16, '0');
    return { ...message, message: toHex(bytes), value };
  });
  const marks = [
    ['phalanx-gumbel', { contextWidth: 1, secondShare: 0 }],
    ['phalanx-gumbel', { contextWidth: 2, secondShare: 0.25 }],
    ['phalanx-synthid', { contextWidth: 1, layers: 32 }],
    ['phalanx-synthid', { contextWidth: 4, layers: 40 }],
    ['phalanx-kgw', { contextWidth: 1, gamma: 0.25, delta: 2 }],
    ['phalanx-unigram', { gamma: 0.5, delta: 2 }],
  ] as const;
  const readings = marks.map(([dialect, parameters]) => {
    const mark = openMark(dialect, parameters, KEY);
    const ngrams = collectNgrams([Int32Array.from(TEXT)], mark);
    const read = mark.read(ngrams);
    const isDual = mark.pivot.kind === 'uniform' && mark.pivot.streams === 2;
    return {
      dialect,
      parameters,
      scored: [...ngrams.position],
      values: [...read],
      ...(isDual ? {} : { logP: testMark(mark.pivot, read).logP }),
    };
  });
  const parameters = phalanxMultibitParameters.parse({ contextWidth: 1, bits: 8, symbolBits: 4 });
  const multibit = openPhalanxMultibit(parameters, fromHex(KEY), PAYLOAD);
  const ngrams = collectNgrams([Int32Array.from(TEXT)], multibit);
  const scores = multibit.readPayload(ngrams);
  const reading = scores.read();
  const payload = {
    parameters,
    payload: PAYLOAD.toString(16),
    scored: [...ngrams.position],
    values: [...multibit.read(ngrams)],
    logP: scores.testPayload(PAYLOAD),
    read: reading.payload.toString(16),
    presenceLogP: reading.logP,
    bitLogP: [...reading.bitLogP],
  };
  const privateKey = createPrivateKey({ key: Buffer.from(SIGNING_KEY, 'hex'), format: 'der', type: 'pkcs8' });
  const signed = formatSignedProfile(signMarkProfile(createMarkProfile(profileInput), privateKey));
  return {
    master: toHex(MASTER),
    keys,
    foreignKeyId: { dialect: 'vllm-gumbel', key: '42', keyId: foreignKeyId(MASTER, 'vllm-gumbel', '42') },
    key: KEY,
    values,
    text: TEXT,
    readings,
    payload,
    signed,
  };
}

describe('published vectors', () => {
  const made = makeVectors();
  if (process.env.PHALANX_WRITE_VECTORS === '1' || !existsSync(FILE))
    writeFileSync(FILE, `${JSON.stringify(made, null, 1)}\n`);
  const published = JSON.parse(readFileSync(FILE, 'utf8')) as typeof made;

  it('are made again', () => {
    const { readings, payload, ...exact } = made;
    const { readings: _, payload: __, ...expected } = published;
    expect(exact).toEqual(JSON.parse(JSON.stringify(expected)));
    // Logarithms may differ in the last place between machines.
    const near = (found: unknown, wanted: unknown): void => {
      if (typeof wanted === 'number') expect(found).toBeCloseTo(wanted, 12);
      else if (typeof wanted === 'object' && wanted !== null)
        for (const [key, value] of Object.entries(wanted))
          near((found as Record<string, unknown>)[key], value);
      else expect(found).toBe(wanted);
    };
    near(readings, published.readings);
    near(payload, published.payload);
  });

  it('hold a profile that opens', () => {
    const { publicKey } = SignedMarkProfile.parse(JSON.parse(published.signed));
    expect(openSignedProfile(published.signed, [fromBase64(publicKey)])).toEqual(
      createMarkProfile(profileInput),
    );
  });

  it('have marks read as the specification says, by values computed without the kernel', () => {
    const [single, dual, synthid, , kgw] = published.readings;
    const value = (scheme: number, width: number, at: number, stream = 0) =>
      hashPlainly(fromHex(KEY), writeMessage(scheme, TEXT.slice(at - width, at), TEXT[at]!, stream));
    const edge = (word: bigint) => Number(word >> 12n) / 2 ** 52;
    expect(single!.values).toEqual(single!.scored.map((at) => edge(value(1, 1, at))));
    expect(dual!.values).toEqual(
      dual!.scored.flatMap((at) => [edge(value(1, 2, at, 0)), edge(value(1, 2, at, 1))]),
    );
    expect(synthid!.values).toEqual(synthid!.scored.map((at) => Number(value(2, 1, at) & 0xffffffffn)));
    expect(kgw!.values).toEqual(kgw!.scored.map((at) => (value(3, 1, at) >> 32n < 2n ** 30n ? 1 : 0)));
  });
});

describe('the schema', () => {
  it('is that of the code', async () => {
    const script: string = '../../../scripts/write-schemas.mjs';
    const { describeMarkProfile } = await import(script);
    const path = new URL('../../../docs/spec/mark-profile.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(describeMarkProfile(SignedMarkProfile));
    expect(MarkProfile.safeParse(createMarkProfile(profileInput)).success).toBe(true);
  });
});
