import { PhalanxError } from '@phalanx/core';
import type { StoreErrorCode } from '../errors.js';
import { Answer } from './answer.js';
import { type ClickhouseAddress, openClickhouse } from './clickhouse.js';
import type { EngineConnection } from './connection.js';
import { quoteText } from './schema.js';

/** A node of a cluster as its own configuration names it. */
export interface ClusterNode {
  /** `host:port` of the native protocol. */
  readonly address: string;
  /** 0 and up. */
  readonly shard: number;
  /** Null until its URL has answered once. */
  connection: EngineConnection | null;
}

/**
 * The nodes of a cluster, and which of the given URLs is which. A URL that does not answer now is asked again by
 * `identify`, so a dead node at the start joins when it is back.
 */
export class ClusterTopology {
  readonly nodes: readonly ClusterNode[];
  readonly shards: number;
  readonly #cluster: string;
  #unknown: EngineConnection[];

  constructor(cluster: string, nodes: readonly ClusterNode[], unknown: EngineConnection[]) {
    this.#cluster = cluster;
    this.nodes = nodes;
    this.#unknown = unknown;
    this.shards = new Set(nodes.map((node) => node.shard)).size;
  }

  /** Matches URLs that had not answered yet with their nodes; `welcome` runs on each before it is used. */
  async identify(welcome: (connection: EngineConnection) => Promise<void>): Promise<void> {
    const still: EngineConnection[] = [];
    for (const connection of this.#unknown) {
      if (!(await connection.isAlive())) {
        still.push(connection);
        continue;
      }
      const self = (await readNodes(connection, this.#cluster)).find((row) => row.isLocal);
      const node = this.nodes.find((candidate) => candidate.address === self?.address);
      if (!node || node.connection)
        throw argument(`two URLs are one node, or a node of another cluster: ${self?.address ?? 'unnamed'}`);
      await welcome(connection);
      node.connection = connection;
    }
    this.#unknown = still;
  }

  /** The nodes that answer now. */
  async findAlive(): Promise<ClusterNode[]> {
    const alive = await Promise.all(this.nodes.map((node) => node.connection?.isAlive() ?? false));
    return this.nodes.filter((_, index) => alive[index]);
  }

  async close(): Promise<void> {
    const known = this.nodes.flatMap((node) => node.connection ?? []);
    await Promise.all([...known, ...this.#unknown].map((connection) => connection.close()));
  }
}

/**
 * Reads the cluster's shape from the first URL that answers.
 *
 * @throws PhalanxError `STORE_UNAVAILABLE` when none does; `STORE_ARGUMENT` when that server knows no such cluster.
 */
export async function openTopology(address: ClickhouseAddress, cluster: string): Promise<ClusterTopology> {
  const urls = typeof address.url === 'string' ? [address.url] : address.url;
  const connections = await Promise.all(urls.map((url) => openClickhouse({ ...address, url })));
  try {
    for (const connection of connections) {
      if (!(await connection.isAlive())) continue;
      const rows = await readNodes(connection, cluster);
      if (rows.length === 0) throw argument(`the server knows no cluster ${cluster}`);
      const nodes = rows.map(({ address, shard }) => ({ address, shard, connection: null }));
      return new ClusterTopology(cluster, nodes, connections);
    }
    throw new PhalanxError<StoreErrorCode>('STORE_UNAVAILABLE', 'no node of the cluster answers', {
      retryable: true,
      advice: 'Check the telemetry URLs.',
    });
  } catch (error) {
    await Promise.all(connections.map((connection) => connection.close()));
    throw error;
  }
}

async function readNodes(
  connection: EngineConnection,
  cluster: string,
): Promise<{ address: string; shard: number; isLocal: boolean }[]> {
  const found = new Answer(
    await connection.queryNative(
      `SELECT concat(host_name, ':', toString(port)) AS address, toUInt32(shard_num - 1) AS shard,
       toUInt8(is_local) AS local FROM system.clusters WHERE cluster = ${quoteText(cluster)} ORDER BY shard, address`,
    ),
  );
  const [shard, local] = [found.uint32('shard'), found.bytes('local')];
  return found
    .strings('address')
    .map((address, row) => ({ address, shard: shard[row]!, isLocal: local[row] === 1 }));
}

function argument(message: string): PhalanxError<StoreErrorCode> {
  return new PhalanxError('STORE_ARGUMENT', message, {
    advice: 'Give one URL for each node of the cluster.',
  });
}
