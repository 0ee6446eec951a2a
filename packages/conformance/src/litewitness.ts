import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { formatAddCheckpoint, parseVerifierKey, type VerifierKey } from '@phalanx/ledger';

const NAME = 'witness.phalanx.example/lite';
const START_MS = 20_000;
const CALL_MS = 10_000;

/** What a witness answered. */
export interface WitnessReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** A running litewitness. */
export interface Litewitness {
  readonly verifier: VerifierKey;
  /** Its submission prefix. */
  readonly url: string;
  addCheckpoint(oldSize: number, proof: readonly Uint8Array[], note: Uint8Array): Promise<WitnessReply>;
  close(): Promise<void>;
}

/**
 * Starts litewitness with a new key, held by an ssh-agent of our own, and makes logs known to it.
 *
 * @param folder has the programs of `go/litewitness` and takes the database
 * @param keys verifier keys of the logs, each named after its origin
 */
export async function startLitewitness(folder: string, keys: readonly string[]): Promise<Litewitness> {
  const socket = join(folder, 'agent.sock');
  const database = join(folder, 'litewitness.db');
  const port = await findPort();
  const children: ChildProcess[] = [];
  const close = async (): Promise<void> => {
    for (const child of children.splice(0).reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  };
  try {
    const agent = spawn(join(folder, 'agent'), [socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(agent);
    const fingerprint = await findLine(agent, agent.stdout, /^(SHA256:\S+)$/);
    const witness = spawn(
      join(folder, 'litewitness'),
      [
        `-name=${NAME}`,
        `-key=${fingerprint}`,
        `-ssh-agent=${socket}`,
        `-db=${database}`,
        `-listen=127.0.0.1:${port}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    children.push(witness);
    const verifier = parseVerifierKey(
      await findLine(witness, witness.stderr, /msg="verifier key" vkey="?([^\s"]+)/),
    );
    await promisify(execFile)(join(folder, 'addlog'), [database, ...keys], { timeout: START_MS });
    const prefix = `http://127.0.0.1:${port}`;
    const url = `${prefix}/add-checkpoint`;
    await waitFor(url);
    return {
      verifier,
      url: prefix,
      close,
      async addCheckpoint(oldSize, proof, note) {
        const body = formatAddCheckpoint(oldSize, proof, note);
        const reply = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(CALL_MS) });
        const contentType = reply.headers.get('content-type') ?? '';
        return { status: reply.status, contentType, body: await reply.text() };
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the first line that fits holds; the rest of the output is thrown away. */
function findLine(child: ChildProcess, output: Readable, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${child.spawnfile} ${why} before it said ${pattern}`));
    const tooLong = setTimeout(() => fail('waited'), START_MS);
    child.once('error', reject);
    child.once('exit', () => fail('ended'));
    createInterface({ input: output }).on('line', (line) => {
      const [, found] = pattern.exec(line) ?? [];
      if (found === undefined) return;
      clearTimeout(tooLong);
      resolve(found);
    });
  });
}

async function waitFor(url: string): Promise<void> {
  for (const until = performance.now() + START_MS; ; await new Promise((next) => setTimeout(next, 20)))
    try {
      await fetch(url, { signal: AbortSignal.timeout(CALL_MS) });
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
    }
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
