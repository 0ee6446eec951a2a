import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes, utf8 } from '@phalanx/core';
import {
  formatVerifierKey,
  hashLeaf,
  type LogSettings,
  openNote,
  parseTrustPolicy,
  type TlogProof,
  TransparencyLog,
  type VerifierKey,
  verifyTlogProof,
} from '@phalanx/ledger';
import type { Checks } from './checks.js';
import { settingsIn } from './killed-log.js';
import { type Litewitness, startLitewitness } from './litewitness.js';

const ORIGIN = 'witnessed.phalanx.example/log';
const SIZES = [1, 7, 64, 300, 1000, 70_000];

/** A log that another part of the suite wrote, and the key it is known by. */
export interface WitnessableLog {
  readonly log: TransparencyLog;
  readonly verifier: VerifierKey;
}

/**
 * litewitness cosigns each checkpoint of a growing log, and refuses what no honest log sends. `large` is shown to it whole and
 * then with one batch more.
 */
export async function checkLitewitness(checks: Checks, folder: string, large: WitnessableLog): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const settings = openIn(folder, 'witnessed', privateKey);
  const verifier = settings.verifiers[0] as VerifierKey;
  const log = await TransparencyLog.open(settings);
  const witness = await startLitewitness(folder, [verifier, large.verifier].map(formatVerifierKey));
  try {
    const notes = await checkGrowth(checks, witness, { log, verifier });
    const fork = await TransparencyLog.open(openIn(folder, 'fork', privateKey));
    await checkRefusals(
      checks,
      witness,
      log,
      fork,
      notes,
      openIn(folder, 'other', generateKeyPairSync('ed25519').privateKey),
    );
    fork.close();
    const size = log.size;
    log.append([utf8('after the refusals')]);
    await submit(checks, 'goes on after refusals', witness, { log, verifier }, size);
    await submit(checks, `${large.log.signed!.checkpoint.size} entries at once`, witness, large, 0);
    const before = large.log.signed!.checkpoint.size;
    large.log.append(Array.from({ length: 8192 }, (_, i) => utf8(`one batch more ${i}`)));
    await submit(checks, `${before} entries and a batch more`, witness, large, before);
  } finally {
    await witness.close();
    log.close();
  }
}

/** @returns the note of each size */
async function checkGrowth(
  checks: Checks,
  witness: Litewitness,
  own: WitnessableLog,
): Promise<Map<number, Uint8Array>> {
  const { log, verifier } = own;
  const notes = new Map<number, Uint8Array>();
  let cosigned = new Uint8Array(0);
  for (const size of SIZES) {
    const before = log.size;
    log.append(Array.from({ length: size - before }, (_, i) => utf8(`entry ${before + i}`)));
    cosigned = await submit(checks, `${before} to ${size}`, witness, own, before);
    notes.set(size, log.signed!.note);
  }
  const policy = parseTrustPolicy(
    utf8(`log ${formatVerifierKey(verifier)}\nwitness W ${formatVerifierKey(witness.verifier)}\nquorum W\n`),
  );
  const proof: TlogProof = { ...(await log.prove(299)), checkpoint: cosigned };
  const { cosigned: by } = verifyTlogProof(proof, hashLeaf(utf8('entry 299')), policy);
  checks.check('litewitness: a proof that asks for its cosignature', by.has('W'));
  return notes;
}

/** Publishes, asks for a cosignature and checks it. @returns the cosigned note */
async function submit(
  checks: Checks,
  what: string,
  witness: Litewitness,
  { log, verifier }: WitnessableLog,
  oldSize: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const note = await log.publish();
  const { status, body } = await witness.addCheckpoint(oldSize, await log.proveConsistency(oldSize), note);
  checks.check(`litewitness: ${what}`, status === 200, () => `${status} ${body}`);
  const cosigned = concatBytes([note, utf8(body)]) as Uint8Array<ArrayBuffer>;
  const { verified } = openNote(cosigned, [verifier, witness.verifier]);
  checks.equal(`litewitness: ${what}, signatures`, String(verified.length), '2');
  return cosigned;
}

/** What a log sends that forks, goes back, or is another. */
async function checkRefusals(
  checks: Checks,
  witness: Litewitness,
  log: TransparencyLog,
  fork: TransparencyLog,
  notes: ReadonlyMap<number, Uint8Array>,
  other: LogSettings,
): Promise<void> {
  const size = SIZES.at(-1)!;
  const refused = async (
    what: string,
    status: number,
    oldSize: number,
    proof: readonly Uint8Array[],
    note: Uint8Array,
    body?: string,
  ): Promise<void> => {
    const reply = await witness.addCheckpoint(oldSize, proof, note);
    checks.check(
      `litewitness refuses ${what}`,
      reply.status === status,
      () => `${reply.status} ${reply.body}, expected ${status}`,
    );
    if (body !== undefined) checks.equal(`litewitness refuses ${what}: body`, reply.body, body);
  };
  fork.append(Array.from({ length: size }, (_, i) => utf8(`${i === size - 1 ? 'forged' : 'entry'} ${i}`)));
  await refused('a fork of equal size', 422, size, [], await fork.publish());
  fork.append([utf8('more')]);
  const forked = await fork.publish();
  await refused('a fork that has grown', 422, size, await fork.proveConsistency(size), forked);
  await refused(
    'a fork from before its split',
    409,
    1000,
    await fork.proveConsistency(1000),
    forked,
    `${size}\n`,
  );
  await refused('going back', 400, size, [], notes.get(1000)!);
  await refused('going back, disguised', 409, 1000, [], notes.get(1000)!, `${size}\n`);
  const stranger = await TransparencyLog.open(other);
  stranger.append([utf8('entry 0')]);
  await refused('another key', 403, size, [], await stranger.publish());
  stranger.close();
  const { origin } = other;
  const renamed = utf8(Buffer.from(log.signed!.note).toString('utf8').replaceAll(origin, `not.${origin}`));
  await refused('a log that it does not know', 404, size, [], renamed);
}

function openIn(folder: string, name: string, privateKey: Parameters<typeof settingsIn>[1]): LogSettings {
  const own = join(folder, name);
  mkdirSync(own);
  return settingsIn(own, privateKey, ORIGIN);
}
