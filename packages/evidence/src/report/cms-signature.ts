import { createHash, timingSafeEqual } from 'node:crypto';
import type { StatementSigner } from '@phalanx/attestation';
import { PhalanxError } from '@phalanx/core';
import * as asn1js from 'asn1js';
import {
  AlgorithmIdentifier,
  Attribute,
  ContentInfo,
  EncapsulatedContentInfo,
  IssuerAndSerialNumber,
  SignedAndUnsignedAttributes,
  SignedData,
  SignerInfo,
  TimeStampResp,
  TSTInfo,
} from 'pkijs';
import type { ReportErrorCode } from './report-error.js';
import { parseCertificate, toArrayBuffer } from './signing-certificate.js';

const OID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  timeStampToken: '1.2.840.113549.1.9.16.2.14',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  sha256: '2.16.840.1.101.3.4.2.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;

/** Gets a timestamp of some bytes: an RFC 3161 response, or the token in it, DER; see `requestTimestamp`. */
export type TimestampSource = (message: Uint8Array) => Promise<Uint8Array>;

/**
 * A detached CMS signature (RFC 5652) as CAdES wants it for PDF (ETSI EN 319 142-1): signed are content type, digest and
 * the signing certificate (RFC 5035); the time is not, since the PDF itself tells it. With a timestamp over the signature
 * as an unsigned attribute it is a PAdES B-T signature, else B-B.
 *
 * @param certificates DER, that of the signer first
 * @throws PhalanxError `REPORT_TIMESTAMP` when the authority refuses or stamps something else
 */
export async function signCms(
  content: Uint8Array,
  key: StatementSigner,
  certificates: readonly Uint8Array[],
  timestamp: TimestampSource | null,
): Promise<Uint8Array> {
  const own = parseCertificate(certificates[0] ?? new Uint8Array());
  const signedAttrs = new SignedAndUnsignedAttributes({
    type: 0,
    attributes: sortAsSet([
      attribute(OID.contentType, new asn1js.ObjectIdentifier({ value: OID.data })),
      attribute(OID.messageDigest, octets(sha256(content))),
      attribute(OID.signingCertificateV2, signingCertificate(certificates[0]!)),
    ]),
  });
  // What is signed is the SET OF, not the implicit tag under which it travels (RFC 5652, 5.4).
  const encoded = new Uint8Array(signedAttrs.toSchema().toBER(false));
  const message = new Uint8Array(encoded);
  message[0] = 0x31;
  const signature = await key.sign(message);
  const signer = new SignerInfo({
    version: 1,
    sid: new IssuerAndSerialNumber({ issuer: own.issuer, serialNumber: own.serialNumber }),
    digestAlgorithm: new AlgorithmIdentifier({ algorithmId: OID.sha256 }),
    signedAttrs,
    signatureAlgorithm: new AlgorithmIdentifier({ algorithmId: OID.ecdsaWithSha256 }),
    signature: octets(signature),
  });
  if (timestamp !== null)
    signer.unsignedAttrs = new SignedAndUnsignedAttributes({
      type: 1,
      attributes: [attribute(OID.timeStampToken, await stamp(signature, timestamp))],
    });
  const signed = new SignedData({
    version: 1,
    digestAlgorithms: [new AlgorithmIdentifier({ algorithmId: OID.sha256 })],
    encapContentInfo: new EncapsulatedContentInfo({ eContentType: OID.data }),
    certificates: certificates.map(parseCertificate),
    signerInfos: [signer],
  });
  const info = new ContentInfo({ contentType: OID.signedData, content: signed.toSchema(true) });
  return new Uint8Array(info.toSchema().toBER(false));
}

/** ESS signing-certificate-v2 with the SHA-256 that is its default, so that no algorithm is named (RFC 5035, 4). */
function signingCertificate(certificate: Uint8Array): asn1js.Sequence {
  const essCertIdV2 = new asn1js.Sequence({ value: [octets(sha256(certificate))] });
  return new asn1js.Sequence({ value: [new asn1js.Sequence({ value: [essCertIdV2] })] });
}

async function stamp(signature: Uint8Array, source: TimestampSource): Promise<asn1js.BaseBlock> {
  const imprint = sha256(signature);
  const { result } = asn1js.fromBER(toArrayBuffer(await source(signature)));
  const token = readToken(result);
  if (token === null) throw refuse('the timestamp authority gave no token');
  if (token.imprint.length !== imprint.length || !timingSafeEqual(token.imprint, imprint))
    throw refuse('the timestamp is about something else than this signature');
  return token.block;
}

/** The token of a response, or the token itself, with the hash that it stamps; null when it is neither. */
function readToken(result: asn1js.BaseBlock): { block: asn1js.BaseBlock; imprint: Uint8Array } | null {
  try {
    const first = result instanceof asn1js.Sequence ? result.valueBlock.value[0] : undefined;
    const info =
      first instanceof asn1js.ObjectIdentifier
        ? new ContentInfo({ schema: result })
        : new TimeStampResp({ schema: result }).timeStampToken;
    if (info === undefined) return null;
    const { eContent } = new SignedData({ schema: info.content }).encapContentInfo;
    if (eContent === undefined) return null;
    const stamped = TSTInfo.fromBER(toArrayBuffer(new Uint8Array(eContent.getValue())));
    return {
      block: info.toSchema() as asn1js.BaseBlock,
      imprint: new Uint8Array(stamped.messageImprint.hashedMessage.valueBlock.valueHexView),
    };
  } catch {
    return null;
  }
}

function attribute(type: string, value: asn1js.BaseBlock): Attribute {
  return new Attribute({ type, values: [value] });
}

/** DER orders the elements of a SET OF by their encoding (X.690, 11.6). */
function sortAsSet(attributes: Attribute[]): Attribute[] {
  return attributes
    .map((one) => ({ one, der: Buffer.from(one.toSchema().toBER(false)) }))
    .sort((a, b) => Buffer.compare(a.der, b.der))
    .map(({ one }) => one);
}

function octets(bytes: Uint8Array): asn1js.OctetString {
  return new asn1js.OctetString({ valueHex: toArrayBuffer(bytes) });
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

function refuse(message: string): PhalanxError<ReportErrorCode> {
  return new PhalanxError<ReportErrorCode>('REPORT_TIMESTAMP', message);
}
