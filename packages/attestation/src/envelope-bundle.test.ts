import { generateKeyPairSync, sign } from 'node:crypto';
import { PhalanxError, utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { encodePreAuth } from './dsse.js';
import { ecdsaKeyOf, readEcdsaKey, verifyEcdsa } from './ecdsa-key.js';
import { formatEnvelopeBundle, keyFingerprint, readEnvelopeBundle } from './envelope-bundle.js';
import { verifySigningChain } from './signing-certificate.js';
import { issueCertificate } from './test-authority.js';

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

function makeKey(namedCurve: string) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  return { privateKey, key: ecdsaKeyOf(privateKey) };
}

function makeEnvelope(namedCurve = 'P-384') {
  const { privateKey, key } = makeKey(namedCurve);
  const payload = utf8('{ "not": "canonical" }');
  const signature = new Uint8Array(sign(key.hash, encodePreAuth('text/json', payload), privateKey));
  return { privateKey, key, envelope: { payloadType: 'text/json', payload, signature } };
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    return PhalanxError.is(error) ? error.code : String(error);
  }
}

describe('a bundle of an envelope', () => {
  it('comes back as it was, by keys of three curves', () => {
    for (const [curve, hash] of [
      ['P-256', 'sha256'],
      ['P-384', 'sha384'],
      ['P-521', 'sha512'],
    ] as const) {
      const { key, envelope } = makeEnvelope(curve);
      expect(key.hash).toBe(hash);
      const read = readEnvelopeBundle(formatEnvelopeBundle(envelope, key));
      expect(read).toEqual({ envelope, signer: { kind: 'key', fingerprint: keyFingerprint(key) } });
      expect(
        verifyEcdsa(key, encodePreAuth('text/json', read.envelope.payload), read.envelope.signature),
      ).toBe(true);
    }
  });

  it('is refused when it has not one signature, one signer and known members alone', () => {
    const { key, envelope } = makeEnvelope();
    const good = Buffer.from(formatEnvelopeBundle(envelope, key)).toString();
    const edit = (from: string | RegExp, to: string) => good.replace(from, to);
    for (const text of [
      edit(/"signatures":\[.*?\]/, '"signatures":[]'),
      edit(/"signatures":\[(.*?)\]/, '"signatures":[$1,$1]'),
      edit(/"publicKey":\{.*?\}/, '"publicKey":{},"certificate":{"rawBytes":"AAAA"}'),
      edit(/"publicKey":\{.*?\},/, ''),
      edit('"tlogEntries"', '"logEntries"'),
      edit('v0.3', 'v0.4'),
      edit('"sig":"', '"sig":"!'),
      edit(/"sig":".*?"/, '"sig":""'),
      `[${good}]`,
      good.slice(1),
    ]) {
      expect(text).not.toBe(good);
      expect(codeOf(() => readEnvelopeBundle(utf8(text)))).toBe('ATTESTATION_BUNDLE');
    }
    for (const [from, to] of [
      ['"keyid":""', '"keyid":null'],
      [',"keyid":""', ''],
      [',"tlogEntries":[]', ''],
    ] as const)
      expect(codeOf(() => readEnvelopeBundle(utf8(edit(from, to))))).toBe('ok');
  });

  it('names certificates of its own key alone', async () => {
    const { privateKey, key, envelope } = makeEnvelope();
    const root = await issueCertificate('root', null);
    const own = await issueCertificate('own', root, { key: privateKey, purposes: [CODE_SIGNING] });
    const other = await issueCertificate('other', root, { purposes: [CODE_SIGNING] });
    const bundle = formatEnvelopeBundle(envelope, key, [own.der, root.der]);
    expect(readEnvelopeBundle(bundle).signer).toEqual({
      kind: 'certificates',
      certificates: [own.der, root.der],
    });
    expect(codeOf(() => formatEnvelopeBundle(envelope, key, [other.der]))).toBe('ATTESTATION_KEY');
  });
});

describe('a key', () => {
  it('is one of three curves, alone in its file', () => {
    const pemOf = (curve: string) =>
      generateKeyPairSync('ec', { namedCurve: curve })
        .publicKey.export({ format: 'pem', type: 'spki' })
        .toString();
    const pem = pemOf('P-521');
    expect(readEcdsaKey(utf8(pem)).hash).toBe('sha512');
    for (const text of [pem + pem, '', pemOf('secp256k1'), pem.replace('PUBLIC', 'PRIVATE')])
      expect(codeOf(() => readEcdsaKey(utf8(text)))).toBe('ATTESTATION_KEY');
    const ed25519 = generateKeyPairSync('ed25519')
      .publicKey.export({ format: 'pem', type: 'spki' })
      .toString();
    expect(codeOf(() => readEcdsaKey(utf8(ed25519)))).toBe('ATTESTATION_KEY');
  });
});

describe('a chain for signing files', () => {
  it('leads to a trusted root, by certificates that may', async () => {
    const root = await issueCertificate('root', null);
    const stranger = await issueCertificate('root', null);
    const middle = await issueCertificate('middle', root, { isCa: true });
    const tls = await issueCertificate('tls', root, { isCa: true, purposes: ['1.3.6.1.5.5.7.3.1'] });
    const leafOf = (issuer: typeof root, options = {}) =>
      issueCertificate('leaf', issuer, { purposes: null, ...options });
    const judge = (leaf: typeof root, others: (typeof root)[], trusted = root, timeMs?: number) =>
      codeOf(() =>
        verifySigningChain(
          [leaf, ...others].map(({ der }) => der),
          [trusted.der],
          timeMs,
        ),
      );
    const leaf = await leafOf(middle);
    expect(judge(leaf, [middle])).toBe('ok');
    expect(judge(leaf, [root, middle])).toBe('ok');
    expect(judge(leaf, [])).toBe('ATTESTATION_SIGNATURE');
    expect(judge(leaf, [middle], stranger)).toBe('ATTESTATION_SIGNATURE');
    expect(judge(await leafOf(tls), [tls])).toBe('ATTESTATION_SIGNATURE');
    expect(judge(await leafOf(middle, { usage: 0x40 }), [middle])).toBe('ATTESTATION_SIGNATURE');
    expect(judge(await leafOf(middle, { usage: 0x40, purposes: [CODE_SIGNING] }), [middle])).toBe('ok');
    expect(judge(await leafOf(middle, { unknownCritical: true }), [middle])).toBe('ATTESTATION_SIGNATURE');
    const fake = await leafOf(middle);
    expect(judge(await leafOf(fake), [fake, middle])).toBe('ATTESTATION_SIGNATURE');
    const old = await leafOf(middle, { fromMs: Date.UTC(2025, 5), toMs: Date.UTC(2025, 6) });
    expect(judge(old, [middle])).toBe('ok');
    expect(judge(old, [middle], root, Date.UTC(2025, 8))).toBe('ATTESTATION_SIGNATURE');
    for (let at = 0; at < leaf.der.length; at += 3) {
      const broken = leaf.der.slice();
      broken[at]! ^= 1 << (at % 8);
      expect(judge({ ...leaf, der: broken }, [middle])).toMatch(/^ATTESTATION_(?:SIGNATURE|KEY)$/);
    }
    const other = await issueCertificate('another root', null);
    const list = [Uint8Array.of(1), ...Array<Uint8Array>(250).fill(other.der), root.der];
    expect(verifySigningChain([leaf.der, middle.der], list).root).toBe('CN=root');
    expect(codeOf(() => verifySigningChain([], [root.der]))).toBe('ATTESTATION_SIGNATURE');
    expect(codeOf(() => verifySigningChain([Uint8Array.of(1)], [root.der]))).toBe('ATTESTATION_SIGNATURE');
  });
});
