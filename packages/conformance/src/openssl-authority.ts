import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { requestTimestamp } from '@phalanx/attestation';

/** A time stamping authority made of `openssl ts`, in a folder. */
export interface OpensslAuthority {
  /** Where it answers. */
  readonly url: string;
  /** DER, from its own to the self-signed one. */
  readonly certificates: readonly Uint8Array[];
  /** Asks it over HTTP, as the product does. */
  stamp(message: Uint8Array): ReturnType<typeof requestTimestamp>;
  /** Whether `openssl ts -verify` finds a response to be about the message, and by this authority, at a time in seconds since 1970. */
  accepts(response: Uint8Array, message: Uint8Array, timeS: number): boolean;
  close(): Promise<void>;
}

const CONFIG = `
[req]
distinguished_name = name
prompt = no
[name]
CN = unused
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[stamper]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = authority
[authority]
serial = ./serial
signer_cert = ./stamper.pem
signer_key = ./stamper.key
certs = ./root.pem
signer_digest = DIGEST
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`;
const DAYS = '3650';
/** What an authority signs with: key options of `openssl req`, and its digest. */
const KINDS = {
  ec: { key: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], digest: 'sha256' },
  rsa: { key: ['rsa:3072'], digest: 'sha512' },
};

/** Makes one, and serves it over HTTP on this machine. Null without openssl. */
export async function openOpensslAuthority(
  home: string,
  name: string,
  kind: keyof typeof KINDS = 'ec',
): Promise<OpensslAuthority | null> {
  if (spawnSync('openssl', ['version']).status !== 0) return null;
  const folder = join(home, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'openssl.cnf'), CONFIG.replace('DIGEST', KINDS[kind].digest));
  writeFileSync(join(folder, 'serial'), '01\n');
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', ...KINDS[kind].key, '-nodes', '-config', 'openssl.cnf', '-days', DAYS];
  openssl(
    'req',
    '-x509',
    ...key,
    '-extensions',
    'root',
    '-subj',
    `/CN=${name} root`,
    '-keyout',
    'root.key',
    '-out',
    'root.pem',
  );
  const under = ['-CA', 'root.pem', '-CAkey', 'root.key', '-extensions', 'stamper', '-subj', `/CN=${name}`];
  openssl('req', '-x509', ...key, ...under, '-keyout', 'stamper.key', '-out', 'stamper.pem');
  const reply = (request: Uint8Array): Uint8Array => {
    writeFileSync(join(folder, 'request.tsq'), request);
    openssl(
      'ts',
      '-reply',
      '-queryfile',
      'request.tsq',
      '-config',
      'openssl.cnf',
      '-section',
      'authority',
      '-out',
      'response.tsr',
    );
    return readFileSync(join(folder, 'response.tsr'));
  };
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    response.setHeader('content-type', 'application/timestamp-reply').end(reply(Buffer.concat(parts)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const certificates = ['stamper.pem', 'root.pem'].map((file) =>
    openssl('x509', '-in', file, '-outform', 'DER'),
  );
  return {
    url,
    certificates,
    stamp: (message) => requestTimestamp(message, { url, certificates }),
    accepts(response, message, timeS) {
      writeFileSync(join(folder, 'asked.tsr'), response);
      writeFileSync(join(folder, 'message'), message);
      const trust = ['-CAfile', 'root.pem', '-untrusted', 'stamper.pem', '-attime', String(timeS)];
      const args = ['ts', '-verify', '-in', 'asked.tsr', '-data', 'message', ...trust];
      return spawnSync('openssl', args, { cwd: folder }).status === 0;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
