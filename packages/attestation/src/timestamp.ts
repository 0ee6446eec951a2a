import { createHash, verify } from 'node:crypto';
import { PhalanxError, type PhalanxErrorOptions, toHex } from '@phalanx/core';
import * as asn1js from 'asn1js';
import {
  type AlgorithmIdentifier,
  type Attribute,
  ContentInfo,
  SignedData,
  type SignerInfo,
  TSTInfo,
} from 'pkijs';
import type { AttestationErrorCode } from './attestation-error.js';
import { findTsaPath, isSame, type ReadCertificate, readCertificate } from './certificate-path.js';
import { isDer } from './der.js';

/** What a time stamp says, once it is verified. */
export interface VerifiedTimestamp {
  /** Milliseconds since 1970 at which the bytes were there. */
  readonly timeMs: number;
  /** How far off that may be, in milliseconds; null when the authority does not say. */
  readonly accuracyMs: number | null;
  /** Number that the authority gave it, hexadecimal. */
  readonly serial: string;
  /** Object identifier of the policy under which it was given. */
  readonly policy: string;
  /** Subject of the authority's certificate, one attribute a line. */
  readonly authority: string;
}

/** What a time stamp is verified against. */
export interface TimestampTrust {
  /**
   * Certificates of the authority in DER, in any order: the self-signed one at least, the others unless the stamp holds them. One that
   * the stamp holds besides must be listed here or be part of the path.
   */
  readonly certificates: readonly Uint8Array[];
  /** That the request held; null or absent when it is not known. */
  readonly nonce?: Uint8Array | null;
}

const MAX_BYTES = 64_000;
const MAX_CERTIFICATES = 16;
/** `PKIStatusInfo` of `granted`, without a text, which nobody signs. */
const GRANTED = Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x00);

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const SHA256 = '2.16.840.1.101.3.4.2.1';
const DIGESTS: Readonly<Record<string, string>> = {
  [SHA256]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const RSA = '1.2.840.113549.1.1.1';
/** Signature algorithms with the digest that they name; plain RSA names none. */
const SIGNATURES: Readonly<Record<string, { readonly key: string; readonly digest: string | null }>> = {
  [RSA]: { key: 'rsa', digest: null },
  '1.2.840.113549.1.1.11': { key: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.3.2': { key: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', digest: 'sha512' },
};

/**
 * Verifies an RFC 3161 time stamp of some bytes, offline. Stricter than `openssl ts -verify` where bytes are signed by nobody: the
 * status is plain `granted`, the whole is DER, and there are no certificates, lists or attributes but those that are needed.
 *
 * Certificates must have been valid at the time that the stamp states; what is known of them since is not looked up.
 *
 * @param response DER of a `TimeStampResp`, as `normaliseResponse` leaves it
 * @throws PhalanxError `ATTESTATION_TIMESTAMP`
 */
export function verifyTimestamp(
  response: Uint8Array,
  message: Uint8Array,
  trust: TimestampTrust,
): VerifiedTimestamp {
  const token = tokenOf(response);
  if (Buffer.compare(response, wrapToken(token)) !== 0)
    throw timestampError('its status is not plain granted');
  try {
    return verifyToken(token, message, trust);
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    throw timestampError('it is malformed', { cause });
  }
}

/**
 * The response without the text that an authority may send beside the status.
 *
 * @throws PhalanxError `ATTESTATION_TIMESTAMP` when it holds no token
 */
export function normaliseResponse(response: Uint8Array): Uint8Array {
  return wrapToken(tokenOf(response));
}

/** The token in a response: the second member of its sequence. */
function tokenOf(response: Uint8Array): Uint8Array {
  if (response.length > MAX_BYTES) throw timestampError(`${response.length} bytes, more than ${MAX_BYTES}`);
  if (!isDer(response)) throw timestampError('it is not DER');
  const [status, token, ...rest] = membersOf(parseBer(response));
  const [code] = membersOf(status);
  if (!(code instanceof asn1js.Integer)) throw timestampError('it has no status');
  const value = code.valueBlock.valueDec;
  if (value !== 0 && value !== 1) throw timestampError(`the authority refused with status ${value}`);
  if (token === undefined || rest.length > 0) throw timestampError('it holds no token');
  return rawOf(token);
}

/** asn1js throws errors of its own, as for a time whose digits are none. */
function parseBer(bytes: Uint8Array): asn1js.AsnType {
  try {
    return asn1js.fromBER(new Uint8Array(bytes)).result;
  } catch (cause) {
    throw timestampError('it is malformed', { cause });
  }
}

function wrapToken(token: Uint8Array): Uint8Array {
  const length = GRANTED.length + token.length;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Uint8Array.from([0x30, ...head, ...GRANTED, ...token]);
}

function verifyToken(token: Uint8Array, message: Uint8Array, trust: TimestampTrust): VerifiedTimestamp {
  const content = ContentInfo.fromBER(new Uint8Array(token));
  if (content.contentType !== SIGNED_DATA) throw timestampError('it is not signed data');
  const signed = new SignedData({ schema: content.content });
  const { eContentType, eContent } = signed.encapContentInfo;
  if (signed.version !== 3 || eContentType !== TST_INFO || eContent === undefined)
    throw timestampError('what is signed is no time stamp');
  if (signed.crls !== undefined && signed.crls.length > 0) throw timestampError('it holds revocation lists');
  const [signer, ...moreSigners] = signed.signerInfos;
  if (signer === undefined || moreSigners.length > 0) throw timestampError('it has not one signer');
  const inner = new Uint8Array(eContent.getValue());
  const digest = readDigest(signer.digestAlgorithm);
  const [listed, ...moreListed] = signed.digestAlgorithms.map(readDigest);
  if (listed !== digest || moreListed.length > 0) throw timestampError('it lists other digests than it uses');

  const { embedded, trusted } = readCertificates(content.content, trust.certificates);
  const known = [...embedded, ...trusted];
  const certificate = findSigner(signer, known);
  checkAttributes(signer, inner, digest, certificate);
  checkSignature(signer, digest, certificate);

  const info = readInfo(inner);
  checkImprint(info, message);
  checkNonce(info, trust.nonce ?? null);
  const timeMs = info.genTime.getTime();
  const path = findTsaPath(certificate, trusted, embedded, timeMs);
  if (path === null)
    throw timestampError('no path leads from its certificate to a trusted one that was valid then', {
      advice: 'Get the certificates of the authority from the authority itself.',
    });
  if (embedded.some((one) => ![...path, ...trusted].some((other) => isSame(one, other))))
    throw timestampError('it holds a certificate that is not needed', {
      advice: 'When it is of the authority, list it among the trusted ones.',
    });
  return {
    timeMs,
    accuracyMs: readAccuracy(info),
    serial: toHex(info.serialNumber.valueBlock.valueHexView),
    policy: info.policy,
    authority: certificate.x509.subject,
  };
}

function readCertificates(
  signedData: asn1js.AsnType,
  listed: readonly Uint8Array[],
): { embedded: ReadCertificate[]; trusted: ReadCertificate[] } {
  const read = (der: Uint8Array): ReadCertificate => {
    const certificate = readCertificate(der);
    if (certificate === null) throw timestampError('a certificate is malformed');
    return certificate;
  };
  const set = membersOf(signedData).find(({ idBlock }) => idBlock.tagClass === 3 && idBlock.tagNumber === 0);
  const embedded = set === undefined ? [] : membersOf(set).map(rawOf);
  if (embedded.length > MAX_CERTIFICATES || listed.length > MAX_CERTIFICATES)
    throw timestampError(`more than ${MAX_CERTIFICATES} certificates`);
  return { embedded: embedded.map(read), trusted: listed.map(read) };
}

/** The certificate that the signature names by issuer and serial number. */
function findSigner({ sid, version }: SignerInfo, known: readonly ReadCertificate[]): ReadCertificate {
  const [issuer, serial] = membersOf(sid?.toSchema());
  if (version !== 1 || !(serial instanceof asn1js.Integer)) throw timestampError('it names no certificate');
  const found = known.find(
    ({ parsed }) =>
      Buffer.compare(derOf(parsed.issuer.toSchema()), derOf(issuer!)) === 0 &&
      Buffer.compare(derOf(parsed.serialNumber), derOf(serial)) === 0,
  );
  if (found === undefined) throw timestampError('the certificate that signed it is not known');
  return found;
}

/** What a signer must have signed besides (RFC 3161 section 2.4.2, RFC 5816): what, of which type, and under which certificate. */
function checkAttributes(
  { signedAttrs, unsignedAttrs }: SignerInfo,
  inner: Uint8Array,
  digest: string,
  { der }: ReadCertificate,
): void {
  if (unsignedAttrs !== undefined) throw timestampError('it has attributes that nobody signed');
  const attributes = signedAttrs?.attributes ?? [];
  const type = singleValueOf(attributes, CONTENT_TYPE);
  if (!(type instanceof asn1js.ObjectIdentifier) || type.getValue() !== TST_INFO)
    throw timestampError('its content is signed as something else');
  const hash = singleValueOf(attributes, MESSAGE_DIGEST);
  if (!(hash instanceof asn1js.OctetString) || !isHashOf(inner, digest, hash))
    throw timestampError('its content is not what was signed');
  const [list] = membersOf(singleValueOf(attributes, SIGNING_CERTIFICATE_V2));
  const [first] = membersOf(list);
  const parts = membersOf(first);
  const [algorithm] = parts[0] instanceof asn1js.Sequence ? membersOf(parts.shift()) : [];
  const certDigest = algorithm === undefined ? 'sha256' : DIGESTS[oidOf(algorithm)];
  const [certHash] = parts;
  if (
    certDigest === undefined ||
    !(certHash instanceof asn1js.OctetString) ||
    !isHashOf(der, certDigest, certHash)
  )
    throw timestampError('it is signed under another certificate');
}

function checkSignature(
  { signedAttrs, signatureAlgorithm, signature }: SignerInfo,
  digest: string,
  { x509 }: ReadCertificate,
): void {
  const algorithm = SIGNATURES[signatureAlgorithm.algorithmId];
  const { publicKey } = x509;
  if (
    algorithm === undefined ||
    !hasNoParameters(signatureAlgorithm) ||
    algorithm.key !== publicKey.asymmetricKeyType ||
    (algorithm.digest ?? digest) !== digest
  )
    throw timestampError('it is signed with an algorithm that is not used here');
  // The parser keeps the signed bytes and puts the tag of a set in front, as RFC 5652 section 5.4 asks.
  const bytes = new Uint8Array(signedAttrs!.encodedValue);
  if (!verify(digest, bytes, publicKey, new Uint8Array(signature.getValue())))
    throw timestampError('its signature does not verify');
}

function readInfo(inner: Uint8Array): TSTInfo {
  if (!isDer(inner)) throw timestampError('its content is not DER');
  const info = TSTInfo.fromBER(new Uint8Array(inner));
  if (info.version !== 1 || Number.isNaN(info.genTime.getTime()))
    throw timestampError('its content is malformed');
  if (info.extensions?.some(({ critical }) => critical)) throw timestampError('it has a critical extension');
  return info;
}

function checkImprint({ messageImprint }: TSTInfo, message: Uint8Array): void {
  const { hashAlgorithm, hashedMessage } = messageImprint;
  if (readDigest(hashAlgorithm) !== 'sha256') throw timestampError('it is not about a SHA-256 hash');
  if (!isHashOf(message, 'sha256', hashedMessage)) throw timestampError('it is about other bytes');
}

function checkNonce({ nonce }: TSTInfo, asked: Uint8Array | null): void {
  if (asked === null) return;
  const found = nonce?.valueBlock.valueHexView;
  if (found === undefined || Buffer.compare(found, asked) !== 0)
    throw timestampError('it answers another request');
}

function readAccuracy({ accuracy }: TSTInfo): number | null {
  if (accuracy === undefined) return null;
  const { seconds = 0, millis = 0, micros = 0 } = accuracy;
  return seconds * 1000 + millis + micros / 1000;
}

function readDigest(algorithm: AlgorithmIdentifier): string {
  const digest = DIGESTS[algorithm.algorithmId];
  if (digest === undefined || !hasNoParameters(algorithm))
    throw timestampError('it uses a digest that is not used here');
  return digest;
}

function hasNoParameters({ algorithmParams }: AlgorithmIdentifier): boolean {
  return algorithmParams === undefined || algorithmParams instanceof asn1js.Null;
}

/** The one value of an attribute; undefined when there are none or several. */
function singleValueOf(attributes: readonly Attribute[], type: string): asn1js.AsnType | undefined {
  const [attribute, ...more] = attributes.filter((one) => one.type === type);
  return more.length === 0 && attribute?.values.length === 1 ? attribute.values[0] : undefined;
}

function isHashOf(bytes: Uint8Array, digest: string, hash: asn1js.OctetString): boolean {
  return Buffer.compare(createHash(digest).update(bytes).digest(), new Uint8Array(hash.getValue())) === 0;
}

function oidOf(value: asn1js.AsnType): string {
  return value instanceof asn1js.ObjectIdentifier ? value.getValue() : '';
}

/** Members of a constructed value; none for anything else. */
function membersOf(value: unknown): asn1js.AsnType[] {
  return value instanceof asn1js.Constructed ? [...value.valueBlock.value] : [];
}

function rawOf(value: asn1js.AsnType): Uint8Array {
  return value.valueBeforeDecodeView.slice();
}

function derOf(value: asn1js.AsnType): Uint8Array {
  return new Uint8Array(value.toBER());
}

function timestampError(what: string, options: PhalanxErrorOptions = {}): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_TIMESTAMP', `the time stamp cannot be used: ${what}`, options);
}
