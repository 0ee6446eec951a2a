import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  webcrypto,
} from 'node:crypto';
import * as asn1js from 'asn1js';
import { AttributeTypeAndValue, BasicConstraints, Certificate, Extension, ExtKeyUsage } from 'pkijs';

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const SHA256 = '2.16.840.1.101.3.4.2.1';
const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const YEAR_MS = 365 * 86_400_000;
/** As the Web Cryptography API names what OpenSSL calls otherwise. */
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** What a certificate of a test is to say; the rest is right. */
export interface CertificateOptions {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly isCa?: boolean;
  readonly purposes?: readonly string[] | null;
  readonly isPurposeCritical?: boolean;
  readonly pathLength?: number;
  readonly unknownCritical?: boolean;
  /** Instead of a new one. */
  readonly key?: KeyObject;
  /** First byte of KeyUsage. */
  readonly usage?: number;
}

/** A key with its certificate. */
export interface Party {
  readonly name: string;
  readonly key: KeyObject;
  readonly der: Uint8Array;
}

/** What a token of a test is to say; the rest is right. */
export interface TokenOptions {
  readonly timeMs?: number;
  readonly nonce?: Uint8Array;
  /** Certificates in the token. */
  readonly embedded?: readonly Uint8Array[];
  readonly imprintOid?: string;
  readonly contentType?: string;
  readonly status?: number;
  readonly statusText?: string;
  readonly certHash?: Uint8Array;
  /** Attributes that are left out. */
  readonly without?: readonly string[];
  readonly unsigned?: boolean;
  readonly accuracyS?: number;
  readonly criticalExtension?: boolean;
  /** SHA-256 of the message, for whoever knows no more of it. */
  readonly imprint?: Uint8Array;
}

let serial = 100;

/** A certificate by `issuer`; null: by itself. */
export async function issueCertificate(
  name: string,
  issuer: Party | null,
  options: CertificateOptions = {},
): Promise<Party> {
  const privateKey = options.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const publicKey = createPublicKey(privateKey);
  const isCa = options.isCa ?? issuer === null;
  const certificate = new Certificate();
  certificate.version = 2;
  certificate.serialNumber = new asn1js.Integer({ value: serial++ });
  for (const [names, text] of [
    [certificate.issuer, issuer?.name ?? name],
    [certificate.subject, name],
  ] as const)
    names.typesAndValues.push(
      new AttributeTypeAndValue({ type: '2.5.4.3', value: new asn1js.Utf8String({ value: text }) }),
    );
  certificate.notBefore.value = new Date(options.fromMs ?? Date.UTC(2025, 0));
  certificate.notAfter.value = new Date(options.toMs ?? Date.UTC(2025, 0) + 20 * YEAR_MS);
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  await certificate.subjectPublicKeyInfo.importKey(
    await webcrypto.subtle.importKey('spki', spki, algorithmOf(publicKey), true, ['verify']),
  );
  const usage = Uint8Array.of(options.usage ?? (isCa ? 0x06 : 0x80));
  const constraints = isCa
    ? { cA: true, ...(options.pathLength === undefined ? {} : { pathLenConstraint: options.pathLength }) }
    : {};
  const purposes = options.purposes === undefined ? (isCa ? null : [TIME_STAMPING]) : options.purposes;
  certificate.extensions = [
    extension('2.5.29.19', true, new BasicConstraints(constraints).toSchema()),
    extension(
      '2.5.29.15',
      true,
      new asn1js.BitString({ valueHex: usage.buffer, unusedBits: Math.log2(usage[0]! & -usage[0]!) }),
    ),
    ...(purposes === null
      ? []
      : [
          extension(
            '2.5.29.37',
            options.isPurposeCritical ?? true,
            new ExtKeyUsage({ keyPurposes: [...purposes] }).toSchema(),
          ),
        ]),
    ...(options.unknownCritical ? [extension('1.2.3.4', true, new asn1js.Null())] : []),
  ];
  const issuerKey = issuer?.key ?? privateKey;
  const pkcs8 = issuerKey.export({ format: 'der', type: 'pkcs8' });
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithmOf(issuerKey), true, ['sign']);
  await certificate.sign(signingKey, 'SHA-256');
  return { name, key: privateKey, der: new Uint8Array(certificate.toSchema(true).toBER()) };
}

function algorithmOf({ asymmetricKeyDetails }: KeyObject): { name: string; namedCurve: string } {
  return { name: 'ECDSA', namedCurve: CURVES[asymmetricKeyDetails?.namedCurve ?? ''] ?? 'P-256' };
}

/** A `TimeStampResp` over a message, as an authority sends it. */
export function makeToken(message: Uint8Array, signer: Party, options: TokenOptions = {}): Uint8Array {
  const info = toDer(
    sequence(
      new asn1js.Integer({ value: 1 }),
      oid('1.2.3.4.1'),
      sequence(
        sequence(oid(options.imprintOid ?? SHA256), new asn1js.Null()),
        octets(options.imprint ?? createHash('sha256').update(message).digest()),
      ),
      new asn1js.Integer({ value: 7 }),
      new asn1js.GeneralizedTime({ valueDate: new Date(options.timeMs ?? Date.UTC(2026, 5, 1)) }),
      ...(options.accuracyS === undefined
        ? []
        : [sequence(new asn1js.Integer({ value: options.accuracyS }))]),
      ...(options.nonce === undefined
        ? []
        : [new asn1js.Integer({ valueHex: new Uint8Array(options.nonce).buffer })]),
      ...(options.criticalExtension
        ? [
            tagged(
              1,
              sequence(oid('1.2.3.5'), new asn1js.Boolean({ value: true }), octets(Uint8Array.of(5, 0))),
            ),
          ]
        : []),
    ),
  );
  const hash = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
  const attributes = (
    [
      ['1.2.840.113549.1.9.3', oid(options.contentType ?? '1.2.840.113549.1.9.16.1.4')],
      ['1.2.840.113549.1.9.4', octets(hash(info))],
      [
        '1.2.840.113549.1.9.16.2.47',
        sequence(sequence(sequence(octets(options.certHash ?? hash(signer.der))))),
      ],
    ] as const
  )
    .filter(([type]) => !options.without?.includes(type))
    .map(([type, value]) => sequence(oid(type), new asn1js.Set({ value: [value] })));
  const attributesDer = toDer(new asn1js.Set({ value: attributes }));
  const issuerAndSerial = Certificate.fromBER(new Uint8Array(signer.der));
  const signed = sequence(
    new asn1js.Integer({ value: 3 }),
    new asn1js.Set({ value: [sequence(oid(SHA256))] }),
    sequence(oid('1.2.840.113549.1.9.16.1.4'), tagged(0, octets(info))),
    ...(options.embedded?.length === 0 ? [] : [tagged(0, ...(options.embedded ?? [signer.der]).map(parse))]),
    new asn1js.Set({
      value: [
        sequence(
          new asn1js.Integer({ value: 1 }),
          sequence(issuerAndSerial.issuer.toSchema(), issuerAndSerial.serialNumber),
          sequence(oid(SHA256)),
          tagged(0, ...attributes),
          sequence(oid(ECDSA_SHA256)),
          octets(sign('sha256', attributesDer, signer.key)),
          ...(options.unsigned
            ? [tagged(1, sequence(oid('1.2.3.6'), new asn1js.Set({ value: [new asn1js.Null()] })))]
            : []),
        ),
      ],
    }),
  );
  const status = sequence(
    new asn1js.Integer({ value: options.status ?? 0 }),
    ...(options.statusText === undefined
      ? []
      : [sequence(new asn1js.Utf8String({ value: options.statusText }))]),
  );
  return toDer(sequence(status, sequence(oid('1.2.840.113549.1.7.2'), tagged(0, signed))));
}

function extension(extnID: string, critical: boolean, value: asn1js.AsnType): Extension {
  return new Extension({ extnID, critical, extnValue: value.toBER() });
}

function sequence(...value: asn1js.AsnType[]): asn1js.Sequence {
  return new asn1js.Sequence({ value });
}

function tagged(tagNumber: number, ...value: asn1js.AsnType[]): asn1js.Constructed {
  return new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber }, value });
}

function oid(value: string): asn1js.ObjectIdentifier {
  return new asn1js.ObjectIdentifier({ value });
}

function octets(bytes: Uint8Array): asn1js.OctetString {
  return new asn1js.OctetString({ valueHex: new Uint8Array(bytes).buffer });
}

function parse(der: Uint8Array): asn1js.AsnType {
  return asn1js.fromBER(new Uint8Array(der)).result;
}

function toDer(value: asn1js.AsnType): Uint8Array {
  return new Uint8Array(value.toBER());
}
