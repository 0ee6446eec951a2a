import { X509Certificate } from 'node:crypto';
import * as asn1js from 'asn1js';
import { BasicConstraints, Certificate, ExtKeyUsage } from 'pkijs';
import { isDer } from './der.js';

/** A certificate as read, with the raw parts that a time stamp refers to. */
export interface ReadCertificate {
  readonly der: Uint8Array;
  readonly x509: X509Certificate;
  readonly parsed: Certificate;
}

const MAX_BYTES = 20_000;
/** More than any authority has. */
const MAX_PATH = 8;
/** Certificates made to issue one another have more paths than can be walked. */
const MAX_TRIES = 200;

const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
const EXT_KEY_USAGE = '2.5.29.37';
const CERTIFICATE_POLICIES = '2.5.29.32';
/** Purposes of a certificate (RFC 5280 section 4.2.1.12). */
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const ANY_USAGE = '2.5.29.37.0';
/** Who the holder is: critical where the subject is empty, and read by nobody here. */
const SUBJECT_NAMES = '2.5.29.17';
const UNDERSTOOD = new Set([BASIC_CONSTRAINTS, KEY_USAGE, EXT_KEY_USAGE, CERTIFICATE_POLICIES]);
const SIGNATURES = new Set([
  ...['1.2.840.113549.1.1.11', '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13'], // RSA with SHA-256, -384, -512
  ...['1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4'], // ECDSA with the same
]);
const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const MIN_RSA_BITS = 2048;
/** Bits of a KeyUsage, from the first. */
const DIGITAL_SIGNATURE = 0x80;
const NON_REPUDIATION = 0x40;
const KEY_CERT_SIGN = 0x04;

/** Null when the bytes are no certificate in DER. */
export function readCertificate(der: Uint8Array): ReadCertificate | null {
  if (der.length > MAX_BYTES || !isDer(der)) return null;
  try {
    // pkijs may write into what it reads.
    const parsed = Certificate.fromBER(new Uint8Array(der));
    const x509 = new X509Certificate(der);
    // Reading the key is what throws when it is malformed.
    void x509.publicKey;
    return Buffer.compare(x509.raw, der) === 0 ? { der, x509, parsed } : null;
  } catch {
    return null;
  }
}

/**
 * A path from the certificate of a time stamping authority to a self-signed one that is trusted, every part of it valid at one time
 * (RFC 5280 section 6, without names, policies and revocation, which time stamps of the past cannot ask for).
 *
 * @param others not trusted, for the middle of the path
 * @returns from the signer to the root; null when there is none
 */
export function findTsaPath(
  signer: ReadCertificate,
  trusted: readonly ReadCertificate[],
  others: readonly ReadCertificate[],
  timeMs: number,
): readonly ReadCertificate[] | null {
  if (!isValidAt(signer, timeMs) || !isTimeStamper(signer)) return null;
  return extend([signer], { trusted, others, timeMs, purpose: TIME_STAMPING, triesLeft: MAX_TRIES });
}

/**
 * The same for a certificate that signs files: its key usage holds `digitalSignature`, or its purposes `codeSigning`; one that says
 * neither signs nothing here. It may be that of an authority.
 *
 * @returns from the signer to the root; null when there is none
 */
export function findSigningPath(
  signer: ReadCertificate,
  trusted: readonly ReadCertificate[],
  others: readonly ReadCertificate[],
  timeMs: number,
): readonly ReadCertificate[] | null {
  if (!isValidAt(signer, timeMs) || !isFileSigner(signer)) return null;
  return extend([signer], { trusted, others, timeMs, purpose: CODE_SIGNING, triesLeft: MAX_TRIES });
}

interface Search {
  readonly trusted: readonly ReadCertificate[];
  readonly others: readonly ReadCertificate[];
  readonly timeMs: number;
  /** What authorities that state purposes must be for. */
  readonly purpose: string;
  triesLeft: number;
}

function extend(path: readonly ReadCertificate[], search: Search): readonly ReadCertificate[] | null {
  const { trusted, others, timeMs, purpose } = search;
  const last = path.at(-1)!;
  if (isSelfSigned(last)) return trusted.some((one) => isSame(one, last)) ? path : null;
  if (path.length === MAX_PATH || !SIGNATURES.has(last.parsed.signatureAlgorithm.algorithmId)) return null;
  for (const issuer of [...trusted, ...others]) {
    // By name first, which costs little: a system trusts some 150 authorities.
    if (!last.x509.checkIssued(issuer.x509) || path.some((one) => isSame(one, issuer))) continue;
    if (!isIssuer(issuer, path.length - 1, purpose)) continue;
    if (search.triesLeft-- <= 0) return null;
    if (!isValidAt(issuer, timeMs) || !isSignedBy(last, issuer)) continue;
    const whole = extend([...path, issuer], search);
    if (whole !== null) return whole;
  }
  return null;
}

/** RFC 3161 section 2.3: only for time stamps, and critically so. */
function isTimeStamper({ x509, parsed }: ReadCertificate): boolean {
  const usage = keyUsageOf(parsed);
  const purpose = extensionOf(parsed, EXT_KEY_USAGE);
  const purposes = purposesOf(parsed);
  return (
    !x509.ca &&
    hasStrongKey(x509) &&
    isUnderstood(parsed) &&
    (usage === null || (usage !== 0 && (usage & ~(DIGITAL_SIGNATURE | NON_REPUDIATION)) === 0)) &&
    purpose?.critical === true &&
    purposes?.length === 1 &&
    purposes[0] === TIME_STAMPING
  );
}

/** OpenSSF Model Signing asks for either, as its reference implementation does. */
function isFileSigner({ x509, parsed }: ReadCertificate): boolean {
  const usage = keyUsageOf(parsed);
  return (
    hasStrongKey(x509) &&
    isUnderstood(parsed, SUBJECT_NAMES) &&
    (((usage ?? 0) & DIGITAL_SIGNATURE) !== 0 || (purposesOf(parsed)?.includes(CODE_SIGNING) ?? false))
  );
}

/** @param below certificates between this one and the signer */
function isIssuer({ x509, parsed }: ReadCertificate, below: number, purpose: string): boolean {
  const constraints = extensionOf(parsed, BASIC_CONSTRAINTS)?.parsedValue;
  const usage = keyUsageOf(parsed);
  const purposes = purposesOf(parsed);
  if (!(constraints instanceof BasicConstraints) || !constraints.cA) return false;
  const limit = constraints.pathLenConstraint;
  return (
    hasStrongKey(x509) &&
    isUnderstood(parsed) &&
    (typeof limit !== 'number' || limit >= below) &&
    (usage === null || (usage & KEY_CERT_SIGN) !== 0) &&
    (purposes === null || purposes.includes(purpose) || purposes.includes(ANY_USAGE))
  );
}

function isSelfSigned(certificate: ReadCertificate): boolean {
  return isSignedBy(certificate, certificate);
}

function isSignedBy({ x509 }: ReadCertificate, issuer: ReadCertificate): boolean {
  return x509.checkIssued(issuer.x509) && x509.verify(issuer.x509.publicKey);
}

/** Both ends count, RFC 5280 section 4.1.2.5. */
function isValidAt({ parsed }: ReadCertificate, timeMs: number): boolean {
  return parsed.notBefore.value.getTime() <= timeMs && timeMs <= parsed.notAfter.value.getTime();
}

function hasStrongKey({ publicKey }: X509Certificate): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = publicKey;
  if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
  return asymmetricKeyType === 'ec' && CURVES.has(asymmetricKeyDetails?.namedCurve ?? '');
}

function isUnderstood({ extensions }: Certificate, besides?: string): boolean {
  return (extensions ?? []).every(
    ({ critical, extnID }) => !critical || UNDERSTOOD.has(extnID) || extnID === besides,
  );
}

function extensionOf({ extensions }: Certificate, id: string) {
  return extensions?.find(({ extnID }) => extnID === id);
}

/** Null without the extension; 0 when it is malformed. */
function keyUsageOf(certificate: Certificate): number | null {
  const extension = extensionOf(certificate, KEY_USAGE);
  if (extension === undefined) return null;
  const bits: unknown = extension.parsedValue;
  return bits instanceof asn1js.BitString ? (bits.valueBlock.valueHexView[0] ?? 0) : 0;
}

/** Null without the extension; empty when it is malformed. */
function purposesOf(certificate: Certificate): readonly string[] | null {
  const extension = extensionOf(certificate, EXT_KEY_USAGE);
  if (extension === undefined) return null;
  const usage: unknown = extension.parsedValue;
  return usage instanceof ExtKeyUsage ? usage.keyPurposes : [];
}

/** Whether two certificates are one, byte by byte. */
export function isSame(a: ReadCertificate, b: ReadCertificate): boolean {
  return Buffer.compare(a.der, b.der) === 0;
}
