import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as sendRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateClientKey } from '@phalanx/coalition/identity';
import type { Checks } from './checks.js';
import { IdentityHub } from './identity-hub.js';

const CONFIG = `
[req]
distinguished_name = name
prompt = no
[name]
CN = unused
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[hidden]
DNS.1 = x, URI:urn:phalanx:member:lab-a, y
[server]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1
`;

interface Pair {
  readonly key: string;
  readonly cert: string;
}

interface Issue {
  /** `subjectAltName` in the configuration language of openssl. */
  readonly names: string | null;
  readonly use: string | null;
  readonly from: string;
  readonly until: string;
  readonly authority: 'coalition' | 'other';
}

const CLIENT: Issue = {
  names: 'URI:urn:phalanx:member:lab-a',
  use: 'clientAuth',
  from: '20200101000000Z',
  until: '20490101000000Z',
  authority: 'coalition',
};

/** An authority of `openssl ca` and `openssl req` in a folder. */
class Authorities {
  readonly folder = mkdtempSync(join(tmpdir(), 'phalanx-certificates-'));
  #serial = 0;

  constructor() {
    writeFileSync(join(this.folder, 'openssl.cnf'), CONFIG);
    for (const name of ['coalition', 'other']) {
      this.#openssl(
        'req',
        '-x509',
        ...this.#newKey(name),
        '-days',
        '3650',
        '-extensions',
        'ca',
        '-subj',
        `/CN=${name}`,
        '-out',
        `${name}.pem`,
      );
      writeFileSync(join(this.folder, `${name}.index`), '');
    }
  }

  #newKey(name: string): string[] {
    return [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-config',
      'openssl.cnf',
      '-keyout',
      `${name}.key`,
    ];
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' });
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  server(): Pair {
    return this.#issue('server', 'coalition', '20200101000000Z', '20490101000000Z', CONFIG);
  }

  client({ names, use, from, until, authority }: Issue): Pair {
    const name = `client${++this.#serial}`;
    const extensions = [
      'basicConstraints = critical,CA:FALSE',
      ...(use === null ? [] : [`extendedKeyUsage = ${use}`]),
      ...(names === null ? [] : [`subjectAltName = ${names}`]),
    ];
    return this.#issue(name, authority, from, until, `${CONFIG}[${name}]\n${extensions.join('\n')}\n`);
  }

  #issue(name: string, authority: string, from: string, until: string, config: string): Pair {
    const database = `${config}[issuing]\ndatabase = ${authority}.index\nnew_certs_dir = .\nrand_serial = yes\ndefault_md = sha256\npolicy = any\nunique_subject = no\n[any]\ncommonName = supplied\n`;
    writeFileSync(join(this.folder, `${name}.cnf`), database);
    this.#openssl('req', '-new', ...this.#newKey(name), '-subj', '/CN=lab-a', '-out', `${name}.csr`);
    this.#openssl(
      'ca',
      '-batch',
      '-notext',
      '-config',
      `${name}.cnf`,
      '-name',
      'issuing',
      '-extensions',
      name,
      '-cert',
      `${authority}.pem`,
      '-keyfile',
      `${authority}.key`,
      '-startdate',
      from,
      '-enddate',
      until,
      '-in',
      `${name}.csr`,
      '-out',
      `${name}.pem`,
    );
    return { key: this.read(`${name}.key`), cert: this.read(`${name}.pem`) };
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Sends a request over a connection of its own; status 0 where TLS ends it. */
function send(
  port: number,
  ca: string,
  pair: Pair | null,
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = init;
  return new Promise((resolve) => {
    const outgoing = sendRequest(
      { host: '127.0.0.1', port, path, method, headers, ca, agent: false, ...(pair ?? {}) },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (part) => (text += part));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : {} }),
        );
      },
    );
    outgoing.on('error', () => resolve({ status: 0, body: {} }));
    outgoing.end(body);
  });
}

/** Certificates that openssl makes, over TLS of Node. */
export async function checkCertificates(checks: Checks): Promise<void> {
  if (spawnSync('openssl', ['version']).status !== 0) return checks.skip('no openssl');
  const authorities = new Authorities();
  const server = authorities.server();
  const ca = authorities.read('coalition.pem');
  const hub = await IdentityHub.open(['mtls', 'access-token'], {
    key: server.key,
    certificate: server.cert,
    clientCa: ca,
  });
  try {
    for (const id of ['lab-a', 'lab-b']) await hub.admit(id, await generateClientKey());
    const ask = (pair: Pair | null) => send(hub.port, ca, pair, '/api/');
    const der = ({ cert }: Pair) => new Uint8Array(new X509Certificate(cert).raw);
    const good = authorities.client(CLIENT);
    checks.equal(
      'a certificate with the URI of a member',
      JSON.stringify((await ask(good)).body),
      '{"body":"","member":"lab-a","method":"mtls"}',
    );
    const pinned = authorities.client({ ...CLIENT, names: null });
    checks.equal('one without a name', `${(await ask(pinned)).status}`, '401');
    await hub.pin('lab-b', der(pinned), false);
    checks.equal('one that is pinned', `${(await ask(pinned)).body.member}`, 'lab-b');
    const bad: Record<string, Partial<Issue>> = {
      expired: { until: '20210101000000Z' },
      'not valid yet': { from: '20480101000000Z' },
      'of another authority': { authority: 'other' },
      'for servers': { use: 'serverAuth' },
      'for any use': { use: 'anyExtendedKeyUsage' },
      'for no named use': { use: null },
      'of nobody': { names: 'URI:urn:phalanx:member:lab-z' },
      'whose common name alone is a member': { names: 'DNS:lab-a.example' },
      'of two members': { names: 'URI:urn:phalanx:member:lab-a,URI:urn:phalanx:member:lab-b' },
      'with a member in another kind of name': { names: 'DNS:urn:phalanx:member:lab-a' },
      'with a name that hides one': { names: '@hidden' },
      'with a name in capitals': { names: 'URI:URN:PHALANX:MEMBER:LAB-A' },
    };
    for (const [what, issue] of Object.entries(bad)) {
      const { status } = await ask(authorities.client({ ...CLIENT, ...issue }));
      checks.check(`one ${what} is refused`, status === 401 || status === 0, () => `${status}`);
    }
    checks.equal('none', `${(await ask(null)).status}`, '401');
    const revoked = authorities.client(CLIENT);
    checks.equal('one before it is revoked', `${(await ask(revoked)).status}`, '200');
    await hub.pin('lab-a', der(revoked), true);
    checks.equal('one after it is revoked', `${(await ask(revoked)).status}`, '401');
    await checkBoundTokens(checks, hub, ca, good, authorities.client(CLIENT));
  } finally {
    await hub.close();
    authorities.close();
  }
}

async function checkBoundTokens(
  checks: Checks,
  hub: IdentityHub,
  ca: string,
  own: Pair,
  second: Pair,
): Promise<void> {
  const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
  const ask = (pair: Pair | null, id: string) =>
    send(hub.port, ca, pair, '/oauth2/token', {
      ...form,
      body: `grant_type=client_credentials&client_id=${id}`,
    });
  checks.equal(
    'a token for the name of another',
    JSON.stringify((await ask(own, 'lab-b')).body),
    '{"error":"invalid_client"}',
  );
  checks.equal(
    'a token without a certificate',
    JSON.stringify((await ask(null, 'lab-a')).body),
    '{"error":"invalid_client"}',
  );
  const { body } = await ask(own, 'lab-a');
  checks.equal('a token by certificate', `${body.token_type}`, 'Bearer');
  const show = async (pair: Pair | null, scheme = 'Bearer') =>
    `${(await send(hub.port, ca, pair, '/api/', { headers: { authorization: `${scheme} ${body.access_token}` } })).status}`;
  checks.equal('it counts with its certificate', await show(own), '200');
  checks.equal('not with another of the same member', await show(second), '401');
  checks.equal('not without one', await show(null), '401');
  checks.equal('not as a DPoP token', await show(own, 'DPoP'), '401');
}
