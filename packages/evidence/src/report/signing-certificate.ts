import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import type { StatementSigner } from '@phalanx/attestation';
import { LAST_MS, PhalanxError } from '@phalanx/core';
import * as asn1js from 'asn1js';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  PublicKeyInfo,
  RelativeDistinguishedNames,
  Time,
} from 'pkijs';
import type { ReportErrorCode } from './report-error.js';

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  title: '2.5.4.12',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
} as const;

/** RFC 5280, appendix A: upper bounds of common name, organisation and title. */
const MAX_NAME = 64;
const SERIAL_BYTES = 16;
/** From 2050 on a certificate writes the year with four digits (RFC 5280, 4.1.2.5). */
const GENERALIZED_FROM_MS = Date.UTC(2050, 0, 1);

export interface CertificateRequest {
  /** Who signs: shown by every reader of PDF. Longer names are cut to 64 letters. */
  readonly subject: { readonly organisation: string; readonly person: string | null; readonly role: string };
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A certificate authority of the laboratory: its certificate (DER) and its P-256 key. */
export interface CertificateIssuer {
  readonly certificate: Uint8Array;
  readonly key: StatementSigner;
}

/**
 * An X.509 certificate (DER) for signing documents with `key`: key usage digitalSignature, no authority. Self-signed
 * without an issuer; then whoever checks must have it from elsewhere, and readers of PDF say that the issuer is unknown.
 * The serial number is random. There is no extended key usage: pdfsig of poppler 22.12 calls a certificate with
 * documentSigning (RFC 9336) alone corrupted.
 *
 * @throws PhalanxError `REPORT_CERTIFICATE` for times out of order, or an issuer whose key is not that of its certificate
 */
export async function makeSigningCertificate(
  key: StatementSigner,
  request: CertificateRequest,
  issuer: CertificateIssuer | null,
): Promise<Uint8Array> {
  const { notBeforeMs, notAfterMs } = request;
  if (!(notBeforeMs >= 0 && notBeforeMs < notAfterMs && notAfterMs <= LAST_MS))
    throw refuse('the validity of a certificate must end after it begins');
  const authority = issuer === null ? null : parseCertificate(issuer.certificate);
  if (issuer !== null && !holdsKey(issuer.certificate, issuer.key))
    throw refuse('the issuer’s key is not that of its certificate');
  const certificate = new Certificate();
  certificate.version = 2;
  certificate.serialNumber = new asn1js.Integer({ valueHex: toArrayBuffer(makeSerial()) });
  certificate.notBefore = timeOf(notBeforeMs);
  certificate.notAfter = timeOf(notAfterMs);
  certificate.subject = nameOf(request.subject);
  certificate.issuer = authority === null ? certificate.subject : authority.subject;
  certificate.subjectPublicKeyInfo = PublicKeyInfo.fromBER(toArrayBuffer(key.publicKey));
  const algorithm = new AlgorithmIdentifier({ algorithmId: OID.ecdsaWithSha256 });
  certificate.signature = algorithm;
  certificate.signatureAlgorithm = algorithm;
  const keyId = keyIdOf(certificate);
  certificate.extensions = [
    extension(OID.basicConstraints, true, new BasicConstraints({ cA: false }).toSchema()),
    // Bit 0, digitalSignature: one byte with seven unused bits.
    extension(
      OID.keyUsage,
      true,
      new asn1js.BitString({ valueHex: new Uint8Array([0x80]).buffer, unusedBits: 7 }),
    ),
    extension(OID.subjectKeyIdentifier, false, new asn1js.OctetString({ valueHex: keyId })),
    extension(
      OID.authorityKeyIdentifier,
      false,
      new AuthorityKeyIdentifier({
        keyIdentifier: new asn1js.OctetString({
          valueHex: authority === null ? keyId : (readKeyId(authority) ?? keyIdOf(authority)),
        }),
      }).toSchema(),
    ),
  ];
  const signed = certificate.encodeTBS();
  certificate.tbsView = new Uint8Array(signed.toBER(false));
  const signature = await (issuer?.key ?? key).sign(certificate.tbsView);
  certificate.signatureValue = new asn1js.BitString({ valueHex: toArrayBuffer(signature) });
  return new Uint8Array(certificate.toSchema(true).toBER(false));
}

/**
 * A certificate read from DER.
 *
 * @throws PhalanxError `REPORT_CERTIFICATE` when it is none
 */
export function parseCertificate(der: Uint8Array): Certificate {
  try {
    return Certificate.fromBER(toArrayBuffer(der));
  } catch (cause) {
    throw refuse('not an X.509 certificate in DER', cause);
  }
}

/** Whether a certificate (DER) is for this key. */
export function holdsKey(certificate: Uint8Array, key: StatementSigner): boolean {
  try {
    const { publicKey } = new X509Certificate(certificate);
    return publicKey.export({ format: 'der', type: 'spki' }).equals(key.publicKey);
  } catch (cause) {
    throw refuse('not an X.509 certificate in DER', cause);
  }
}

/** A copy that owns its buffer, as the ASN.1 library asks. */
export function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** Positive, and never with a leading zero byte that DER would drop. */
function makeSerial(): Uint8Array {
  const serial = new Uint8Array(randomBytes(SERIAL_BYTES));
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial;
}

function timeOf(atMs: number): Time {
  return new Time({ type: atMs < GENERALIZED_FROM_MS ? 0 : 1, value: new Date(atMs) });
}

/** Each attribute in a set of its own: written from its parts, the library would put all into one. */
function nameOf(subject: CertificateRequest['subject']): RelativeDistinguishedNames {
  const { organisation, person, role } = subject;
  const attribute = (type: string, text: string) =>
    new asn1js.Set({
      value: [
        new AttributeTypeAndValue({
          type,
          value: new asn1js.Utf8String({ value: [...text].slice(0, MAX_NAME).join('') }),
        }).toSchema(),
      ],
    });
  const name = new asn1js.Sequence({
    value: [
      attribute(OID.organization, organisation),
      ...(person === null ? [] : [attribute(OID.title, role)]),
      attribute(OID.commonName, person ?? role),
    ],
  });
  return RelativeDistinguishedNames.fromBER(name.toBER(false));
}

/** RFC 7093, method 1: the leftmost 160 bits of the SHA-256 of the key. */
function keyIdOf(certificate: Certificate): ArrayBuffer {
  const key = certificate.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView;
  return toArrayBuffer(createHash('sha256').update(key).digest().subarray(0, 20));
}

function readKeyId(certificate: Certificate): ArrayBuffer | null {
  const found = certificate.extensions?.find(({ extnID }) => extnID === OID.subjectKeyIdentifier);
  const value: unknown = found?.parsedValue;
  return value instanceof asn1js.OctetString ? toArrayBuffer(value.valueBlock.valueHexView) : null;
}

function extension(
  extnID: string,
  critical: boolean,
  value: { toBER(sizeOnly: boolean): ArrayBuffer },
): Extension {
  return new Extension({ extnID, critical, extnValue: value.toBER(false) });
}

function refuse(message: string, cause?: unknown): PhalanxError<ReportErrorCode> {
  return new PhalanxError<ReportErrorCode>('REPORT_CERTIFICATE', message, { cause });
}
