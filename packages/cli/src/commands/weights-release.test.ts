import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../program.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const MIB = 1 << 20;
const folder = mkdtempSync(join(tmpdir(), 'phalanx-release-cli-'));
const at = (...names: string[]) => join(folder, ...names);
const env = { PATH: process.env.PATH };
const plain = randomBytes(3 * MIB + 17);
let server: ChildProcess | null = null;
let url = '';
let recipient = '';

async function run(expected: number, ...args: string[]): Promise<string> {
  let said = '';
  let talked = '';
  const screen = { outIsScreen: false, talkIsScreen: false, columns: 100 };
  const out = (text: string) => (said += text);
  const talk = (text: string) => (talked += text);
  expect([await runCli(args, { out, talk, env, ...screen }), talked]).toEqual([expected, talked]);
  return expected === 3 || expected === 2 ? talked : said;
}

const release = (...args: string[]) => ['weights', 'release', ...args];

async function serve(): Promise<void> {
  const args = ['--identity', at('service.id'), '--approvers', at('approvers.json'), '--by', 'desk'];
  const command = release('serve', at('sealed', 'manifest.json'), ...args, '--data', at('data'));
  server = spawn(process.execPath, [MAIN, ...command, '--listen', '127.0.0.1:0', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [first] = await once(server.stdout!, 'data');
  ({ url } = JSON.parse(String(first)));
}

async function stop(signal: NodeJS.Signals): Promise<unknown> {
  const ended = once(server!, 'exit');
  server!.kill(signal);
  server = null;
  return ended;
}

beforeAll(async () => {
  mkdirSync(at('model'));
  writeFileSync(at('model', 'a.bin'), plain);
  writeFileSync(at('model', 'config.json'), '{}');
  await run(0, 'ledger', 'init', '--origin', 'log.lab.example', '--unencrypted', '--data', at('data'));
  const service = (await run(0, 'weights', 'identity', at('service.id'), '--unencrypted')).trim();
  expect(service).toMatch(/^age1pq1/);
  recipient = (await run(0, 'weights', 'identity', at('lessee.id'), '--unencrypted', '--x25519')).trim();
  const list = [];
  for (const name of ['ada', 'bea']) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(at(name), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    list.push(JSON.parse(await run(0, ...release('approver', at(name), '--name', name))));
  }
  writeFileSync(at('approvers.json'), JSON.stringify(list));
  const paced = ['--keys-per-hour', '2', '--segment-mib', '1'];
  await run(0, 'weights', 'seal', at('model'), '--recipient', service, ...paced, '--out', at('sealed'));
  await serve();
}, 120_000);

afterAll(async () => {
  if (server !== null) await stop('SIGKILL');
  rmSync(folder, { recursive: true });
});

it('leases, approves, hands out at the pace, opens what came, survives a kill, withdraws', async () => {
  const fetching = (lease: string) =>
    release(
      'fetch',
      at('sealed'),
      ...['--lease', lease, '--from', url, '--identity', at('lessee.id'), '--keys', at('keys'), '--json'],
    );
  const terms = ['--recipient', recipient, '--keys-per-hour', '9', '--during', '2020-01-01..2199-01-01'];
  const offer = (name: string) =>
    run(0, ...release('offer', at('sealed'), ...terms, '--purpose', 'evaluation', '--out', at(name)));
  await offer('lease.json');
  cpSync(at('data', 'ledger', 'log'), at('old-log'), { recursive: true });
  await run(0, ...release('approve', at('lease.json'), '--key', at('ada')));
  expect(await run(3, ...fetching(at('lease.json')))).toMatch(/1 approvals; a lease needs 2/);
  await run(0, ...release('approve', at('lease.json'), '--key', at('bea')));

  expect(JSON.parse(await run(0, ...fetching(at('lease.json'))))).toMatchObject({ received: 2, missing: 2 });
  expect(readdirSync(at('keys'))).toEqual(['000000.header', '000001.header', 'artifact.sha256']);
  const opening = ['--identity', at('lessee.id'), '--keys', at('keys'), '--json', '--out', at('opened')];
  const open = async (code: number) =>
    JSON.parse(await run(code, 'weights', 'open', at('sealed'), ...opening)).files.map(
      (file: { state: string; released: number }) => `${file.state} ${file.released}`,
    );
  expect(await open(1)).toEqual(['waiting 2', 'waiting 0']);

  mkdirSync(at('other-keys'));
  writeFileSync(at('other-keys', 'artifact.sha256'), `${'0'.repeat(64)}\n`);
  const mixed = ['--identity', at('lessee.id'), '--keys', at('other-keys'), '--out', at('opened')];
  expect(await run(3, 'weights', 'open', at('sealed'), ...mixed)).toMatch(/of another container/);

  await stop('SIGKILL');
  await serve();
  expect(JSON.parse(await run(0, ...fetching(at('lease.json'))))).toMatchObject({ received: 0, missing: 2 });
  rmSync(at('keys'), { recursive: true });
  expect(JSON.parse(await run(0, ...fetching(at('lease.json'))))).toMatchObject({ received: 2, missing: 2 });

  const withdrawing = ['--key', at('bea'), '--reason', 'over'];
  await run(0, ...release('withdraw', at('lease.json'), ...withdrawing, '--to', url));
  expect(await run(3, ...fetching(at('lease.json')))).toMatch(/the lease is withdrawn/);
  expect(await stop('SIGTERM')).toEqual([0, null]);

  // The log of before the first key: the budget would be whole again.
  rmSync(at('data', 'ledger', 'log'), { recursive: true });
  cpSync(at('old-log'), at('data', 'ledger', 'log'), { recursive: true });
  const desk = ['--identity', at('service.id'), '--approvers', at('approvers.json'), '--by', 'desk'];
  const place = ['--data', at('data'), '--listen', '127.0.0.1:0'];
  expect(await run(3, ...release('serve', at('sealed'), ...desk, ...place))).toMatch(/LEDGER_ROLLBACK/);

  const service = ['--identity', at('service.id'), '--out', at('owner')];
  expect(await run(0, 'weights', 'open', at('sealed'), ...service)).toBe(
    'opened  a.bin  4 of 4 segments\nopened  config.json  1 of 1 segment\n',
  );
  expect(Buffer.compare(readFileSync(at('owner', 'a.bin')), plain)).toBe(0);
}, 60_000);

it('seals and opens for recipients of a file', async () => {
  writeFileSync(at('recipients.txt'), `# lessees\n${recipient}\n`);
  await run(0, 'weights', 'seal', at('model'), '--recipients', at('recipients.txt'), '--out', at('folder'));
  expect(readdirSync(at('folder')).sort()).toEqual(['a.bin.age', 'config.json.age']);
  await run(0, 'weights', 'open', at('folder'), '--identity', at('lessee.id'), '--out', at('back'));
  expect(Buffer.compare(readFileSync(at('back', 'a.bin')), plain)).toBe(0);
  const stranger = ['--identity', at('service.id'), '--out', at('never')];
  expect(await run(1, 'weights', 'open', at('folder'), ...stranger)).toMatch(
    /^not opened {2}the file is not for/,
  );
  expect(statSync(at('lessee.id')).mode & 0o777).toBe(0o600);
});
