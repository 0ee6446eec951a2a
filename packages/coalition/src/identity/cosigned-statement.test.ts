import { canonicalJson, type Json, utf8 } from '@phalanx/core';
import { CompactSign, FlattenedSign } from 'jose';
import { describe, expect, it } from 'vitest';
import { generateClientKey } from './client-key.js';
import { addSignature, readCosigned, sign } from './cosigned-statement.js';
import { certifyPseudonym, readPseudonymCertificate } from './pseudonym.js';
import { makeTestHub, ORIGIN, START_MS } from './test-hub.test.support.js';

const TYPE = 'phalanx-membership+jws';

describe('a statement of several signers', () => {
  it('is read with all of them, and not when anything of it is altered', async () => {
    const keys = [await generateClientKey(), await generateClientKey('p256')] as const;
    const find = async (kid: string) => keys.find((key) => key.kid === kid)?.publicJwk ?? null;
    const statement = { b: 1, a: 'ü' };
    const signed = await addSignature(TYPE, await sign(TYPE, statement, keys[0]), keys[1]);
    expect(await readCosigned(TYPE, signed, find)).toEqual({ statement, kids: keys.map(({ kid }) => kid) });
    const refused = (value: unknown, why: string) =>
      expect(readCosigned(TYPE, value, find)).rejects.toThrow(why);
    await refused({ ...signed, payload: Buffer.from('{"a":1}').toString('base64url') }, 'does not hold');
    const [first, second] = signed.signatures;
    await refused(
      { ...signed, signatures: [{ ...first, signature: second!.signature }, second] },
      'does not hold',
    );
    await refused({ ...signed, signatures: [] }, 'malformed');
    await refused({ ...signed, extra: 1 }, 'malformed');
    await refused({ ...signed, signatures: Array(9).fill(first) }, 'malformed');
    await refused(null, 'malformed');
  });

  it.each([
    ['spaces', '{"a": 1}'],
    ['another order', '{"b":1,"a":2}'],
    ['a member twice', '{"a":1,"a":2}'],
    ['no JSON', 'a'],
  ])('is refused with %s: what people looked at would not be what is signed', async (_, text) => {
    const key = await generateClientKey();
    const header = { typ: TYPE, alg: 'EdDSA', kid: key.kid };
    const {
      payload,
      signature,
      protected: read,
    } = await new FlattenedSign(utf8(text)).setProtectedHeader(header).sign(key.privateKey);
    const signed = { payload, signatures: [{ protected: read, signature }] };
    await expect(readCosigned(TYPE, signed, async () => key.publicJwk)).rejects.toThrow('not canonical');
  });

  it.each([
    ['another type', { typ: 'x' }],
    ['one more member', { jwk: {} }],
    ['a critical extension', { crit: ['b64'], b64: true }],
    ['no key', { kid: undefined }],
  ])('is refused with %s in a header', async (_, change) => {
    const key = await generateClientKey();
    const header = { typ: TYPE, alg: 'EdDSA', kid: key.kid, ...change };
    const {
      payload,
      signature,
      protected: read,
    } = await new FlattenedSign(utf8('{"a":1}'))
      .setProtectedHeader(header as { alg: string })
      .sign(key.privateKey);
    const signed = { payload, signatures: [{ protected: read, signature }] };
    await expect(readCosigned(TYPE, signed, async () => key.publicJwk)).rejects.toThrow('another header');
  });
});

describe('the certificate of a pseudonym', () => {
  const terms = async (kind?: 'p256') => ({
    groupId: 'b1f6b1c0-52a5-4d6a-9a53-0d6c4f1f0001',
    epoch: 1,
    identity: 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01',
    jwk: (await generateClientKey(kind)).publicJwk,
    fromMs: START_MS,
    untilMs: START_MS + 1000,
  });

  it('is read with the keys of its hub, in its time, and with no other', async () => {
    const { hub } = await makeTestHub();
    const theirs = { issuer: ORIGIN, keys: hub.keys.map(({ publicJwk }) => publicJwk) };
    const certificate = await certifyPseudonym(await terms(), hub);
    expect((await readPseudonymCertificate(certificate, theirs, START_MS)).epoch).toBe(1);
    const read = (text: string, keys = theirs.keys, atMs = START_MS) =>
      readPseudonymCertificate(text, { ...theirs, keys }, atMs);
    await expect(read(certificate, [])).rejects.toThrow('no key of this hub');
    await expect(read(certificate, theirs.keys, START_MS - 1)).rejects.toThrow('another time');
    await expect(read(certificate, theirs.keys, START_MS + 1000)).rejects.toThrow('another time');
    await expect(read(`${certificate.slice(0, -4)}AAAA`)).rejects.toThrow('does not verify');
    await expect(read(certificate.repeat(10))).rejects.toThrow('too long');
    await expect(read(await certifyPseudonym(await terms('p256'), hub))).rejects.toThrow('signs no objects');
    const payload = utf8(canonicalJson({ ...(await terms()), hub: ORIGIN } as unknown as Json));
    const [key] = hub.keys;
    const other = await new CompactSign(payload)
      .setProtectedHeader({ typ: 'at+jwt', alg: 'EdDSA', kid: key!.kid })
      .sign(key!.privateKey);
    await expect(read(other)).rejects.toThrow('no key of this hub');
  });
});
