import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen, utf8 } from '@phalanx/core';
import {
  auditLog,
  checkPolicy,
  formatVerifierKey,
  gatherCosignatures,
  LogReader,
  makeLogHandler,
  parseTrustPolicy,
  TileClient,
  TransparencyLog,
  type TrustPolicy,
  type VerifierKey,
  WitnessClient,
  witnessesOf,
} from '@phalanx/ledger';
import type { Checks } from './checks.js';
import { buildGoPrograms } from './go-programs.js';
import { settingsIn } from './killed-log.js';
import { type Litewitness, startLitewitness } from './litewitness.js';
import type { Suite } from './suite.js';
import { runFsck } from './tessera-fsck.js';

const ORIGIN = 'served.phalanx.example/log';
/** Up to a partial tile at each of three levels. */
const SIZES = [1, 255, 256, 300, 70_000];

/** Our servers and clients before those of others, over sockets of this machine. */
export const ledgerNetwork: Suite = {
  name: 'ledger-network',
  what: 'our served log before fsck of Tessera while it grows, our witness client before litewitness, forks included',
  async run(checks) {
    const folder = mkdtempSync(join(tmpdir(), 'phalanx-network-'));
    try {
      const fsck = ['github.com/transparency-dev/tessera/cmd/fsck'];
      const lite = ['./agent', './addlog', 'filippo.io/torchwood/cmd/litewitness'];
      const missing =
        (await buildGoPrograms('tessera-fsck', fsck, folder)) ??
        (await buildGoPrograms('litewitness', lite, folder));
      if (missing === null) await checkNetwork(checks, folder);
      else checks.skip(missing);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function checkNetwork(checks: Checks, folder: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const open = (name: string): Promise<TransparencyLog> => {
    mkdirSync(join(folder, name));
    return TransparencyLog.open(settingsIn(join(folder, name), privateKey, ORIGIN));
  };
  const log = await open('own');
  const verifier = settingsIn(join(folder, 'own'), privateKey, ORIGIN).verifiers[0] as VerifierKey;
  const reader = new LogReader(join(folder, 'own', 'log'));
  const served = await listen(makeLogHandler(reader), { host: '127.0.0.1', port: 0 });
  const key = formatVerifierKey(verifier);
  const witness = await startLitewitness(folder, [key]);
  try {
    const line = `witness W ${formatVerifierKey(witness.verifier)} ${witness.url}`;
    const policy = parseTrustPolicy(utf8(`log ${key}\n${line}\nquorum W\n`));
    await checkGrowth(checks, folder, log, policy, key, served.url);
    const fork = await open('fork');
    fork.append(Array.from({ length: log.size }, (_, i) => utf8(`other ${i}`)));
    await fork.publish();
    await checkFork(checks, witness, fork);
    fork.close();
  } finally {
    await witness.close();
    await served.close();
    reader.close();
    log.close();
  }
}

async function checkGrowth(
  checks: Checks,
  folder: string,
  log: TransparencyLog,
  policy: TrustPolicy,
  key: string,
  url: string,
): Promise<void> {
  const remembering = witnessesOf(policy);
  let last: Uint8Array | null = null;
  for (const size of SIZES) {
    const before = log.size;
    log.append(Array.from({ length: size - before }, (_, i) => utf8(`entry ${before + i}`)));
    await log.publish();
    // One client that knows what litewitness cosigned, and one that has to be told by its 409.
    for (const [what, clients] of [
      ['remembered', remembering],
      ['told', witnessesOf(policy)],
    ] as const) {
      const { note, isWitnessed, outcomes } = await gatherCosignatures(log, clients, policy);
      checks.check(`litewitness cosigns ${size}, ${what}`, isWitnessed, () => JSON.stringify([...outcomes]));
      if (isWitnessed) log.serve(note);
    }
    const fault = await runFsck(folder, url, key, log.signed!.checkpoint);
    checks.check(`fsck of Tessera accepts ${size}`, fault === null, () => String(fault));
    const found = await auditLog({ client: new TileClient(url), policy, last });
    checks.equal(`our monitor at ${size}`, `${found.kind} ${found.newEntries}`, `whole ${size - before}`);
    checks.check(`served cosigned at ${size}`, checkPolicy(found.signed.note, policy).cosigned.has('W'));
    last = found.signed.note;
  }
}

/** litewitness cosigns no fork, and our client says what it answered. */
async function checkFork(
  checks: Checks,
  { url, verifier }: Litewitness,
  fork: TransparencyLog,
): Promise<void> {
  const ask = (): Promise<{ kind: string }> =>
    new WitnessClient({ keys: [verifier], url }).cosign(fork.signed!, fork);
  checks.equal('a fork of equal size', JSON.stringify(await ask()), '{"kind":"refused","status":422}');
  fork.append([utf8('more')]);
  await fork.publish();
  checks.equal('a fork that has grown', JSON.stringify(await ask()), '{"kind":"refused","status":422}');
}
