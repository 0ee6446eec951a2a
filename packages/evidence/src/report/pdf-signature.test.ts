import { createHash, createPublicKey, generateKeyPairSync, verify, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { statementSignerOf } from '@phalanx/attestation';
import { issueCertificate, makeToken } from '@phalanx/attestation/test-authority';
import { DAY_MS, PhalanxError, toHex, utf8 } from '@phalanx/core';
import * as asn1js from 'asn1js';
import { PDFDict, PDFDocument, PDFName, PDFString } from 'pdf-lib';
import { ContentInfo, SignedData, type SignerInfo } from 'pkijs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PdfSigning } from './pdf-signature.js';
import { signPdf } from './pdf-signature.js';
import { renderReportPdf } from './report-pdf.js';
import { makeSampleCaseFile } from './sample-case-file.test.support.js';
import { makeSigningCertificate, toArrayBuffer } from './signing-certificate.js';

const START = Date.UTC(2026, 1, 21);
const SUBJECT = { organisation: 'Example Models, Inc.', person: 'A. Analyst', role: 'Head of forensics' };
const VALIDITY = { notBeforeMs: START, notAfterMs: START + 365 * DAY_MS };

function makeKey() {
  return statementSignerOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

let pdf: Uint8Array;
let signing: PdfSigning;

beforeAll(async () => {
  pdf = await renderReportPdf(makeSampleCaseFile(8), utf8('manifest\n'));
  const key = makeKey();
  const certificate = await makeSigningCertificate(key, { subject: SUBJECT, ...VALIDITY }, null);
  signing = {
    key,
    certificates: [certificate],
    signedAtMs: START + DAY_MS,
    name: 'A. Analyst',
    reason: 'Evidence report, case 2026-0017',
    timestamp: null,
  };
});

/** What a reader of PDF takes out: the signed bytes and the signature. */
function openSignature(signed: Uint8Array): { content: Uint8Array; signer: SignerInfo } {
  const text = Buffer.from(signed).toString('latin1');
  const range = /\/ByteRange \[(\d+) (\d+) (\d+) (\d+)\s*\]/.exec(text)!.slice(1).map(Number);
  const [start, length, next, rest] = range as [number, number, number, number];
  expect([start, next + rest]).toEqual([0, signed.length]);
  const hex = text.slice(length + 1, next - 1);
  const { result } = asn1js.fromBER(new Uint8Array(Buffer.from(hex, 'hex')).buffer);
  const data = new SignedData({ schema: new ContentInfo({ schema: result }).content });
  const content = Buffer.concat([signed.subarray(start, length), signed.subarray(next)]);
  return { content: new Uint8Array(content), signer: data.signerInfos[0]! };
}

function attributeOf(signer: SignerInfo, type: string): asn1js.BaseBlock {
  return signer.signedAttrs!.attributes.find((one) => one.type === type)!.values[0] as asn1js.BaseBlock;
}

describe('a signed PDF', () => {
  it('signs all of its bytes, the certificate and no time', async () => {
    const signed = await signPdf(pdf, signing);
    if (process.env.PHALANX_SCREENSHOTS)
      writeFileSync(join(process.env.PHALANX_SCREENSHOTS, 'evidence-signed.pdf'), signed);
    const { content, signer } = openSignature(signed);
    expect(signer.signedAttrs!.attributes.map((one) => one.type).sort()).toEqual([
      '1.2.840.113549.1.9.16.2.47',
      '1.2.840.113549.1.9.3',
      '1.2.840.113549.1.9.4',
    ]);
    const digest = attributeOf(signer, '1.2.840.113549.1.9.4') as asn1js.OctetString;
    expect(Buffer.from(digest.valueBlock.valueHexView)).toEqual(
      createHash('sha256').update(content).digest(),
    );
    const ess = Buffer.from(attributeOf(signer, '1.2.840.113549.1.9.16.2.47').toBER(false));
    expect(ess.includes(createHash('sha256').update(signing.certificates[0]!).digest())).toBe(true);
    const attributes = Buffer.from(signer.signedAttrs!.encodedValue);
    attributes[0] = 0x31;
    const key = createPublicKey({ key: Buffer.from(signing.key.publicKey), format: 'der', type: 'spki' });
    expect(verify('sha256', attributes, key, signer.signature.valueBlock.valueHexView)).toBe(true);
  });

  it('names who signed, when and why', async () => {
    const text = Buffer.from(await signPdf(pdf, signing)).toString('latin1');
    expect(text).toContain('/SubFilter /ETSI.CAdES.detached');
    expect(text).toContain('(A. Analyst)');
    expect(text).toContain('(D:20260222000000Z)');
  });

  it('does not let a name or a reason break out of its string', async () => {
    const name = 'a) /ByteRange [0 0 0 0] (\\ é б\u202E';
    const signed = await signPdf(pdf, { ...signing, name, reason: name });
    const { content, signer } = openSignature(signed);
    const digest = attributeOf(signer, '1.2.840.113549.1.9.4') as asn1js.OctetString;
    expect(Buffer.from(digest.valueBlock.valueHexView)).toEqual(
      createHash('sha256').update(content).digest(),
    );
    const document = await PDFDocument.load(signed);
    const read = document.context
      .enumerateIndirectObjects()
      .map(([, object]) => object)
      .filter((object) => object instanceof PDFDict)
      .map((dict) => dict.lookup(PDFName.of('Reason')))
      .filter((reason) => reason instanceof PDFString)
      .map((reason) => reason.decodeText());
    expect(read).toEqual(['a) /ByteRange [0 0 0 0] (\\ é \\u{431}\\u{202e}']);
  });

  it('says when certificates leave no room', async () => {
    const certificates = Array.from({ length: 40 }, () => signing.certificates[0]!);
    await expect(signPdf(pdf, { ...signing, certificates })).rejects.toSatisfy((error) =>
      PhalanxError.is(error, 'REPORT_PDF'),
    );
  });

  it('carries a timestamp over the signature, and refuses one over anything else', async () => {
    const authority = await issueCertificate('TSA', await issueCertificate('TSA root', null));
    const signed = await signPdf(pdf, {
      ...signing,
      timestamp: async (message) => makeToken(message, authority, { embedded: [authority.der] }),
    });
    if (process.env.PHALANX_SCREENSHOTS)
      writeFileSync(join(process.env.PHALANX_SCREENSHOTS, 'evidence-stamped.pdf'), signed);
    const { signer } = openSignature(signed);
    expect(signer.unsignedAttrs!.attributes.map((one) => one.type)).toEqual(['1.2.840.113549.1.9.16.2.14']);
    for (const timestamp of [
      async () => makeToken(utf8('something else'), authority),
      async () => Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x02),
      async () => utf8('no token'),
    ])
      await expect(signPdf(pdf, { ...signing, timestamp })).rejects.toSatisfy((error) =>
        PhalanxError.is(error, 'REPORT_TIMESTAMP'),
      );
  });

  it('refuses what is no PDF, what is signed, and a certificate for another key', async () => {
    const refused = async (bytes: Uint8Array, options: PdfSigning, errorCode: string) =>
      expect(signPdf(bytes, options)).rejects.toSatisfy((error) => PhalanxError.is(error, errorCode));
    await refused(utf8('no PDF'), signing, 'REPORT_PDF');
    await refused(await signPdf(pdf, signing), signing, 'REPORT_PDF');
    await refused(pdf, { ...signing, key: makeKey() }, 'REPORT_CERTIFICATE');
    await refused(pdf, { ...signing, certificates: [] }, 'REPORT_CERTIFICATE');
    await refused(pdf, { ...signing, certificates: [utf8('none')] }, 'REPORT_CERTIFICATE');
  });
});

describe('a signing certificate', () => {
  it('is of the subject, for signatures only, verified by its own key', () => {
    const certificate = new X509Certificate(signing.certificates[0]!);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.subject).toBe('O=Example Models\\, Inc.\ntitle=Head of forensics\nCN=A. Analyst');
    // Key usage, critical: digitalSignature, one byte with seven unused bits.
    expect(toHex(certificate.raw)).toContain('0603551d0f0101ff040403020780');
    expect(new Date(certificate.validFrom).getTime()).toBe(START);
  });

  it('can be by an authority, and run beyond 2050', async () => {
    const root = await issueCertificate('Lab CA', null);
    const issuer = { certificate: root.der, key: statementSignerOf(root.key) };
    const key = makeKey();
    const notAfterMs = Date.UTC(2060, 0, 1);
    const der = await makeSigningCertificate(
      key,
      { subject: { ...SUBJECT, person: null }, notBeforeMs: START, notAfterMs },
      issuer,
    );
    const certificate = new X509Certificate(der);
    const parent = new X509Certificate(root.der);
    expect(certificate.verify(parent.publicKey)).toBe(true);
    expect(certificate.checkIssued(parent)).toBe(true);
    expect(new Date(certificate.validTo).getTime()).toBe(notAfterMs);
    const wrong = { ...issuer, key };
    await expect(makeSigningCertificate(key, { subject: SUBJECT, ...VALIDITY }, wrong)).rejects.toSatisfy(
      (error) => PhalanxError.is(error, 'REPORT_CERTIFICATE'),
    );
  });

  it('cuts long names, takes any letters, and refuses times out of order', async () => {
    const key = makeKey();
    const long = { organisation: '契'.repeat(100), person: 'é"\\,=\u0000', role: 'x' };
    const der = await makeSigningCertificate(key, { subject: long, ...VALIDITY }, null);
    expect(new X509Certificate(der).subject).toContain('契'.repeat(64));
    const backwards = { subject: SUBJECT, notBeforeMs: START, notAfterMs: START };
    await expect(makeSigningCertificate(key, backwards, null)).rejects.toSatisfy((error) =>
      PhalanxError.is(error, 'REPORT_CERTIFICATE'),
    );
    expect(toArrayBuffer(der).byteLength).toBe(der.byteLength);
  });
});
