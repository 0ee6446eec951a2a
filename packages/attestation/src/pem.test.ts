import { generateKeyPairSync } from 'node:crypto';
import { PhalanxError, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCertificates, readCertificates, readPublicKey } from './pem.js';
import { formatPublicKeyPem, statementSignerOf } from './statement-signer.js';

const der = fc.uint8Array({ minLength: 1, maxLength: 400 });
const { publicKey } = statementSignerOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);

describe('certificates in PEM', () => {
  it('are read as they were written, among other text', () => {
    fc.assert(
      fc.property(fc.array(der, { maxLength: 5 }), (certificates) => {
        const pem = formatCertificates(certificates);
        expect(readCertificates(utf8(pem))).toEqual(certificates);
        const key = formatPublicKeyPem(publicKey);
        expect(readCertificates(utf8(`a note\n${pem.replaceAll('\n', '\r\n')}${key}`))).toEqual(certificates);
      }),
    );
  });

  it('are none in anything else', () => {
    const text = fc.array(
      fc.constantFrom('-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', '\n', 'AAAA', '=', '-----'),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          text.map((words) => utf8(words.join(''))),
        ),
        (bytes) => {
          expect(Array.isArray(readCertificates(bytes))).toBe(true);
        },
      ),
    );
    expect(readCertificates(new Uint8Array(1_000_001))).toEqual([]);
  });

  it('takes time in proportion to what is read', () => {
    const begin = '-----BEGIN CERTIFICATE-----\nA';
    const hostile = utf8(begin.repeat(Math.floor(1_000_000 / begin.length)));
    const started = process.cpuUsage();
    expect(readCertificates(hostile)).toEqual([]);
    expect(readCertificates(utf8(`${begin}${'A'.repeat(999_000)}`))).toEqual([]);
    // Quadratic matching of a megabyte would take minutes.
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(10);
  });
});

describe('readPublicKey', () => {
  it('reads what openssl writes, and one key only', () => {
    const pem = formatPublicKeyPem(publicKey);
    expect(readPublicKey(utf8(pem))).toEqual(publicKey);
    expect(() => readPublicKey(utf8(pem + pem))).toThrow('not a PEM file of one public key');
    expect(() => readPublicKey(utf8(''))).toThrow('not a PEM file of one public key');
  });

  it('refuses anything else with one kind of error', () => {
    const pem = utf8(formatPublicKeyPem(publicKey));
    fc.assert(
      fc.property(fc.nat({ max: 8 * pem.length - 1 }), (bit) => {
        const changed = pem.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        try {
          const read = readPublicKey(changed);
          expect(read.length).toBe(publicKey.length);
        } catch (error) {
          expect(PhalanxError.is(error, 'ATTESTATION_KEY')).toBe(true);
        }
      }),
    );
  });
});
