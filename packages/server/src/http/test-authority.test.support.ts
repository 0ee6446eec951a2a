import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its key as PEM, and as DER. */
export interface MadeCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly der: Uint8Array;
  /** SHA-256 of the DER in base64url. */
  readonly thumbprint: string;
}

/** A certificate authority for tests: ECDSA P-256 (RFC 5280), each certificate for a month. */
export class TestAuthority {
  readonly certificate: string;
  readonly #key: KeyObject;
  readonly #name: string;

  constructor(name = 'test authority') {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    this.#name = name;
    const constraints = extension('2.5.29.19', sequence(tlv(0x01, Buffer.from([0xff]))), true);
    this.certificate = pem('CERTIFICATE', makeCertificate(name, name, publicKey, privateKey, [constraints]));
  }

  /** For a server on 127.0.0.1, or for a client. */
  issue(name: string, use: 'server' | 'client', uris: readonly string[] = []): MadeCertificate {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const usage = oid(use === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2');
    const names = [
      ...(use === 'server'
        ? [tlv(0x82, Buffer.from('localhost')), tlv(0x87, Buffer.from([127, 0, 0, 1]))]
        : []),
      ...uris.map((uri) => tlv(0x86, Buffer.from(uri))),
    ];
    const extensions = [
      extension('2.5.29.37', sequence(usage)),
      ...(names.length > 0 ? [extension('2.5.29.17', sequence(...names))] : []),
    ];
    const der = makeCertificate(name, this.#name, publicKey, this.#key, extensions);
    return {
      certificate: pem('CERTIFICATE', der),
      key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      der: new Uint8Array(der),
      thumbprint: createHash('sha256').update(der).digest('base64url'),
    };
  }
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

function makeCertificate(
  subject: string,
  issuer: string,
  key: KeyObject,
  issuerKey: KeyObject,
  extensions: readonly Buffer[],
): Buffer {
  const now = Date.now();
  const tbs = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_SHA256,
    nameOf(issuer),
    sequence(time(now - 3_600_000), time(now + 30 * 86_400_000)),
    nameOf(subject),
    key.export({ format: 'der', type: 'spki' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', tbs, issuerKey);
  return sequence(tbs, ECDSA_SHA256, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [tlv(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...critical, tlv(0x04, value));
}

function nameOf(text: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(text)))));
}

function time(atMs: number): Buffer {
  return tlv(0x17, Buffer.from(`${new Date(atMs).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
}

function oid(text: string): Buffer {
  const [first, second, ...rest] = text.split('.').map(Number) as [number, number, ...number[]];
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tlv(0x06, Buffer.from(bytes));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function pem(label: string, der: Buffer): string {
  return `-----BEGIN ${label}-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;
}
