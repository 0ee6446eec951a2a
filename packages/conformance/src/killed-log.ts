import { spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  FolderDisk,
  type LogSettings,
  makeNoteSigner,
  makeVerifierKey,
  SignatureType,
  signingKeyOf,
} from '@phalanx/ledger';
import type { WriterLine, WriterTask } from './killed-writer.js';

const WRITER = fileURLToPath(new URL('./killed-writer.js', import.meta.url));
export const KILLED_ORIGIN = 'killed.phalanx.example/log';
/** Nobody's log takes so long to open, nor so long for a few batches. */
const LIFE_MS = 60_000;
const MAX_BATCHES_A_LIFE = 10;
/** A batch takes some 35 ms, a start 300: a moment drawn from so many falls anywhere. */
const BATCH_MS = 40;
const START_MS = 400;

/** A batch that the writer acknowledged. */
export type AcknowledgedBatch = Extract<WriterLine, { first: number }>;

/** What is known of a log whose writer was killed again and again. */
export interface KilledLog {
  readonly batches: readonly AcknowledgedBatch[];
  /** Every checkpoint that anybody saw: said by a writer, or found published after its death. */
  readonly checkpoints: readonly string[];
  readonly kills: number;
  /** Kills before the writer had said that the log is open. */
  readonly killsWhileOpening: number;
  /** Starts that found entries which nobody had acknowledged, since the kill fell between the sync and the word. */
  readonly startsWithMore: number;
  /** Starts that found fewer entries than were acknowledged. */
  readonly startsWithLess: number;
  /** Of all writers, from start to end. */
  readonly seconds: number;
}

/** Settings of the log in `folder`. */
export function settingsIn(folder: string, privateKey: KeyObject, origin = KILLED_ORIGIN): LogSettings {
  const key = signingKeyOf(privateKey);
  return {
    disk: new FolderDisk(join(folder, 'log')),
    state: new FolderDisk(join(folder, 'state')),
    origin,
    signers: [makeNoteSigner(origin, key)],
    verifiers: [makeVerifierKey(origin, SignatureType.ED25519, key.publicKey)],
  };
}

/**
 * Writes a log of at least `entries` entries in `folder`, whose writer gets SIGKILL at `kills` random moments: most within a
 * batch or its checkpoint, each fourth while the log is opened.
 *
 * @throws Error when a writer ends by itself before its time
 */
export async function writeThroughKills(folder: string, kills: number, entries: number): Promise<KilledLog> {
  const began = performance.now();
  mkdirSync(join(folder, 'log'), { recursive: true });
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(folder, 'key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }), {
    mode: 0o600,
  });
  const batches: AcknowledgedBatch[] = [];
  const checkpoints = new Set<string>();
  let acknowledged = 0;
  let [killsWhileOpening, startsWithMore, startsWithLess] = [0, 0, 0];
  for (let life = 0; life <= kills; life++) {
    const isLast = life === kills;
    let isOpen = false;
    await live(
      { folder, life, publishEvery: 1 + (life % 3), entries: isLast ? entries : null },
      isLast
        ? null
        : life % 4 === 3
          ? { batches: 0, ms: START_MS }
          : { batches: randomInt(1, MAX_BATCHES_A_LIFE + 1), ms: BATCH_MS },
      (line) => {
        if ('opened' in line) {
          isOpen = true;
          if (line.opened > acknowledged) startsWithMore++;
          if (line.opened < acknowledged) startsWithLess++;
        }
        if ('first' in line) {
          batches.push(line);
          acknowledged = line.first + line.count;
        } else if (line.note !== null) checkpoints.add(line.note);
      },
    );
    if (!isOpen) killsWhileOpening++;
    const published = join(folder, 'log/checkpoint');
    if (existsSync(published)) checkpoints.add(readFileSync(published, 'utf8'));
  }
  const seconds = (performance.now() - began) / 1000;
  return {
    batches,
    checkpoints: [...checkpoints],
    kills,
    killsWhileOpening,
    startsWithMore,
    startsWithLess,
    seconds,
  };
}

/** When to kill: after so many batches, and a random part of so many milliseconds. */
interface Moment {
  readonly batches: number;
  readonly ms: number;
}

/** One writer, from its start to its death. */
function live(task: WriterTask, moment: Moment | null, hear: (line: WriterLine) => void): Promise<void> {
  const child = spawn(process.execPath, [WRITER, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = (): boolean => child.kill('SIGKILL');
  const killSoon = ({ ms }: Moment): unknown => setTimeout(kill, randomInt(1000 * ms) / 1000);
  const tooLong = setTimeout(kill, LIFE_MS);
  let batches = 0;
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const said = JSON.parse(line) as WriterLine;
      hear(said);
      if ('first' in said && ++batches === moment?.batches) killSoon(moment);
    }
  });
  if (moment?.batches === 0) killSoon(moment);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(tooLong);
      const wanted = moment === null ? code === 0 : signal === 'SIGKILL';
      if (wanted) resolve();
      else reject(new Error(`writer ${task.life} ended with ${signal ?? code}`));
    });
  });
}
