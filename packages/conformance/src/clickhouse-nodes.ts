import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./clickhouse-node.js', import.meta.url));
const START_MS = 60_000;

/** Name of the cluster in every node's configuration. */
export const CLUSTER = 'telemetry';
/** A database whose tables survive a restart; the built-in default of this mode need not. */
export const DATABASE = 'phalanx';

/** One node of the cluster, living or dead. */
export interface ClickhouseNode {
  readonly url: string;
  /** SIGKILL, and wait until it is gone. */
  kill(): Promise<void>;
  /** Starts it, on the data it had; resolves when it answers. */
  start(): Promise<void>;
  /** Running, killed by us, or how it ended by itself. */
  state(): string;
  /** Runs a statement and returns its text. */
  query(sql: string): Promise<string>;
}

/** A running cluster. */
export interface ClickhouseCluster {
  /** Shard 1 copy 1, shard 1 copy 2, shard 2 copy 1, ... */
  readonly nodes: readonly ClickhouseNode[];
  stop(): Promise<void>;
}

/** Starts shards times copies nodes on free ports of this machine, without Keeper, each a process of its own. */
export async function startClickhouseCluster(shards: number, copies: number): Promise<ClickhouseCluster> {
  const root = await mkdtemp(join(tmpdir(), 'phalanx-cluster-'));
  const ports = await findPorts(shards * copies * 2);
  const places = Array.from({ length: shards * copies }, (_, index) => ({
    http: ports[2 * index]!,
    tcp: ports[2 * index + 1]!,
    shard: Math.floor(index / copies),
  }));
  const topology = Array.from(
    { length: shards },
    (_, shard) =>
      `<shard><internal_replication>false</internal_replication>${places
        .filter((place) => place.shard === shard)
        .map(({ tcp }) => `<replica><host>127.0.0.1</host><port>${tcp}</port></replica>`)
        .join('')}</shard>`,
  ).join('');
  const nodes: ClickhouseNode[] = [];
  for (const [index, { http, tcp }] of places.entries()) {
    const config = join(root, `node${index}.xml`);
    const data = join(root, `node${index}`);
    await mkdir(data);
    await writeFile(
      config,
      `<clickhouse><listen_host>127.0.0.1</listen_host><http_port>${http}</http_port><tcp_port>${tcp}</tcp_port>
       <remote_servers><${CLUSTER}>${topology}</${CLUSTER}></remote_servers></clickhouse>`,
    );
    nodes.push(makeNode(config, data, `http://127.0.0.1:${http}`));
  }
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    await rm(root, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map((node) => node.start()));
    for (const node of nodes) await node.query(`CREATE DATABASE ${DATABASE} ENGINE = Atomic`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, stop };
}

function makeNode(config: string, data: string, url: string): ClickhouseNode {
  const log = `${data}.log`;
  let child: ChildProcess | null = null;
  const query = async (sql: string) => {
    const response = await fetch(url, { method: 'POST', body: sql });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url}: ${text}`);
    return text;
  };
  return {
    url,
    query,
    state() {
      if (child === null) return 'killed';
      if (child.exitCode === null && child.signalCode === null) return 'running';
      const said = readFileSync(log, 'utf8').trim().slice(-2000);
      return `ended by itself: ${child.signalCode ?? child.exitCode}, ${said}`;
    },
    async start() {
      const errors = await open(log, 'a');
      const started = spawn(process.execPath, [PROGRAM, config, data], {
        stdio: ['ignore', 'ignore', errors.fd],
      });
      await errors.close();
      child = started;
      const until = Date.now() + START_MS;
      for (;;) {
        if ((await query('SELECT 1').catch(() => '')) === '1\n') return;
        if (started.exitCode !== null || Date.now() > until) throw new Error(`${url} does not start`);
        await sleep(50);
      }
    },
    async kill() {
      const killed = child;
      child = null;
      if (!killed || killed.exitCode !== null || killed.signalCode !== null) return;
      killed.kill('SIGKILL');
      await once(killed, 'exit');
    },
  };
}

/** Free ports, all held at once while they are looked for. */
async function findPorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
