import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ResetGuard, startResetGuard } from './reset-guard.js';

const PROGRAM = fileURLToPath(new URL('./clickhouse-node.js', import.meta.url));
const START_MS = 60_000;
/** Nodes name one another by this address, where the guards listen; a node takes it for its own if the port is. */
const GUARD_HOST = '127.0.0.1';
/** Where they really listen, on the same port. Linux has all of 127/8; elsewhere it must be made an alias first. */
const NODE_HOST = '127.0.0.2';

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
  /** `running`, `killed` (by `kill`), or how it ended by itself. */
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

/** How the nodes run. */
export interface ClusterOptions {
  /** Holds each node to this core by `taskset`, first node first; absent: any core. */
  readonly cores?: readonly number[];
  /** Nodes reach one another without a reset guard: quicker, and only where none is killed. */
  readonly unguarded?: boolean;
}

/** Starts shards times copies nodes on free ports of this machine, without Keeper, each a process of its own. */
export async function startClickhouseCluster(
  shards: number,
  copies: number,
  { cores, unguarded }: ClusterOptions = {},
): Promise<ClickhouseCluster> {
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
        .map(({ tcp }) => `<replica><host>${GUARD_HOST}</host><port>${tcp}</port></replica>`)
        .join('')}</shard>`,
  ).join('');
  const host = unguarded ? GUARD_HOST : NODE_HOST;
  const nodes: ClickhouseNode[] = [];
  for (const [index, { http, tcp }] of places.entries()) {
    const config = join(root, `node${index}.xml`);
    const data = join(root, `node${index}`);
    await mkdir(data);
    await writeFile(
      config,
      `<clickhouse><listen_host>${host}</listen_host><http_port>${http}</http_port><tcp_port>${tcp}</tcp_port>
       <remote_servers><${CLUSTER}>${topology}</${CLUSTER}></remote_servers></clickhouse>`,
    );
    nodes.push(makeNode([PROGRAM, config, data], `http://${host}:${http}`, cores?.[index]));
  }
  const guards: ResetGuard[] = [];
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    await Promise.all(guards.map((guard) => guard.close()));
    await rm(root, { recursive: true, force: true });
  };
  try {
    for (const { tcp } of unguarded ? [] : places)
      guards.push(await startResetGuard({ host: GUARD_HOST, port: tcp }, { host: NODE_HOST, port: tcp }));
    await Promise.all(nodes.map((node) => node.start()));
    for (const node of nodes) await node.query(`CREATE DATABASE ${DATABASE} ENGINE = Atomic`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, stop };
}

function makeNode(program: readonly string[], url: string, core: number | undefined): ClickhouseNode {
  const command =
    core === undefined ? [process.execPath] : ['taskset', '--cpu-list', String(core), process.execPath];
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
      return `ended by itself, ${child.signalCode ?? child.exitCode}`;
    },
    async start() {
      const started = spawn(command[0]!, [...command.slice(1), ...program], { stdio: 'ignore' });
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
