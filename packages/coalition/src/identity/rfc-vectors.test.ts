import { createHmac, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { readPublicJwk, thumbprintOf, toClientKey } from './client-key.js';
import { checkContentDigest, formatContentDigest } from './content-digest.js';
import { checkDpopProof } from './dpop.js';
import { signBytes, verifyBytes } from './signature-algorithm.js';
import { makeSignatureBase, type SignedMessage } from './signature-base.js';
import { formatDictionary, type InnerList, parseDictionary } from './structured-field.js';
import { ListedNonces } from './test-hub.test.support.js';

const vectors = JSON.parse(readFileSync(new URL('../../vectors/identity.json', import.meta.url), 'utf8'));

interface Message {
  method?: string;
  url?: string;
  status?: number;
  fields: Record<string, string>;
}

function toMessage({ method, url, status, fields }: Message): SignedMessage {
  return {
    method: method ?? null,
    target: url === undefined ? null : new URL(url),
    status: status ?? null,
    fields: new Headers(fields),
  };
}

interface Vector {
  name: string;
  message: string;
  signatureInput: string;
  base: string;
  key: string;
  algorithm: string;
  signature: string;
}

function read({ signatureInput, signature }: Vector): { parameters: InnerList; bytes: Uint8Array } {
  const [[label, parameters]] = [...parseDictionary(signatureInput)] as [[string, InnerList]];
  const signed = parseDictionary(signature).get(label) as { value: Uint8Array };
  return { parameters, bytes: signed.value };
}

function holds(vector: Vector, base: string): boolean {
  const { bytes } = read(vector);
  if (vector.algorithm === 'hmac-sha256') {
    const key = Buffer.from(vectors.sharedSecret, 'base64');
    return createHmac('sha256', key).update(base).digest().equals(Buffer.from(bytes));
  }
  const key = createPublicKey({ key: vectors.keys[vector.key], format: 'jwk' });
  return verifyBytes(key, utf8(base), bytes);
}

describe('RFC 9421 appendix B', () => {
  it.each(vectors.signatures as Vector[])('$name: signature base and signature', (vector) => {
    const { parameters } = read(vector);
    const base = makeSignatureBase(toMessage(vectors.messages[vector.message]), parameters);
    expect(base).toBe(vector.base);
    expect(holds(vector, base)).toBe(true);
    expect(holds(vector, `${base} `)).toBe(false);
    expect(formatDictionary(parseDictionary(vector.signatureInput))).toBe(vector.signatureInput);
    expect(formatDictionary(parseDictionary(vector.signature))).toBe(vector.signature);
  });

  it('B.2.6 is made again byte for byte', async () => {
    const vector = vectors.signatures.find(({ name }: Vector) => name === 'B.2.6') as Vector;
    const pkcs8 = Buffer.concat([
      Buffer.from('302e020100300506032b657004220420', 'hex'),
      Buffer.from(vectors.ed25519Private, 'base64url'),
    ]).toString('base64');
    const key = await toClientKey(`-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----`);
    expect(key.publicJwk).toEqual(vectors.keys['test-key-ed25519']);
    const signature = signBytes(key.privateKey, utf8(vector.base));
    expect(vector.signature).toBe(`sig-b26=:${Buffer.from(signature).toString('base64')}:`);
  });

  const transformed = vectors.signatures.find(({ name }: Vector) => name === 'B.4') as Vector;
  it.each(vectors.transformations.valid as Message[])(
    'B.4 holds after what does not matter: $url',
    (message) => {
      expect(holds(transformed, makeSignatureBase(toMessage(message), read(transformed).parameters))).toBe(
        true,
      );
    },
  );
  it.each(vectors.transformations.invalid as Message[])(
    'B.4 fails after what matters: $method',
    (message) => {
      expect(holds(transformed, makeSignatureBase(toMessage(message), read(transformed).parameters))).toBe(
        false,
      );
    },
  );
});

it.each(vectors.digests as { body: string; field: string }[])('RFC 9530: $field', ({ body, field }) => {
  checkContentDigest(field, utf8(body));
  expect(formatContentDigest(utf8(body), field.startsWith('sha-256') ? 'sha-256' : 'sha-512')).toBe(field);
  expect(() => checkContentDigest(field, utf8(`${body} `))).toThrow('another body');
});

it.each(['md5=:1B2M2Y8AsgTpgAmY7PhCfg==:', 'sha-256', 'sha-256=("x")', 'sha-256=:AAAA:', ''])(
  'RFC 9530: a digest that shows nothing is none: %s',
  (field) => {
    expect(() => checkContentDigest(field, new Uint8Array())).toThrow(
      expect.objectContaining({ code: 'COALITION_IDENTITY' }),
    );
  },
);

it('RFC 8037 appendix A.3: thumbprint of an Ed25519 key', async () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
  expect(await thumbprintOf(readPublicJwk(jwk))).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
});

it('RFC 7638 section 3.1: thumbprint of an RSA key', async () => {
  const { jwk, thumbprint } = vectors.thumbprint;
  expect(await thumbprintOf(jwk)).toBe(thumbprint);
});

interface ProofExample {
  proof: string;
  method: string;
  url: string;
  accessToken: string | null;
  atMs: number;
  jkt: string;
}

describe.each(vectors.proofs as ProofExample[])('RFC 9449: the proof for $url', (example) => {
  const check = (change: Partial<ProofExample> = {}) => {
    const { proof, atMs, ...use } = { ...example, ...change };
    return checkDpopProof(proof, { ...use, nonces: new ListedNonces(), clock: { nowMs: () => atMs } }, 'x');
  };

  it('holds for what it was made for', async () => {
    expect(await check()).toEqual({ jkt: example.jkt, nonce: null });
    expect((await check({ url: `${example.url}?query#fragment` })).jkt).toBe(example.jkt);
  });

  it.each([
    ['method', { method: 'PUT' }],
    ['target', { url: 'https://server.example.com/other' }],
    ['token', { accessToken: 'other' }],
    ['time', { atMs: example.atMs + 60_000 }],
    ['earlier time', { atMs: example.atMs - 5_001 }],
    ['signature', { proof: `${example.proof.slice(0, -2)}AA` }],
  ])('holds for no other %s', async (_, change) => {
    await expect(check(change)).rejects.toMatchObject({ code: 'COALITION_IDENTITY' });
  });
});
