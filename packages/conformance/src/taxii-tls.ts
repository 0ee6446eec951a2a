import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HttpTransportSettings, makeHttpTransport, TaxiiClient } from '@phalanx/coalition/taxii';
import { listen } from '@phalanx/core';
import type { Checks } from './checks.js';

const COLLECTION = { id: '91a7b528-80eb-42ed-a74d-c6fbd5a26116', title: 'c' };
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];

/** Our client's TLS with certificates that openssl made: whom it believes, and as whom it comes. */
export async function checkTls(checks: Checks): Promise<void> {
  if (spawnSync('openssl', ['version']).status !== 0) return checks.skip('no openssl');
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-taxii-tls-'));
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const make = (name: string, ...more: string[]) =>
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        ...EC,
        '-subj',
        `/CN=${name}`,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.pem`,
        ...more,
      ],
      { cwd: folder, stdio: 'pipe' },
    );
  const under = (authority: string) => ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`];
  try {
    for (const name of ['ours', 'other']) make(name, '-addext', 'basicConstraints=critical,CA:TRUE');
    const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE'];
    make('server', ...under('ours'), ...leaf, '-addext', 'subjectAltName=IP:127.0.0.1');
    make('lab', ...under('ours'), ...leaf, '-addext', 'extendedKeyUsage=clientAuth');
    let cameAs: Uint8Array | null = null;
    const listener = await listen(
      async (_, { clientCertificate }) => {
        cameAs = clientCertificate;
        return Response.json(COLLECTION);
      },
      {
        host: '127.0.0.1',
        port: 0,
        tls: { key: read('server.key'), certificate: read('server.pem'), clientCa: read('ours.pem') },
      },
    );
    const ask = async (host: string, settings: HttpTransportSettings): Promise<string> => {
      const url = new URL(`https://${host}:${listener.port}/api/collections/c/`);
      const transport = makeHttpTransport({ inside: true, ...settings });
      const client = new TaxiiClient(url, { transport, wait: async () => undefined });
      return client.findCollection(url).then(
        () => 'answered',
        (error: Error) => error.message.replace(/^.*: /, ''),
      );
    };
    try {
      checks.equal(
        'the authority that is named certifies the hub',
        await ask('127.0.0.1', { ca: read('ours.pem') }),
        'answered',
      );
      checks.check('nobody came by that', cameAs === null);
      const identity = { cert: read('lab.pem'), key: read('lab.key') };
      checks.equal(
        'a client certificate is shown',
        await ask('127.0.0.1', { ca: read('ours.pem'), identity }),
        'answered',
      );
      checks.check(
        'and is the one that was given',
        cameAs !== null && Buffer.from(cameAs).equals(derOf(identity.cert)),
      );
      for (const [what, host, settings] of [
        ['the platform does not know the authority', '127.0.0.1', {}],
        ['another authority is named', '127.0.0.1', { ca: read('other.pem') }],
        ['the certificate has another name', 'localhost', { ca: read('ours.pem') }],
      ] as const) {
        const said = await ask(host, settings);
        checks.check(`no answer when ${what}`, said.startsWith('no answer'), () => said);
      }
    } finally {
      await listener.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
}
