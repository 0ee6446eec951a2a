import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fromUtf8, utf8 } from '@phalanx/core';
import { formatVerifierKey, TransparencyLog, type VerifierKey } from '@phalanx/ledger';
import type { Checks } from './checks.js';
import { settingsIn } from './killed-log.js';
import { askSumdb, type SumdbRequest } from './sumdb-judge.js';
import { serveTiles } from './tile-server.js';

const SIZE = 600;
const SPLIT = 300;

/** What a log must not get past `go/sumdb` with: entries lost or altered after they were acknowledged, a fork, a rollback. */
export async function checkControls(checks: Checks, folder: string): Promise<void> {
  const open = async (name: string) => {
    const own = join(folder, name);
    mkdirSync(own);
    const settings = settingsIn(own, privateKey);
    return {
      log: await TransparencyLog.open(settings),
      key: formatVerifierKey(settings.verifiers[0] as VerifierKey),
    };
  };
  const { privateKey } = generateKeyPairSync('ed25519');
  const { log, key } = await open('honest');
  log.append(Array.from({ length: SIZE }, (_, i) => utf8(`entry ${i}`)));
  await log.publish();
  const { log: fork } = await open('forked');
  fork.append(Array.from({ length: SPLIT }, (_, i) => utf8(`entry ${i === SPLIT - 1 ? 'forged' : i}`)));
  const forked = fromUtf8(await fork.publish());
  fork.append(Array.from({ length: SIZE }, (_, i) => utf8(`more ${i}`)));
  const ahead = fromUtf8(await fork.publish());
  const stranger = settingsIn(folder, generateKeyPairSync('ed25519').privateKey).verifiers[0] as VerifierKey;
  const server = await serveTiles(log);
  try {
    const sha256 = '00'.repeat(32);
    const cases: readonly (readonly [what: string, Partial<SumdbRequest>, faults: string])[] = [
      ['nothing', {}, ''],
      ['altered entries', { batches: [{ first: 10, count: 500, sha256 }] }, 'acknowledged batch'],
      ['missing entries', { batches: [{ first: SIZE - 1, count: 2, sha256 }] }, 'acknowledged batch'],
      ['a fork', { checkpoints: [forked] }, 'consistency with the last, root'],
      ['a rollback', { checkpoints: [ahead] }, 'checkpoint'],
      ['another key', { key: formatVerifierKey(stranger) }, 'checkpoint'],
    ];
    const requests = cases.map(([, request]) => ({ url: server.url, key, ...request }));
    for (const [i, { faults }] of (await askSumdb(join(folder, 'sumdb'), requests)).entries()) {
      const [what, , expected] = cases[i]!;
      checks.equal(
        `sumdb complains of ${what}`,
        faults.map((fault) => fault.split(': ')[0]).join(', '),
        expected,
      );
    }
  } finally {
    await server.close();
    log.close();
    fork.close();
  }
}
