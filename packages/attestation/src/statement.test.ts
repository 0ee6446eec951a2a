import { generateKeyPairSync } from 'node:crypto';
import { canonicalJson, PhalanxError, toHex, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePreAuth, formatEnvelope, parseEnvelope, signEnvelope, verifyEnvelope } from './dsse.js';
import { formatStatement, parseStatement, STATEMENT_TYPE, type Statement } from './statement.js';
import { formatPublicKeyPem, keyHintOf, parsePublicKey, statementSignerOf } from './statement-signer.js';

const statement: Statement = {
  subjects: [{ name: 'data/a', sha256: '00'.repeat(32) }],
  predicateType: 'https://phalanx.example/evidence/v1',
  predicate: { b: 1, a: ['x', null, true], __proto__x: {} },
};

function code(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (PhalanxError.is(error)) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('a statement', () => {
  it('is written as in-toto has it and read again', () => {
    const bytes = formatStatement(statement);
    expect(Buffer.from(bytes).toString()).toBe(
      `{"_type":"https://in-toto.io/Statement/v1","predicate":{"__proto__x":{},"a":["x",null,true],"b":1},"predicateType":"https://phalanx.example/evidence/v1","subject":[{"digest":{"sha256":"${'00'.repeat(32)}"},"name":"data/a"}]}`,
    );
    expect(parseStatement(bytes)).toEqual(statement);
    const odd = utf8(Buffer.from(bytes).toString().replace('__proto__x', '__proto__'));
    expect(Object.keys(parseStatement(odd).predicate)).toEqual(['__proto__', 'a', 'b']);
  });

  it('is refused when it is another thing', () => {
    const parts = JSON.parse(Buffer.from(formatStatement(statement)).toString());
    const [subject] = parts.subject;
    for (const odd of [
      { ...parts, _type: 'https://in-toto.io/Statement/v0.1' },
      { ...parts, subject: [] },
      { ...parts, subject: [subject, subject] },
      { ...parts, subject: [{ ...subject, digest: { sha256: '00' } }] },
      { ...parts, subject: [{ ...subject, digest: { sha256: 'AA'.repeat(32) } }] },
      { ...parts, subject: [{ ...subject, digest: { ...subject.digest, sha1: '00' } }] },
      { ...parts, subject: [{ ...subject, name: '' }] },
      { ...parts, predicateType: 'words' },
      { ...parts, predicate: [] },
      { ...parts, predicate: null },
      { ...parts, more: 1 },
      [],
      null,
      1,
    ])
      expect(
        code(() => parseStatement(utf8(canonicalJson(odd)))),
        JSON.stringify(odd),
      ).toBe('ATTESTATION_STATEMENT');
    const text = Buffer.from(formatStatement(statement)).toString();
    for (const odd of [
      ` ${text}`,
      `\ufeff${text}`,
      text.slice(1),
      text.replace('"b":1', '"b":1.0'),
      text.replace('"b":1', '"b":1,"b":1'),
      text.replace('"b":1', `"b":${'['.repeat(1e6)}${']'.repeat(1e6)}`),
    ])
      expect(code(() => parseStatement(utf8(odd)))).toBe('ATTESTATION_STATEMENT');
    expect(code(() => formatStatement({ ...statement, subjects: [] }))).toBe('ATTESTATION_STATEMENT');
  });
});

describe('an envelope', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = statementSignerOf(privateKey);

  it('signs type and payload with their lengths', () => {
    // The example of the DSSE specification.
    expect(Buffer.from(encodePreAuth('http://example.com/HelloWorld', utf8('hello world'))).toString()).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
    expect(toHex(encodePreAuth('é', utf8('é')))).toBe(toHex(utf8('DSSEv1 2 é 2 é')));
  });

  it('verifies under its key alone, and with no bit changed', async () => {
    const envelope = await signEnvelope(STATEMENT_TYPE, formatStatement(statement), signer);
    const json = formatEnvelope(envelope);
    expect(parseEnvelope(json)).toEqual(envelope);
    verifyEnvelope(envelope, signer.publicKey);
    const other = statementSignerOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    expect(code(() => verifyEnvelope(envelope, other.publicKey))).toBe('ATTESTATION_SIGNATURE');
    for (let bit = 0; bit < json.length * 8; bit++) {
      const changed = json.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(
        code(() => verifyEnvelope(parseEnvelope(changed), signer.publicKey)),
        `bit ${bit}`,
      ).toMatch(/^ATTESTATION_(?:ENVELOPE|SIGNATURE)$/);
    }
  });

  it('never ends in another error, whatever the JSON', () => {
    const wild = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json({ maxDepth: 3 }).map(utf8),
      fc
        .record({
          payload: fc.anything({ maxDepth: 1 }),
          payloadType: fc.anything({ maxDepth: 1 }),
          signatures: fc.anything({ maxDepth: 2 }),
        })
        .map((value) => utf8(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(wild, (bytes) => {
        expect(code(() => parseEnvelope(bytes))).toBe('ATTESTATION_ENVELOPE');
        expect(code(() => parseStatement(bytes))).toBe('ATTESTATION_STATEMENT');
      }),
      { numRuns: 500 },
    );
    const typed = (payloadType: unknown) =>
      utf8(JSON.stringify({ payload: 'YQ==', payloadType, signatures: [{ keyid: '', sig: 'YQ==' }] }));
    expect(code(() => parseEnvelope(typed('a/b')))).toBe('accepted');
    for (const odd of [5, null, ['a/b'], '', 'x'.repeat(300)])
      expect(code(() => parseEnvelope(typed(odd)))).toBe('ATTESTATION_ENVELOPE');
  });

  it('is signed with P-256 in one encoding', () => {
    for (const odd of [
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
      generateKeyPairSync('ed25519').privateKey,
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
    ])
      expect(code(() => statementSignerOf(odd))).toBe('ATTESTATION_KEY');
    const off = signer.publicKey.slice();
    off[90]! ^= 1;
    for (const odd of [off, signer.publicKey.slice(0, 90), new Uint8Array(91), new Uint8Array(0)])
      expect(code(() => parsePublicKey(odd))).toBe('ATTESTATION_KEY');
    expect(formatPublicKeyPem(signer.publicKey)).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(keyHintOf(signer.publicKey)).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  });
});
