import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { PhalanxError } from '@phalanx/core';
import type { ObjectKind, TelemetryReader } from '@phalanx/domain';
import { ExchangeBlock, openTelemetryStore, openTextVault, type TelemetryStore } from '@phalanx/store';
import { makeExchanges } from './clickhouse-exchanges.js';
import { CLUSTER, type ClickhouseCluster, DATABASE, startClickhouseCluster } from './clickhouse-nodes.js';

const KINDS: readonly ObjectKind[] = [
  'network',
  'fingerprint',
  'parameters',
  'system',
  'tools',
  'prompt',
  'template',
];
const WINDOW = { fromMs: Date.UTC(2026, 0, 5, 5), toMs: Date.UTC(2026, 0, 7, 20) };
const ROWS_A_BLOCK = 2000;

/**
 * The store on a real sharded cluster, two shards of two copies, under `kill -9`: what was acknowledged stays, nothing
 * is doubled, and every reader answers exactly as the embedded single-node store does on the same rows.
 *
 * Prints one line a check. Takes a minute or two and 3 GB of memory.
 */
export async function checkClickhouseCluster(): Promise<{ passed: number; failed: number }> {
  const tally = { passed: 0, failed: 0 };
  const check = (what: string, ok: boolean) => {
    tally[ok ? 'passed' : 'failed']++;
    console.log(`${ok ? 'ok  ' : 'FAIL'} clickhouse cluster: ${what}`);
  };
  const directory = await mkdtemp(join(tmpdir(), 'phalanx-single-'));
  const cluster = await startClickhouseCluster(2, 2);
  const single = await openTelemetryStore({ path: join(directory, 'single') });
  try {
    await runChecks(cluster, single, directory, check);
  } catch (error) {
    check(`stopped by ${error instanceof Error ? error.stack : String(error)}`, false);
  } finally {
    const ended = cluster.nodes.map((node) => node.state()).filter((state) => state.startsWith('ended'));
    check(`no node ended by itself${ended.map((state) => `: ${state}`).join('')}`, ended.length === 0);
    await single.close();
    await cluster.stop();
    await rm(directory, { recursive: true, force: true });
  }
  return tally;
}

async function runChecks(
  cluster: ClickhouseCluster,
  single: TelemetryStore,
  directory: string,
  check: (what: string, ok: boolean) => void,
): Promise<void> {
  const [first, second, third, fourth] = cluster.nodes as [
    ClickhouseCluster['nodes'][number],
    ClickhouseCluster['nodes'][number],
    ClickhouseCluster['nodes'][number],
    ClickhouseCluster['nodes'][number],
  ];
  const place = { url: cluster.nodes.map((node) => node.url), database: DATABASE };
  const open = () => openTelemetryStore({ ...place, cluster: CLUSTER, replication: 'store' });
  let many = await open();
  const vault = await openTextVault(many, directory);
  let seed = 0;
  /** Inserts in both; what the cluster does not acknowledge is an error here, for it has a majority all the time. */
  const insert = async (blocks: number) => {
    for (let done = 0; done < blocks; done++) {
      const block = encode(++seed);
      await Promise.all([many.insertExchanges(block), single.insertExchanges(block)]);
    }
  };
  const same = async (what: string) =>
    check(what, isDeepStrictEqual(await readAll(many), await readAll(single)));

  await insert(4);
  for (const store of [many, single]) {
    await store.insertAccounts([{ account: 1n, accountId: 'a' }]);
    await store.insertInterventions([
      { id: 'i', account: 1n, kind: 'delay', arm: 'control', fromMs: 1, toMs: 2 },
    ]);
  }
  const id = new Uint8Array(16).fill(7);
  await vault.appendTexts([{ id, account: 9n, atMs: WINDOW.fromMs, prompt: 'asked', response: 'said' }]);
  await same('all nodes up, every reader equals the single node');
  const held = await Promise.all(
    cluster.nodes.map((node) => node.query(`SELECT count() FROM ${DATABASE}.exchanges_local`)),
  );
  check(
    'rows are spread over both shards, each copied twice',
    held[0] === held[1] && held[2] === held[3] && Number(held[0]) + Number(held[2]) === 4 * ROWS_A_BLOCK,
  );

  const during = insert(8);
  // Awaited below; a failure before that is not an unhandled one.
  during.catch(() => undefined);
  await sleep(150);
  await first.kill();
  await during;
  await same('a copy killed during inserts: nothing acknowledged is lost');
  await many.insertExchanges(encode(2));
  await same('a block written again is not counted again');
  await many.writeProgress('source', { offset: 5, rows: 4, rejected: 0, finished: true });
  check('small tables take writes meanwhile', (await many.readProgress('source'))?.offset === 5);

  await first.start();
  await same('the copy is back, still without the rows: readers ask its twin');
  check('repair copies what it missed', (await many.repairCopies()) > 0);
  await second.kill();
  await same('its twin killed: the repaired copy has everything');
  check('small tables are whole on it', (await many.readProgress('source'))?.offset === 5);
  check('a text is revealed from it', (await vault.revealText(id, 'check'))?.response === 'said');
  await second.start();
  await many.repairCopies();

  await second.kill();
  await insert(1);
  await second.start();
  await first.kill();
  await insert(1);
  await first.start();
  const torn = await many.countExchanges(WINDOW).then(
    () => 'answered',
    (error) => (PhalanxError.is(error) ? error.code : String(error)),
  );
  check('two copies that each missed another insert: no short answer', torn === 'STORE_UNAVAILABLE');
  await many.repairCopies();
  await same('repair unites them');

  const reads = Promise.allSettled(Array.from({ length: 6 }, () => readAll(many)));
  await sleep(100);
  await third.kill();
  const expected = await readAll(single);
  const answers = (await reads).map((read) =>
    read.status === 'rejected'
      ? String(read.reason).slice(0, 300)
      : isDeepStrictEqual(read.value, expected)
        ? 'right'
        : 'WRONG',
  );
  check(
    `a copy killed during reads: every answer is right${answers.every((a) => a === 'right') ? '' : `: ${answers.join('; ')}`}`,
    answers.every((answer) => answer === 'right'),
  );

  await first.kill();
  const code = await many.insertExchanges(encode(seed + 1)).then(
    () => 'acknowledged',
    (error) => (PhalanxError.is(error) && error.retryable ? error.code : String(error)),
  );
  check('without a majority an insert is refused, not half acknowledged', code === 'STORE_UNAVAILABLE');
  await third.start();
  await many.close();
  many = await open();
  await insert(1);
  await same('a new process over a dead node: the refused block, written again, counts once');
  await first.start();
  await many.repairCopies();
  await same('all nodes up again');

  await first.query(
    `CREATE TABLE ${DATABASE}.together AS ${DATABASE}.exchanges_local
     ENGINE = Distributed('${CLUSTER}', '${DATABASE}', exchanges_local, account)`,
  );
  const together = await first.query(`SELECT count() FROM ${DATABASE}.together FINAL`);
  check("the engine's own Distributed table agrees", Number(together) === seed * ROWS_A_BLOCK);
  await many.close();

  await fourth.query('CREATE DATABASE solo ENGINE = Atomic');
  const served = await openTelemetryStore({ url: ['http://127.0.0.1:9', fourth.url], database: 'solo' });
  for (let block = 1; block <= seed; block++) await served.insertExchanges(encode(block));
  await served.insertAccounts([{ account: 1n, accountId: 'a' }]);
  await served.insertInterventions([
    { id: 'i', account: 1n, kind: 'delay', arm: 'control', fromMs: 1, toMs: 2 },
  ]);
  await served.compact();
  check(
    'one server by URL, behind a dead URL, equals the embedded engine',
    isDeepStrictEqual(await readAll(served), await readAll(single)),
  );
  await served.close();
}

function encode(seed: number): Uint8Array {
  const block = new ExchangeBlock();
  for (const record of makeExchanges(seed, ROWS_A_BLOCK)) block.push(record);
  return block.encode();
}

/** What every reader says. */
async function readAll(reader: TelemetryReader): Promise<unknown[]> {
  const answers: unknown[] = [
    await reader.span(),
    await reader.countExchanges(WINDOW),
    await reader.accountActivity(WINDOW),
    await reader.shapeCounts(WINDOW),
    await reader.timeCounts(WINDOW, 3_600_000),
    await reader.intentCounts(WINDOW),
    await reader.sampleExchanges({ ...WINDOW, draws: [{ share: 0.1 }], minhash: true }),
    await reader.arrivals(WINDOW, (await reader.accountActivity(WINDOW)).account.slice(0, 5)),
    await reader.accountFacts(),
    await reader.interventions(),
  ];
  for (const kind of KINDS)
    answers.push(await reader.sharedObjects(WINDOW, kind, { minAccounts: 2, maxAccounts: 20 }));
  return answers;
}
