import { createPrivateKey, randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import {
  becomeSingleWriter,
  formatVerifierKey,
  openNote,
  TransparencyLog,
  tilesOf,
  type VerifierKey,
} from '@phalanx/ledger';
import type { Checks } from './checks.js';
import { buildGoPrograms } from './go-programs.js';
import { type KilledLog, settingsIn, writeThroughKills } from './killed-log.js';
import { checkLitewitness } from './litewitness-exchange.js';
import type { Suite } from './suite.js';
import { checkControls } from './sumdb-controls.js';
import { acceptsFlips, allFlips, askSumdb, checkAnswer, drawFlip } from './sumdb-judge.js';
import { checkContinued } from './tessera-continued.js';
import { runFsck } from './tessera-fsck.js';
import { flipBit, serveTiles, type TileServer } from './tile-server.js';

const ENTRIES = 1_000_000;
const KILLS = 20;
const PROOFS = 1000;
const FLIPS = 200;

/** A log of ours, its writer killed again and again, before Go programs of others. */
export const goVerifiers: Suite = {
  name: 'go-verifiers',
  what: 'a log of 1,000,000 entries whose writer was killed 20 times, before sumdb of Go, fsck of Tessera and litewitness; a log of Tessera, continued',
  async run(checks) {
    const folder = mkdtempSync(join(tmpdir(), 'phalanx-go-'));
    try {
      const noSumdb = await buildGoPrograms('sumdb', ['.'], folder);
      if (noSumdb !== null) {
        checks.skip(noSumdb);
        return;
      }
      const noFsck = await buildGoPrograms(
        'tessera-fsck',
        ['github.com/transparency-dev/tessera/cmd/fsck'],
        folder,
      );
      const witness = ['./agent', './addlog', 'filippo.io/torchwood/cmd/litewitness'];
      const noWitness = await buildGoPrograms('litewitness', witness, folder);
      await checkControls(checks, folder);
      await checkKilled(checks, folder, noFsck, noWitness);
      if (noFsck === null) await checkContinued(checks, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function checkKilled(
  checks: Checks,
  folder: string,
  noFsck: string | null,
  noWitness: string | null,
): Promise<void> {
  const killed = await writeThroughKills(folder, KILLS, ENTRIES);
  const settings = settingsIn(folder, createPrivateKey(readFileSync(join(folder, 'key.pem'))));
  const letGo = await becomeSingleWriter(join(folder, 'log'));
  const log = await TransparencyLog.open(settings);
  const server = await serveTiles(log);
  try {
    checkSizes(checks, killed, log.size);
    const verifier = settings.verifiers[0] as VerifierKey;
    await checkWhole(checks, folder, log, verifier, server, killed);
    await checkFlips(checks, folder, log, verifier, server);
    if (noFsck !== null) checks.skip(noFsck);
    else {
      const fault = await runFsck(folder, server.url, formatVerifierKey(verifier), log.signed!.checkpoint);
      checks.check('fsck of Tessera', fault === null, () => String(fault));
    }
    if (noWitness !== null) checks.skip(noWitness);
    else await checkLitewitness(checks, folder, { log, verifier });
  } finally {
    await server.close();
    log.close();
    await letGo();
  }
}

function checkSizes(checks: Checks, killed: KilledLog, size: number): void {
  checks.check('at least 1,000,000 entries', size >= ENTRIES, () => String(size));
  checks.equal('starts that lacked acknowledged entries', String(killed.startsWithLess), '0');
  checks.note(
    `${size} entries, ${killed.batches.length} batches and ${killed.checkpoints.length} checkpoints by ${killed.kills + 1} writers in ${killed.seconds.toFixed(1)} s; ${killed.killsWhileOpening} were killed while opening, ${killed.startsWithMore} left entries that were durable and not yet acknowledged`,
  );
}

async function checkWhole(
  checks: Checks,
  folder: string,
  log: TransparencyLog,
  verifier: VerifierKey,
  server: TileServer,
  { batches, checkpoints }: KilledLog,
): Promise<void> {
  const key = formatVerifierKey(verifier);
  const request = { url: server.url, key, proofs: PROOFS, seed: randomInt(2 ** 31), checkpoints, batches };
  const [answer] = await askSumdb(join(folder, 'sumdb'), [request]);
  checks.equal('sumdb: the last checkpoint covers all', String(answer!.size), String(log.size));
  checkAnswer(checks, 'sumdb', answer!, {
    checkpoint: checkpoints.length + 1,
    root: checkpoints.length + 1,
    tile: [...tilesOf(log.size)].length,
    bundle: Math.ceil(log.size / 256),
    entry: log.size,
    'acknowledged batch': batches.length,
    inclusion: PROOFS,
    'consistency with the last': checkpoints.length,
    'consistency of two': (checkpoints.length * (checkpoints.length - 1)) / 2,
  });
}

/**
 * Each bit of the checkpoint, and random bits of tiles and bundles. Go's base64 does not look at the bits that the last letter of a
 * signature has to spare, so that another letter there is the same note to it; we do not read such a note.
 */
async function checkFlips(
  checks: Checks,
  folder: string,
  log: TransparencyLog,
  verifier: VerifierKey,
  server: TileServer,
): Promise<void> {
  const flips = [...Array.from({ length: FLIPS }, () => drawFlip(log)), ...allFlips(log, 'checkpoint')];
  const accepted = await acceptsFlips(join(folder, 'sumdb'), server, formatVerifierKey(verifier), flips);
  const { note } = log.signed!;
  let spare = 0;
  for (const [i, { path, bit }] of flips.entries()) {
    const isSpare = path === 'checkpoint' && isSameNote(note, flipBit(note, bit));
    if (isSpare) spare++;
    checks.equal(`sumdb accepts bit ${bit} of ${path} flipped`, String(accepted[i]), String(isSpare));
    if (path === 'checkpoint')
      checks.check(`we reject bit ${bit} of ${path} flipped`, !opens(flipBit(note, bit), verifier));
  }
  checks.note(
    `${FLIPS} bits of tiles and bundles, ${flips.length - FLIPS} of the checkpoint flipped; ${spare} of these are spare bits of base64, which Go accepts and we do not`,
  );
}

/** Whether a reader of base64 who ignores spare bits sees the same text and signature. */
function isSameNote(note: Uint8Array, other: Uint8Array): boolean {
  const [own, its] = [note, other].map((bytes) => Buffer.from(bytes).toString('utf8').split('\u2014 '));
  if (own!.length !== its!.length || own![0] !== its![0]) return false;
  const [[name, line], [itsName, itsLine]] = [own!, its!].map((parts) => parts[1]!.split(' ')) as [
    string[],
    string[],
  ];
  const letters = /^[A-Za-z0-9+/]+=\n$/;
  return (
    name === itsName &&
    letters.test(itsLine!) &&
    Buffer.from(line!, 'base64').equals(Buffer.from(itsLine!, 'base64'))
  );
}

function opens(note: Uint8Array, verifier: VerifierKey): boolean {
  try {
    openNote(note, [verifier]);
    return true;
  } catch (error) {
    if (PhalanxError.is(error)) return false;
    throw error;
  }
}
