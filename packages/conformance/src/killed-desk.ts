import { type ChildProcess, spawn } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOUR_MS } from '@phalanx/core';
import { TransparencyLog } from '@phalanx/ledger';
import {
  approve,
  digestTerms,
  formatSigned,
  generateIdentity,
  makeLease,
  openBytesSource,
  openSealedStream,
  type PacedContainer,
  type ReleaseStatement,
  recipientOf,
  type SignedLease,
  sealPaced,
} from '@phalanx/weights';
import { settingsIn } from './killed-log.js';
import { readReleases } from './logged-releases.js';
import { collectBytes } from './sealed-bytes.js';
import type { DeskTask } from './sealing-desk.js';

const DESK = fileURLToPath(new URL('./sealing-desk.js', import.meta.url));
/** Each fourth kill falls while the service starts, the others after some answers and a part of the time that one takes. */
const START_MS = 500;
const MAX_ANSWERS = 10;
const ANSWER_MS = 20;
const SEGMENTS = 600;
const SEGMENT_BYTES = 65_536;
const ASKERS = 3;
const LONGEST_MS = 30_000;

/** Rates of the leases, and of the container that both are of. */
export const LEASE_RATES = [4, 5] as const;
export const CONTAINER_RATE = 7;

/** A key that a client has in hand. */
export interface ReceivedKey {
  /** Which of the two leases. */
  readonly lease: number;
  readonly segment: number;
  /** By the desk's clock, when it came first. */
  readonly atMs: number;
  readonly header: Uint8Array;
}

/** What was seen through all kills. */
export interface KilledDesk {
  readonly received: readonly ReceivedKey[];
  readonly statements: readonly ReleaseStatement[];
  readonly leaseDigests: readonly string[];
  readonly lessees: readonly string[];
  readonly container: PacedContainer;
  readonly containerFolder: string;
  readonly startMs: number;
  readonly kills: number;
  /** Kills while a request was under way. */
  readonly killsWhileAsked: number;
  /** Answers with at least one key. */
  readonly answers: number;
  /** Hours of the desk's clock. */
  readonly hours: number;
}

/**
 * Clients ask for keys without pause while the service gets SIGKILL at random moments, `kills` times. Its hour takes `hourMs`.
 *
 * @param logLateMs makes the service hand out before it logs: a defect that the result must show
 */
export async function askThroughKills(
  folder: string,
  kills: number,
  hourMs: number,
  logLateMs: number | null = null,
): Promise<KilledDesk> {
  mkdirSync(join(folder, 'log'), { recursive: true });
  const logKey = generateKeyPairSync('ed25519').privateKey;
  writeFileSync(join(folder, 'key.pem'), logKey.export({ format: 'pem', type: 'pkcs8' }));
  const identity = await generateIdentity('X25519');
  writeFileSync(join(folder, 'service.id'), identity, { mode: 0o600 });
  const people = ['ada', 'bea'].map((name) => ({ name, key: generateKeyPairSync('ed25519').privateKey }));
  const approvers = people.map(({ name, key }) => ({
    name,
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }),
  }));
  writeFileSync(join(folder, 'approvers.json'), JSON.stringify(approvers));
  writeFileSync(join(folder, 'model.bin'), new Uint8Array(SEGMENTS * SEGMENT_BYTES));
  const containerFolder = join(folder, 'container');
  const container = await sealPaced(join(folder, 'model.bin'), containerFolder, {
    service: await recipientOf(identity),
    segmentBytes: SEGMENT_BYTES,
    keysPerHour: CONTAINER_RATE,
  });
  const lessees = await Promise.all(LEASE_RATES.map(() => generateIdentity('X25519')));
  const epochMs = Date.now();
  const leases = await Promise.all(
    LEASE_RATES.map(async (keysPerHour, i): Promise<SignedLease> => {
      const lease = makeLease(container, {
        recipient: await recipientOf(lessees[i]!),
        segments: 'all',
        keysPerHour,
        notBeforeMs: epochMs,
        notAfterMs: epochMs + 100_000 * HOUR_MS,
        purpose: 'kills',
      });
      return {
        schema: 'phalanx.signed-lease.v1',
        lease,
        approvals: people.map(({ key }) => approve(lease, key)),
      };
    }),
  );
  const client = new Client(leases, lessees, () => epochMs + ((Date.now() - epochMs) * HOUR_MS) / hourMs);
  const task: DeskTask = { folder, container: containerFolder, epochMs, hourMs, logLateMs };
  let killsWhileAsked = 0;
  for (let kill = 0; kill < kills; kill++) {
    const desk = spawn(process.execPath, [DESK, JSON.stringify(task)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(desk, 'exit');
    const die = (): void => {
      if (client.isAsking) killsWhileAsked++;
      desk.kill('SIGKILL');
    };
    if (kill % 4 === 3) setTimeout(die, randomInt(START_MS));
    client.answersToDeath = kill % 4 === 3 ? Number.POSITIVE_INFINITY : randomInt(1, MAX_ANSWERS + 1);
    client.onLastAnswer = () => setTimeout(die, randomInt(1000 * ANSWER_MS) / 1000);
    await client.askUntilEnd(desk);
    await ended;
    if (desk.signalCode !== 'SIGKILL') throw new Error(`a desk ended with ${desk.exitCode}`);
  }
  const log = await TransparencyLog.open(settingsIn(folder, logKey));
  const statements = [...readReleases(log)];
  log.close();
  return {
    received: client.received,
    statements,
    leaseDigests: leases.map(({ lease }) => digestTerms(lease)),
    lessees,
    container,
    containerFolder,
    startMs: epochMs,
    kills,
    killsWhileAsked,
    answers: client.answers,
    hours: (client.nowMs() - epochMs) / HOUR_MS,
  };
}

/** Asks under both leases for segments at random, again and again, and forgets nothing that it was given. */
class Client {
  readonly received: ReceivedKey[] = [];
  readonly nowMs: () => number;
  answers = 0;
  isAsking = false;
  /** After so many more answers `onLastAnswer` is called, once. */
  answersToDeath = Number.POSITIVE_INFINITY;
  onLastAnswer: () => unknown = () => undefined;
  readonly #leases: readonly SignedLease[];
  readonly #lessees: readonly string[];
  readonly #known = new Set<string>();

  constructor(leases: readonly SignedLease[], lessees: readonly string[], nowMs: () => number) {
    this.#leases = leases;
    this.#lessees = lessees;
    this.nowMs = nowMs;
  }

  /** Until the process is gone. */
  async askUntilEnd(desk: ChildProcess): Promise<void> {
    const gone = new AbortController();
    desk.once('exit', () => gone.abort());
    let url = '';
    desk.stdout!.on('data', (text) => (url += String(text)));
    while (!url.endsWith('\n')) {
      if (gone.signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.isAsking = true;
    await Promise.all(Array.from({ length: ASKERS }, (_, i) => this.#ask(url.trim(), i % 2, gone.signal)));
    this.isAsking = false;
  }

  async #ask(url: string, lease: number, gone: AbortSignal): Promise<void> {
    try {
      const shown = await post(`${url}/v1/leases`, formatSigned(this.#leases[lease]!), '', gone);
      this.#countAnswer();
      const sealed = Buffer.from(shown.token as string, 'base64');
      const token = await collectBytes(openSealedStream(openBytesSource(sealed), [this.#lessees[lease]!]));
      while (!gone.aborted) {
        const segments = Array.from({ length: randomInt(1, 7) }, () => randomInt(SEGMENTS));
        const body = Buffer.from(JSON.stringify({ leaseSha256: shown.leaseSha256, segments }));
        const { keys } = await post(`${url}/v1/keys`, body, Buffer.from(token).toString('latin1'), gone);
        this.#countAnswer();
        this.#keep(lease, keys as { segment: number; header: string }[]);
      }
    } catch (error) {
      if (!gone.aborted && !isCut(error)) throw error;
      // The answer may be cut off before the process is seen to be gone.
      if (!gone.aborted) await once(gone, 'abort');
    }
  }

  #countAnswer(): void {
    if (--this.answersToDeath === 0) this.onLastAnswer();
  }

  #keep(lease: number, keys: readonly { readonly segment: number; readonly header: string }[]): void {
    if (keys.length > 0) this.answers++;
    const atMs = this.nowMs();
    for (const { segment, header } of keys) {
      const name = `${lease} ${segment}`;
      if (this.#known.has(name)) continue;
      this.#known.add(name);
      this.received.push({ lease, segment, atMs, header: Buffer.from(header, 'base64') });
    }
  }
}

function isCut(error: unknown): boolean {
  return error instanceof TypeError;
}

async function post(
  url: string,
  body: Uint8Array,
  token: string,
  gone: AbortSignal,
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.any([gone, AbortSignal.timeout(LONGEST_MS)]),
  });
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}
