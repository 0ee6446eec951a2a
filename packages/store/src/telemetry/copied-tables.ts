import { PhalanxError } from '@phalanx/core';
import type { StoreErrorCode } from '../errors.js';
import { Answer } from './answer.js';
import type { ClickhouseAddress } from './clickhouse.js';
import type { ClusterNode, ClusterTopology } from './cluster-topology.js';
import { engineError } from './connection.js';
import { encodeNative } from './native.js';
import { localName, quoteText, TABLES, type TableSource } from './schema.js';
import { readAgain, type TableAccess } from './table-access.js';

/**
 * Tables on a cluster without Keeper: the store writes every copy itself.
 *
 * An insert goes to all nodes at once, each keeping the rows of its shard. It is acknowledged when a majority of all
 * nodes, among them at least one of every shard, has it on disk, and that majority has noted which other nodes may lack
 * rows (`stale_copies`). A read first collects those notes from a majority. Two majorities share a node, so a read
 * knows of every copy that missed an acknowledged insert and asks another one; with no complete copy of some shard in
 * reach it fails with `STORE_UNAVAILABLE` and never answers short. `repair` fills stale copies from complete ones.
 *
 * So the loss of any minority of nodes stops nothing as long as each shard keeps a complete copy. It holds for one
 * writing process at a time. Distributed tables are not used for writing: with `internal_replication=false` a
 * foreground insert fails when one copy is down, and a background one is acknowledged from a single node's spool.
 */
export class CopiedTables implements TableAccess {
  readonly #topology: ClusterTopology;
  readonly #address: ClickhouseAddress;
  readonly #welcome: (node: ClusterNode['connection'] & object) => Promise<void>;
  #version = 0n;
  /** Reads take turns in who leads them. */
  #turn = 0;
  #writing: Promise<unknown> = Promise.resolve();

  /** `welcome` brings a node's schema up to date before it is first used. */
  constructor(
    topology: ClusterTopology,
    address: ClickhouseAddress,
    welcome: (connection: ClusterNode['connection'] & object) => Promise<void>,
  ) {
    this.#topology = topology;
    this.#address = address;
    this.#welcome = welcome;
  }

  insert(table: TableSource, columns: readonly string[], bytes: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      await this.#topology.identify(this.#welcome);
      const alive = await this.#topology.findAlive();
      const tries = await Promise.all(
        alive.map(async (node) => ((await this.#insertAt(node, table, columns, bytes)) ? node : null)),
      );
      const done = tries.filter((node) => node !== null);
      const complete = await this.#noteStale(table, done);
      this.#demandMajority(complete);
      if (table.shardBy) this.#demandShards(complete);
    });
  }

  read(build: (relation: (table: TableSource) => string) => string) {
    return readAgain(async () => {
      await this.#topology.identify(this.#welcome);
      const alive = await this.#topology.findAlive();
      this.#demandMajority(alive);
      const stale = await this.#collectStale(alive);
      const whole = (node: ClusterNode, table: TableSource) => !stale.has(`${node.address} ${table.name}`);
      const relationAt = (initiator: ClusterNode) => (table: TableSource) => {
        if (!table.shardBy) {
          if (!whole(initiator, table)) throw new NotHere();
          return table.name;
        }
        const fit = alive.filter((node) => whole(node, table));
        this.#demandShards(fit);
        const chosen = Array.from({ length: this.#topology.shards }, (_, shard) =>
          // Rather itself than a neighbour: one hop less, and the load follows the choice of the initiator.
          initiator.shard === shard && fit.includes(initiator)
            ? initiator
            : fit.find((node) => node.shard === shard)!,
        );
        return this.#remote(chosen, table);
      };
      const turn = this.#turn++ % alive.length;
      for (const initiator of [...alive.slice(turn), ...alive.slice(0, turn)]) {
        let sql: string;
        try {
          sql = build(relationAt(initiator));
        } catch (error) {
          if (error instanceof NotHere) continue;
          throw error;
        }
        return initiator.connection!.queryNative(sql);
      }
      throw unavailable('no complete copy of a table is in reach');
    });
  }

  async maintain(table: TableSource, build: (target: string) => string): Promise<void> {
    await this.#inTurn(async () => {
      for (const node of await this.#topology.findAlive()) await node.connection!.exec(build(placeOf(table)));
    });
  }

  /**
   * Fills the living stale copies from a complete one: of each partition whose rows differ in number or content, all
   * rows are copied; those already there collapse. Where no copy is complete (each missed another insert) and all are
   * up, each gets the rows of all others. Inserts wait meanwhile. Returns the partitions copied.
   */
  repair(): Promise<number> {
    return this.#inTurn(async () => {
      await this.#topology.identify(this.#welcome);
      const alive = await this.#topology.findAlive();
      this.#demandMajority(alive);
      const stale = await this.#collectStale(alive);
      let copied = 0;
      for (const table of Object.values<TableSource>(TABLES))
        for (const group of this.#groupCopies(table)) {
          const isStale = (node: ClusterNode) => stale.has(`${node.address} ${table.name}`);
          const here = group.filter((node) => alive.includes(node));
          const whole = here.find((node) => !isStale(node));
          if (!whole && here.length < group.length) continue;
          const targets = here.filter(isStale);
          for (const target of targets)
            for (const source of whole ? [whole] : here)
              if (source !== target) copied += await this.#copy(table, source, target);
          if (targets.length > 0)
            await this.#note(
              alive,
              targets.map((node) => ({ node, table, stale: 0 })),
            );
        }
      return copied;
    });
  }

  /** The sets of nodes that hold the same rows of a table. */
  #groupCopies(table: TableSource): ClusterNode[][] {
    const { nodes, shards } = this.#topology;
    if (!table.shardBy) return [[...nodes]];
    return Array.from({ length: shards }, (_, shard) => nodes.filter((node) => node.shard === shard));
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#topology.close();
  }

  /** False when the node is lost; throws when it refuses the bytes. */
  async #insertAt(
    node: ClusterNode,
    table: TableSource,
    columns: readonly string[],
    bytes: Uint8Array,
  ): Promise<boolean> {
    const only = table.shardBy
      ? {
          structure: table.columns
            .map((column) => column.replace(/ CODEC\(.*$/, ''))
            .filter((column) => columns.includes(column.split(' ')[0]!)),
          where: `${table.shardBy} % ${this.#topology.shards} = ${node.shard}`,
        }
      : undefined;
    try {
      await node.connection!.insertNative(placeOf(table), columns, bytes, only);
      return true;
    } catch (cause) {
      if (engineError(cause, 'an insert').code === 'STORE_UNAVAILABLE') return false;
      throw cause;
    }
  }

  /** Notes on all of `done` that every other node is stale. Returns those of `done` that took the note. */
  async #noteStale(table: TableSource, done: readonly ClusterNode[]): Promise<ClusterNode[]> {
    let complete = [...done];
    for (;;) {
      const missing = this.#topology.nodes.filter((node) => !complete.includes(node));
      if (missing.length === 0 || complete.length === 0) return complete;
      const noted = await this.#note(
        complete,
        missing.map((node) => ({ node, table, stale: 1 })),
      );
      if (noted.length === complete.length) return noted;
      complete = noted;
    }
  }

  async #note(
    on: readonly ClusterNode[],
    notes: readonly { node: ClusterNode; table: TableSource; stale: number }[],
  ): Promise<ClusterNode[]> {
    const now = BigInt(Date.now()) * 1000n;
    this.#version = now > this.#version ? now : this.#version + 1n;
    const bytes = encodeNative({
      rows: notes.length,
      columns: [
        { name: 'node', type: 'String', values: notes.map(({ node }) => node.address) },
        { name: 'relation', type: 'String', values: notes.map(({ table }) => table.name) },
        { name: 'stale', type: 'UInt8', values: Uint8Array.from(notes, ({ stale }) => stale) },
        { name: 'version', type: 'UInt64', values: new BigUint64Array(notes.length).fill(this.#version) },
      ],
    });
    const columns = ['node', 'relation', 'stale', 'version'];
    const took = await Promise.all(
      on.map((node) => this.#insertAt(node, TABLES.staleCopies, columns, bytes)),
    );
    return on.filter((_, index) => took[index]);
  }

  /** `address relation` of every copy that may lack rows: the latest note on each, from whatever node has it. */
  async #collectStale(alive: readonly ClusterNode[]): Promise<ReadonlySet<string>> {
    const latest = new Map<string, { version: bigint; stale: boolean }>();
    for (const node of alive) {
      const found = new Answer(
        await node.connection!.queryNative('SELECT node, relation, stale, version FROM stale_copies FINAL'),
      );
      const [relation, stale, version] = [
        found.strings('relation'),
        found.bytes('stale'),
        found.uint64('version'),
      ];
      found.strings('node').forEach((address, row) => {
        const copy = `${address} ${relation[row]}`;
        const known = latest.get(copy);
        if (!known || version[row]! > known.version)
          latest.set(copy, { version: version[row]!, stale: stale[row] === 1 });
        if (version[row]! > this.#version) this.#version = version[row]!;
      });
    }
    return new Set([...latest].filter(([, note]) => note.stale).map(([copy]) => copy));
  }

  async #copy(table: TableSource, source: ClusterNode, target: ClusterNode): Promise<number> {
    const partition = table.partitionBy ?? '0';
    const place = placeOf(table);
    const summarise = async (node: ClusterNode) => {
      const found = new Answer(
        await node.connection!.queryNative(
          `SELECT toUInt32(${partition}) AS p, count() AS n, sum(cityHash64(*)) AS content
           FROM ${place} FINAL GROUP BY p`,
        ),
      );
      const [n, content] = [found.uint64('n'), found.uint64('content')];
      return new Map(Array.from(found.uint32('p'), (value, row) => [value, `${n[row]} ${content[row]}`]));
    };
    const [there, here] = [await summarise(source), await summarise(target)];
    let copied = 0;
    for (const [value, summary] of there) {
      if (here.get(value) === summary) continue;
      await target.connection!.exec(
        `INSERT INTO ${place} SELECT * FROM ${this.#remote([source], table)} WHERE toUInt32(${partition}) = ${value}`,
      );
      copied++;
    }
    return copied;
  }

  /** Chosen copies, one a shard, over the native protocol. */
  #remote(nodes: readonly ClusterNode[], table: TableSource): string {
    const { username = 'default', password = '', database = 'default' } = this.#address;
    const parts = [nodes.map((node) => node.address).join(','), database, placeOf(table), username, password];
    return `remote(${parts.map(quoteText).join(', ')})`;
  }

  #demandMajority(nodes: readonly ClusterNode[]): void {
    if (nodes.length * 2 <= this.#topology.nodes.length)
      throw unavailable(`${nodes.length} of ${this.#topology.nodes.length} nodes are in reach, no majority`);
  }

  #demandShards(nodes: readonly ClusterNode[]): void {
    for (let shard = 0; shard < this.#topology.shards; shard++)
      if (!nodes.some((node) => node.shard === shard))
        throw unavailable(`no complete copy of shard ${shard + 1} is in reach`);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#writing.catch(() => undefined).then(act);
    this.#writing = mine.catch(() => undefined);
    return mine;
  }
}

class NotHere extends Error {}

function placeOf(table: TableSource): string {
  return table.shardBy ? localName(table.name) : table.name;
}

function unavailable(message: string): PhalanxError<StoreErrorCode> {
  return new PhalanxError('STORE_UNAVAILABLE', message, {
    retryable: true,
    advice: 'Bring the cluster nodes back; then repair.',
  });
}
