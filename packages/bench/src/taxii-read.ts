import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PhalanxError } from '@phalanx/core';
import { startTemporaryPostgres } from '@phalanx/store/temporary';
import { formatTimes } from './percentiles.js';
import type { HostTask } from './taxii-read-host.js';
import { drawIndicator } from './taxii-read-objects.js';

const COLLECTION = '91a7b528-80eb-42ed-a74d-c6fbd5a26116';
const TAXII = 'application/taxii+json;version=2.1';
/** medallion compares each object with each: more would not come in minutes. */
const PEER_OBJECTS = { medallion: 300, opentaxii: 5_000 } as const;
const PEER_PAGES = { medallion: [100], opentaxii: [500, 1000] } as const;
const PEERS = fileURLToPath(new URL('../../conformance/python/taxii-peers.py', import.meta.url));
const HOST = fileURLToPath(new URL('./taxii-read-host.js', import.meta.url));
/** `USER_HZ` of Linux. */
const TICK_MS = 10;

/** A collection read to its end by pages over HTTP, from three stores of ours and from servers of others. */
export async function benchTaxiiRead(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      objects: { type: 'string', default: '100000' },
      stores: { type: 'string', default: 'memory,pglite,postgres' },
      'no-peers': { type: 'boolean', default: false },
    },
  });
  const objects = Number(values.objects);
  if (!Number.isSafeInteger(objects) || objects < 1) {
    throw new PhalanxError('BENCH_USAGE', '--objects is no number', { advice: 'Give one, e.g. 100000.' });
  }
  console.log(
    'pages over one connection, one after the other; a rate is objects by the time of the requests',
  );
  for (const store of values.stores.split(',') as HostTask['store'][]) await benchOwn(store, objects, false);
  await benchOwn('memory', objects, true);
  if (!values['no-peers']) await benchPeers();
}

async function benchOwn(store: HostTask['store'], objects: number, judged: boolean): Promise<void> {
  const server = store === 'postgres' ? await startTemporaryPostgres() : null;
  const task: HostTask = { store, url: server?.url ?? '', collection: COLLECTION, objects, judged };
  const host = fork(HOST, [JSON.stringify(task)]);
  const [{ url }] = (await once(host, 'message')) as [{ url: string }];
  for (const limit of [500, 1000]) {
    const what = `${store}${judged ? ', each object judged and a part of it hidden' : ''}`;
    await readAll(what, host, new URL(url), limit, {});
    await readAll(what, host, new URL(url), limit, {});
  }
  const ended = once(host, 'exit');
  host.send('end');
  await ended;
  await server?.stop();
}

async function benchPeers(): Promise<void> {
  const authorization = `Basic ${Buffer.from('admin:Password0').toString('base64')}`;
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-taxii-read-'));
  for (const [name, argument] of [
    ['opentaxii', folder],
    ['medallion', '1000'],
  ] as const) {
    const peer = spawn(process.env.PHALANX_PYTHON ?? 'python3', [PEERS, name, argument], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const url = await readUrl(peer);
    if (url === null) console.log(`${name}: not here (PHALANX_PYTHON names an interpreter that has it)`);
    else {
      const headers = { authorization };
      const status = await fill(url, PEER_OBJECTS[name], headers);
      if (status !== 202) console.log(`${name}: answers ${status} to objects; OpenTAXII before 0.10 does so`);
      else for (const limit of PEER_PAGES[name]) await readAll(name, peer, url, limit, headers);
      const ended = once(peer, 'exit');
      peer.stdin!.end();
      await ended;
    }
  }
  rmSync(folder, { recursive: true });
}

/** Null when it ended without one. */
async function readUrl(peer: ChildProcess): Promise<URL | null> {
  for await (const line of createInterface({ input: peer.stdout! })) {
    if (!line.startsWith('{')) continue;
    peer.stdout!.resume();
    return new URL((JSON.parse(line) as { url: string }).url);
  }
  return null;
}

/** The status of the first answer that is not 202, or 202. */
async function fill(url: URL, objects: number, headers: Record<string, string>): Promise<number> {
  const from = performance.now();
  for (let at = 0; at < objects; at += 100) {
    const body = JSON.stringify({
      objects: Array.from({ length: 100 }, (_, place) => drawIndicator(at + place)),
    });
    const { status } = await fetch(new URL('objects/', url), {
      method: 'POST',
      headers: { ...headers, accept: TAXII, 'content-type': TAXII },
      body,
    });
    if (status !== 202) return status;
  }
  console.log(`  (${objects} objects written in ${((performance.now() - from) / 1000).toFixed(1)} s)`);
  return 202;
}

/** Reads everything once and prints what it took. Reading of JSON by this side is not counted. */
async function readAll(
  what: string,
  server: ChildProcess,
  url: URL,
  limit: number,
  headers: Record<string, string>,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  const cpuFrom = readCpuMs(server.pid!);
  let objects = 0;
  let bytes = 0;
  for (let next = ''; ; ) {
    const from = performance.now();
    const body = await get(new URL(`objects/?limit=${limit}${next}`, url), agent, headers);
    times.push(performance.now() - from);
    bytes += body.length;
    const page = JSON.parse(body.toString()) as { objects?: unknown[]; more?: boolean; next?: string };
    objects += page.objects?.length ?? 0;
    if (page.more !== true) break;
    next = `&next=${encodeURIComponent(page.next!)}`;
  }
  agent.destroy();
  const seconds = times.reduce((sum, ms) => sum + ms, 0) / 1000;
  const cpu = (readCpuMs(server.pid!) - cpuFrom) / 1000;
  console.log(
    `${what}, pages of ${limit}: ${objects} objects, ${(objects / seconds).toFixed(0)} a second, ${(bytes / seconds / 1e6).toFixed(0)} MB/s, ` +
      `${(objects / cpu).toFixed(0)} a second of the server's processor; a page ${formatTimes(times)}`,
  );
}

function get(url: URL, agent: Agent, headers: Record<string, string>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, headers: { ...headers, accept: TAXII } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(parts));
        else reject(new Error(`a page was answered ${answer.statusCode}`));
      });
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Processor time of a process and its threads so far, from Linux; NaN elsewhere. */
function readCpuMs(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.NaN;
  }
}
