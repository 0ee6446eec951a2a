import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex, utf8 } from '@phalanx/core';
import { rawPublicKey, sealTo } from '@phalanx/server';
import type { Checks } from './checks.js';
import { CoalitionParties } from './coalition-parties.js';
import type { Suite, SuiteContext } from './suite.js';

const PACKAGES = ['openapi-spec-validator==0.9.0', 'pyhpke==0.6.5'];
const SEALED = 50;
const { LABS, SERVERS } = CoalitionParties;

export const coalitionHub: Suite = {
  name: 'coalition-hub',
  what: 'hub, three key servers and three labs, each a process, certificates by OpenSSL: levels 0 to 2, everybody killed; curl with a certificate; OpenAPI by openapi-spec-validator; sealed pieces by pyhpke',
  async run(checks, context) {
    for (const tool of ['openssl', 'curl'])
      try {
        execFileSync(tool, [tool === 'openssl' ? 'version' : '--version'], { stdio: 'ignore' });
      } catch {
        return checks.skip(`no ${tool}`);
      }
    const folder = await mkdtemp(join(tmpdir(), 'phalanx-parties-'));
    const parties = new CoalitionParties(folder, context.root);
    try {
      await parties.prepare();
      await parties.start('hub');
      for (const server of SERVERS) await parties.start(server);
      for (const server of SERVERS) await parties.waitFor(server, '{"share":true}');
      await checkMatching(checks, parties, folder);
      await checkCurl(checks, parties);
      await checkDescription(checks, parties, context);
      await checkDeaths(checks, parties);
    } finally {
      await parties.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function checkMatching(checks: Checks, parties: CoalitionParties, folder: string): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  for (const [i, lab] of LABS.entries()) {
    const rows = [`198.51.100.3`, `203.0.113.${i + 1}`].map((value) =>
      JSON.stringify({ class: 'ip', value, day, count: 12 }),
    );
    await writeFile(join(folder, `${lab}.jsonl`), `${rows.join('\n')}\n`);
    const { code, out, err } = await parties.phalanx(lab, 'match', 'submit', `${lab}.jsonl`);
    checks.check(`${lab} submits`, code === 0 && out.includes('"submitted":2'), () => out + err);
  }
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await checkRevealed(checks, parties, 'at first');
  const own = await parties.phalanx('lab-c', 'match', 'lookup', 'ip', '203.0.113.1');
  checks.check('what one lab has seen is not listed', own.code === 0 && own.out.includes('"isSeen":false'));

  const runName = 'ab'.repeat(32);
  const overlap = (lab: string, peer: string) =>
    parties.phalanx(
      lab,
      'match',
      'overlap',
      `${lab}.jsonl`,
      '--run',
      runName,
      '--peer',
      `${peer}.json`,
      '--timeout',
      '120',
    );
  await writeFile(join(folder, 'counsel.txt'), 'permitted');
  await parties.phalanx('lab-a', 'match', 'permit', 'lab-b', '--statement', 'counsel.txt');
  const alone = await overlap('lab-a', 'lab-b');
  checks.check(
    'one counsel does not suffice',
    alone.code !== 0 && alone.err.includes('COALITION_POLICY'),
    () => alone.err,
  );
  await parties.phalanx('lab-b', 'match', 'permit', 'lab-a', '--statement', 'counsel.txt');
  for (const { out, err } of await Promise.all([overlap('lab-a', 'lab-b'), overlap('lab-b', 'lab-a')]))
    checks.check('two labs count one common value', out.includes('"common":1,"own":2'), () => out + err);
}

async function checkRevealed(checks: Checks, parties: CoalitionParties, when: string): Promise<void> {
  for (const lab of ['lab-a', 'lab-c']) {
    const { code, out, err } = await parties.phalanx(lab, 'match', 'reveal');
    const isRight =
      code === 1 && out.includes('"value":"198.51.100.3","labs":3') && !out.includes('203.0.113');
    checks.check(`${lab} learns the shared value alone, ${when}`, isRight, () => out + err);
  }
  const { code, out } = await parties.phalanx('lab-b', 'match', 'lookup', 'ip', '198.51.100.3');
  checks.check(
    `a value that three labs have is listed, ${when}`,
    code === 1 && out.includes('"isSeen":true'),
  );
}

async function checkCurl(checks: Checks, parties: CoalitionParties): Promise<void> {
  const me = `${parties.url('hub')}/coalition/v1/me`;
  const shown = ['--cert', 'lab-a-client.pem', '--key', 'lab-a-client.tls.key'];
  const known = await parties.curl('--cacert', 'ca.pem', ...shown, me);
  checks.check(
    'curl with a certificate by OpenSSL is known',
    known.out.includes('"id":"lab-a"'),
    () => known.out + known.err,
  );
  const status = ['--output', '/dev/null', '--write-out', '%{http_code}'];
  const stranger = await parties.curl('--cacert', 'ca.pem', ...status, me);
  checks.equal('curl without a certificate', stranger.out, '401');
  await parties.issue(
    'nobody',
    'subjectAltName=URI:https://coalition.example/nobody\nextendedKeyUsage=clientAuth\n',
  );
  const nobody = await parties.curl(
    '--cacert',
    'ca.pem',
    '--cert',
    'nobody.pem',
    '--key',
    'nobody.tls.key',
    ...status,
    me,
  );
  checks.equal('curl with a certificate of nobody', nobody.out, '401');
  await parties.issue(
    'wrong-use',
    'subjectAltName=URI:https://coalition.example/lab-a\nextendedKeyUsage=serverAuth\n',
  );
  const wrong = await parties.curl(
    '--cacert',
    'ca.pem',
    '--cert',
    'wrong-use.pem',
    '--key',
    'wrong-use.tls.key',
    ...status,
    me,
  );
  checks.equal('curl with a certificate that is not for clients', wrong.out, '401');
  const old = await parties.curl('--cacert', 'ca.pem', '--tls-max', '1.1', ...status, me);
  checks.check('curl with TLS 1.1', old.code !== 0);
}

async function checkDescription(
  checks: Checks,
  parties: CoalitionParties,
  { python }: SuiteContext,
): Promise<void> {
  const opened = await python.open(PACKAGES);
  if (typeof opened === 'string') return checks.skip(opened);
  const sealed = Array.from({ length: SEALED }, (_, i) => sealSample(i));
  const unsealed = await opened.run('hpke-open.py', [], JSON.stringify(sealed.map(({ message }) => message)));
  const texts = JSON.stringify(sealed.map(({ plain }) => plain));
  checks.check('pyhpke opens what is sealed to a key server', texts === JSON.stringify(JSON.parse(unsealed)));
  for (const party of ['hub', 'key-1']) {
    const { out } = await parties.curl('--cacert', 'ca.pem', `${parties.url(party)}/openapi.json`);
    const said = await opened.run('hub-description.py', [], out);
    if (said.includes('ModuleNotFoundError')) checks.skip('no openapi-spec-validator');
    else checks.equal(`the description of ${party}`, said.trim(), '');
  }
}

/** A message of ours to a fresh key, in hexadecimal. */
function sealSample(i: number) {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const [info, aad, plain] = [`info ${i}`, `aad ${i}`, 'plain'.repeat(i)].map(utf8) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const { enc, box } = sealTo(rawPublicKey(publicKey), info, aad, plain);
  const sk = new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32));
  const message = { sk: toHex(sk), enc: toHex(enc), box: toHex(box), info: toHex(info), aad: toHex(aad) };
  return { plain: toHex(plain), message };
}

async function checkDeaths(checks: Checks, parties: CoalitionParties): Promise<void> {
  for (const party of ['hub', ...SERVERS]) await parties.kill(party);
  await parties.start('hub');
  for (const server of SERVERS) await parties.start(server);
  for (const server of SERVERS) await parties.waitFor(server, '{"share":true}');
  await checkRevealed(checks, parties, 'after all were killed');
  await parties.kill('key-2');
  const { code, out, err } = await parties.phalanx('lab-a', 'match', 'lookup', 'ip', '198.51.100.3');
  checks.check(
    'two key servers of three suffice',
    code === 1 && out.includes('"isSeen":true'),
    () => out + err,
  );
  await parties.kill('key-3');
  const one = await parties.phalanx('lab-a', 'match', 'lookup', 'ip', '198.51.100.3');
  checks.check(
    'one does not, and the missing ones are named',
    one.code === 3 && /key servers 2, 3/.test(one.err),
    () => one.err,
  );
}
