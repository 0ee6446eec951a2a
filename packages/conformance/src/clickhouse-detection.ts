import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PhalanxError } from '@phalanx/core';
import { detectCampaigns } from '@phalanx/detect';
import type { DetectionReport, Finding } from '@phalanx/domain';
import { createSketcher, HashDomain, type Sketcher, sketchExchange } from '@phalanx/sketch';
import { type AccountRow, ExchangeBlock, openTelemetryStore, type TelemetryStore } from '@phalanx/store';
import {
  BUILT_IN_ATTACK_SOURCES,
  BUILT_IN_HONEST_SOURCES,
  buildBuiltInSources,
  buildWorld,
  HYDRA_DEFAULTS,
  readExchange,
  type World,
} from '@phalanx/testing';
import type { Checks } from './checks.js';
import { CLUSTER, type ClickhouseNode, DATABASE, startClickhouseCluster } from './clickhouse-nodes.js';

const ROWS_A_BLOCK = 2000;
/** After the progress call, so that a query is under way. */
const KILL_AFTER_MS = 30;
const SECOND_DATABASE = 'phalanx_failing';
/** log10 e-values of two engines may differ by so much. */
const TOLERANCE = 1e-9;

/** One world, encoded once, so that every store is given the same bytes. */
interface Load {
  readonly world: World;
  readonly blocks: readonly Uint8Array[];
  readonly accounts: readonly AccountRow[];
}

/**
 * Detection does not depend on where the telemetry lies: the same simulated week gives the same findings from the
 * embedded engine, from a cluster of two shards with two copies each, and from that cluster when one copy is killed
 * during ingestion (and comes back without what it missed) and another, of the other shard, during detection. With one
 * copy of each shard dead it is the same findings or a refusal.
 */
export async function checkClickhouseDetection(checks: Checks): Promise<void> {
  const load = makeLoad();
  const folder = await mkdtemp(join(tmpdir(), 'phalanx-detection-'));
  try {
    const embedded = await runEmbedded(load, join(folder, 'single'));
    checks.note(describeReport(load, embedded));
    checkWorld(checks, load, embedded);
    const cluster = await startClickhouseCluster(2, 2);
    try {
      const healthy = await runHealthy(load, cluster.nodes);
      compare(checks, 'cluster of four nodes', embedded, healthy);
      await runFailing(checks, load, cluster.nodes, embedded);
    } finally {
      await cluster.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function makeLoad(): Load {
  const share = (names: readonly string[]) => names.map((name) => ({ name, weight: 1 }));
  const world = buildWorld({
    seed: 'conformance',
    days: 4,
    sources: buildBuiltInSources(),
    ordinary: { accounts: 180, sources: share(BUILT_IN_HONEST_SOURCES) },
    pools: [
      {
        ...HYDRA_DEFAULTS,
        accounts: 120,
        cover: 'lru',
        attackSchedule: 'lru',
        attackShare: 0.4,
        elicitationShare: 0.6,
        carefulness: 1,
        attackSources: share(BUILT_IN_ATTACK_SOURCES),
        coverSources: share(BUILT_IN_HONEST_SOURCES),
      },
    ],
  });
  const sketcher = createSketcher(new Uint8Array(32).fill(11));
  const blocks: Uint8Array[] = [];
  for (let from = 0; from < world.size; from += ROWS_A_BLOCK) {
    const block = new ExchangeBlock();
    for (let row = from; row < Math.min(world.size, from + ROWS_A_BLOCK); row++)
      block.push(sketchExchange(readExchange(world, row), sketcher));
    blocks.push(block.encode());
  }
  return { world, blocks, accounts: world.accounts.map((account) => toRow(account, sketcher)) };
}

function toRow(account: World['accounts'][number], sketcher: Sketcher): AccountRow {
  const hash = (domain: string, text: string | undefined) => sketcher.hash64(domain, text ?? '');
  return {
    account: hash(HashDomain.ACCOUNT, account.accountId),
    accountId: account.accountId,
    organisation: hash(HashDomain.ORGANISATION, account.organisationId),
    createdAtMs: account.createdAtMs ?? 0,
    payment: hash(HashDomain.PAYMENT, account.paymentFingerprint),
    signupDevice: hash(HashDomain.DEVICE, account.signupDevice),
    emailDomain: account.emailDomain ?? '',
    programme: account.programme ?? '',
    declaration: account.declaration ?? '',
  };
}

async function runEmbedded(load: Load, path: string): Promise<DetectionReport> {
  const store = await openTelemetryStore({ path });
  try {
    await fill(store, load);
    return await detect(store);
  } finally {
    await store.close();
  }
}

async function runHealthy(load: Load, nodes: readonly ClickhouseNode[]): Promise<DetectionReport> {
  const store = await openCluster(nodes, DATABASE);
  try {
    await fill(store, load);
    return await detect(store);
  } finally {
    await store.close();
  }
}

async function runFailing(
  checks: Checks,
  load: Load,
  nodes: readonly ClickhouseNode[],
  expected: DetectionReport,
): Promise<void> {
  for (const node of nodes) await node.query(`CREATE DATABASE ${SECOND_DATABASE} ENGINE = Atomic`);
  const store = await openCluster(nodes, SECOND_DATABASE);
  const [first, , third] = nodes as [ClickhouseNode, ClickhouseNode, ClickhouseNode];
  try {
    const half = Math.floor(load.blocks.length / 2);
    let firstDeath: Promise<void> | null = null;
    await fill(store, load, (block) => {
      if (block === half) firstDeath = first.kill();
    });
    await firstDeath;
    const window = (await store.span())!;
    checks.equal(
      'a copy killed during ingestion: no exchange is lost or doubled',
      String(await store.countExchanges(window)),
      String(load.world.size),
    );
    await first.start();
    let killedIn = '';
    let secondDeath: Promise<void> | null = null;
    const report = await detect(store, (done, total) => {
      if (done < Math.floor(total / 2) || secondDeath !== null) return;
      killedIn = `slot ${done + 1} of ${total}`;
      secondDeath = sleep(KILL_AFTER_MS).then(() => third.kill());
    });
    await secondDeath;
    checks.check(
      'no node ended by itself',
      nodes.every((node) => /^(?:running|killed)$/.test(node.state())),
      () => describeNodes(nodes),
    );
    const answer = await third.query('SELECT 1').catch(() => null);
    checks.check(`the second copy died in ${killedIn}`, killedIn !== '' && answer === null);
    compare(
      checks,
      'a copy killed during ingestion and back without its rows, another killed during detection',
      expected,
      report,
    );
    await first.kill();
    await checkTwoDead(checks, store, expected);
  } catch (error) {
    checks.note(`nodes: ${describeNodes(nodes)}`);
    throw error;
  } finally {
    await store.close();
  }
}

/** One copy of each shard is dead. A refusal that says so is right, the same report is better, anything else is wrong. */
async function checkTwoDead(checks: Checks, store: TelemetryStore, expected: DetectionReport): Promise<void> {
  const where = 'one copy of each shard dead';
  let report: DetectionReport;
  try {
    report = await detect(store);
  } catch (error) {
    const isRefusal = PhalanxError.is(error, 'STORE_UNAVAILABLE') && error.retryable;
    checks.check(`${where}: detection is refused, not wrong`, isRefusal, () => String(error));
    checks.note(`${where}: refused, ${(error as Error).message}`);
    return;
  }
  compare(checks, where, expected, report);
}

function describeNodes(nodes: readonly ClickhouseNode[]): string {
  return nodes.map((node) => `${node.url} ${node.state()}`).join(', ');
}

function openCluster(nodes: readonly ClickhouseNode[], database: string): Promise<TelemetryStore> {
  return openTelemetryStore({
    url: nodes.map((node) => node.url),
    database,
    cluster: CLUSTER,
    replication: 'store',
  });
}

async function fill(
  store: TelemetryStore,
  load: Load,
  onStart: (block: number) => void = () => undefined,
): Promise<void> {
  await store.insertAccounts(load.accounts);
  for (const [number, block] of load.blocks.entries()) {
    const inserted = store.insertExchanges(block);
    onStart(number);
    await inserted;
  }
}

function detect(
  store: TelemetryStore,
  onProgress?: (done: number, total: number) => void,
): Promise<DetectionReport> {
  return detectCampaigns(store, { minAccounts: 30, ...(onProgress && { onProgress }) });
}

/** Without a finding there would be nothing to compare. */
function checkWorld(checks: Checks, load: Load, report: DetectionReport): void {
  const thieves = new Set(
    load.world.labels.filter((label) => label.attacker).map((label) => label.accountId),
  );
  const best = Math.max(
    0,
    ...report.findings.map((f) => f.members.filter((member) => thieves.has(member.accountId)).length),
  );
  checks.check(
    'the embedded engine finds the pool of 120',
    best >= 60,
    () => `${report.findings.length} findings, the best with ${best} of ${thieves.size} accounts`,
  );
}

/** Three things that must agree to the letter or to 1e-9, then the whole report. */
function compare(checks: Checks, where: string, expected: DetectionReport, found: DetectionReport): void {
  const list = (of: (finding: Finding) => unknown) => (report: DetectionReport) =>
    JSON.stringify(report.findings.map(of));
  const kinds = list((finding) => [finding.id, finding.kind]);
  const members = list((finding) => finding.members.map((member) => member.accountId));
  checks.equal(`${where}: the same findings of the same kinds`, kinds(found), kinds(expected));
  checks.check(`${where}: the same members`, members(found) === members(expected));
  const distance = compareEvidence(expected, found);
  checks.check(
    `${where}: the same log10 e-values within ${TOLERANCE}`,
    distance <= TOLERANCE,
    () => `they differ by up to ${distance}`,
  );
  const difference = findDifference({ ...expected, seconds: 0 }, { ...found, seconds: 0 }, 'report');
  checks.check(`${where}: the same whole report`, difference === null, () => difference!);
  checks.note(`${where}: ${found.seconds.toFixed(1)} s, log10 e-values differ by at most ${distance}`);
}

/** Largest difference of any log10 e-value of findings and signals; Infinity when there are not equally many. */
function compareEvidence(a: DetectionReport, b: DetectionReport): number {
  const values = (report: DetectionReport) =>
    report.findings.flatMap((finding) => [
      finding.log10ECoordination,
      finding.log10EDemand,
      ...finding.signals.map((signal) => signal.log10E ?? 0),
    ]);
  const [left, right] = [values(a), values(b)];
  if (left.length !== right.length || left.length === 0) return Number.POSITIVE_INFINITY;
  return Math.max(...left.map((value, i) => (value === right[i] ? 0 : Math.abs(value - right[i]!))));
}

/** First place in which two reports differ by more than 1e-9, or null. */
function findDifference(a: unknown, b: unknown, place: string): string | null {
  if (typeof a === 'number' && typeof b === 'number')
    return a === b || Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a))
      ? null
      : `${place}: ${b}, not ${a}`;
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null)
    return a === b ? null : `${place}: ${String(b)}, not ${String(a)}`;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of keys) {
    const difference = findDifference(
      (a as Record<string, unknown>)[key],
      (b as Record<string, unknown>)[key],
      `${place}.${key}`,
    );
    if (difference !== null) return difference;
  }
  return null;
}

function describeReport(load: Load, report: DetectionReport): string {
  const findings = report.findings.map((f) => `${f.kind} of ${f.members.length}`).join(', ') || 'no finding';
  return `${load.world.accounts.length} accounts, ${load.world.size} exchanges in ${load.blocks.length} blocks; embedded: ${findings}, ${report.seconds.toFixed(1)} s`;
}
