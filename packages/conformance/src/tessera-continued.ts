import { createPrivateKey, type KeyObject, randomInt } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBase64, fromUtf8, utf8 } from '@phalanx/core';
import { parseEntryBundle, TransparencyLog, tilesOf } from '@phalanx/ledger';
import type { Checks } from './checks.js';
import { findGoModule } from './go-programs.js';
import { settingsIn } from './killed-log.js';
import { askSumdb, checkAnswer, drawFlip } from './sumdb-judge.js';
import { runFsck } from './tessera-fsck.js';
import { serveTiles } from './tile-server.js';

const MODULE = 'github.com/transparency-dev/tessera';
/** Tessera's own test log: checkpoints 0 to 15. */
const THEIRS = 15;
const ENTRIES = 70_000;
const PROOFS = 100;
const FLIPS = 6;
/** PKCS #8 of an Ed25519 key, up to its seed (RFC 8410). */
const ED25519_PKCS8 = '302e020100300506032b657004220420';

/**
 * Tessera's published test log, written again by ours with its published test key: the same bytes signed at each size; then
 * continued, and judged with its own 16 checkpoints.
 */
export async function checkContinued(checks: Checks, folder: string): Promise<void> {
  const source = join(await findGoModule('tessera-fsck', MODULE), 'testdata');
  const script = readFileSync(join(source, 'build_log.sh'), 'utf8');
  const [, origin, , secret] = /"PRIVATE\+KEY\+([^+"]+)\+([0-9a-f]{8})\+([^"]+)"/.exec(script) ?? [];
  const [, key] = /LOG_PUBLIC_KEY="([^"]+)"/.exec(script) ?? [];
  if (origin === undefined || secret === undefined || key === undefined) {
    checks.skip('Tessera does not publish the key of its test log there any more');
    return;
  }
  const own = join(folder, 'tessera');
  mkdirSync(own);
  const log = await TransparencyLog.open(settingsIn(own, keyOf(secret), origin));
  const notes: string[] = [];
  const entries = parseEntryBundle(readFileSync(join(source, `log/tile/entries/000.p/${THEIRS}`)));
  for (let size = 0; size <= THEIRS; size++) {
    if (size > 0) log.append([entries[size - 1]!]);
    const note = fromUtf8(await log.publish());
    const theirs = readFileSync(join(source, `log/checkpoint.${size}`), 'utf8');
    checks.check(`tessera: checkpoint ${size} is theirs`, note === theirs, () => note);
    notes.push(theirs);
  }
  while (log.size < ENTRIES) {
    log.append(Array.from({ length: randomInt(1, 4000) }, (_, i) => utf8(`continued ${log.size + i}`)));
    notes.push(fromUtf8(await log.publish()));
  }
  const server = await serveTiles(log);
  try {
    await judge(checks, folder, log, key, notes, server);
  } finally {
    await server.close();
    log.close();
  }
}

async function judge(
  checks: Checks,
  folder: string,
  log: TransparencyLog,
  key: string,
  notes: readonly string[],
  server: Awaited<ReturnType<typeof serveTiles>>,
): Promise<void> {
  const program = join(folder, 'sumdb');
  const flips = Array.from({ length: FLIPS }, () => drawFlip(log));
  const [whole, ...flipped] = await askSumdb(program, [
    { url: server.url, key, proofs: PROOFS, seed: randomInt(2 ** 31), checkpoints: notes },
    ...flips.map((flip) => ({ url: server.flip(flip), key, proofs: PROOFS })),
  ]);
  // The checkpoint of the empty tree is consistent with all, and sumdb proves nothing about it.
  const grown = notes.length - 1;
  checkAnswer(checks, 'tessera, continued', whole!, {
    checkpoint: notes.length + 1,
    root: notes.length + 1,
    tile: [...tilesOf(log.size)].length,
    inclusion: PROOFS,
    'consistency with the last': grown,
    'consistency of two': (grown * (grown - 1)) / 2,
  });
  const { checkpoint } = log.signed!;
  checks.check('tessera, continued: fsck', (await runFsck(folder, server.url, key, checkpoint)) === null);
  for (const [i, flip] of flips.entries()) {
    const what = `bit ${flip.bit} of ${flip.path}`;
    checks.check(`tessera, continued: sumdb rejects ${what}`, flipped[i]!.faults.length > 0);
    const fault = await runFsck(folder, server.flip(flip), key, checkpoint);
    checks.check(`tessera, continued: fsck rejects ${what}`, fault?.includes('fsck failed') === true, () =>
      String(fault),
    );
  }
}

/** @param secret base64 of the algorithm, 1, and the seed */
function keyOf(secret: string): KeyObject {
  const bytes = fromBase64(secret);
  if (bytes[0] !== 1 || bytes.length !== 33) throw new Error('not an Ed25519 seed');
  const der = Buffer.concat([Buffer.from(ED25519_PKCS8, 'hex'), bytes.subarray(1)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}
