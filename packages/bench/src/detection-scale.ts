import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { detectCampaigns } from '@phalanx/detect';
import { createSketcher, SKETCH_KEY_BYTES } from '@phalanx/sketch';
import { ExchangeBlock, openTelemetryStore, type TelemetryStore } from '@phalanx/store';
import {
  buildWorld,
  HYDRA_DEFAULTS,
  type HydraPlan,
  type SourceShare,
  type World,
  type WorldPlan,
} from '@phalanx/testing';
import { startStopwatch } from './hydrabench/cell.js';
import { loadMaterials, type Materials } from './hydrabench/materials.js';
import { readAccusations, type Score, scoreAccusations } from './hydrabench/score.js';
import { badArgument } from './hydrabench/split.js';
import { WorldRecords } from './hydrabench/world-records.js';

const HONEST_ACCOUNTS = 24_000;
const ATTACK_SHARE = 0.1;
const BLOCK_ROWS = 100_000;
const BYTES_A_ROW = 250;
/**
 * The three campaigns that Anthropic described on 23 February 2026: some 24,000 accounts and 16 million exchanges
 * together, 0.15, 3.4 and 13 million of them each, here over 24 days. Who used how many accounts was not said.
 */
const CAMPAIGNS = [
  { name: 'reasoning', accounts: 1_000, requestsPerAccountDay: 6, cover: 'sticky' },
  { name: 'agentic', accounts: 5_000, requestsPerAccountDay: 28, cover: 'pinned' },
  { name: 'coding', accounts: 18_000, requestsPerAccountDay: 30, cover: 'lru' },
] as const;

/**
 * Measures detection on histories of the February 2026 shape: three pools of 24,000 accounts (10 % attack, the rest cover)
 * among as many ordinary accounts, 1.3 million exchanges a day, so that a longer history is a bigger one. Metadata and
 * sketches go into the embedded store; time and memory are those of detection alone.
 *
 * `scale [--days 1,8,24] [--prompts FOLDER] [--timing FILE]`
 */
export async function benchDetectionScale(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { days: { type: 'string' }, prompts: { type: 'string' }, timing: { type: 'string' } },
  });
  const materials = loadMaterials({
    split: 'held-out',
    ...(values.prompts !== undefined && { prompts: values.prompts }),
    ...(values.timing !== undefined && { timing: values.timing }),
  });
  console.log(`${materials.description}; ${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}`);
  for (const days of (values.days ?? '1,8,24').split(',').map(Number)) await measure(days, materials);
}

async function measure(days: number, materials: Materials): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'phalanx-scale-'));
  try {
    const world = buildWorld(planFebruary(days, materials));
    const { bavail, bsize } = await statfs(folder);
    const needed = 2 * BYTES_A_ROW * world.size;
    if (bavail * bsize < needed)
      throw badArgument(`${days} days need ${needed} bytes on disk, more than are free`, 'set TMPDIR');
    const store = await openTelemetryStore({ path: folder });
    try {
      await fill(store, world);
      await report(store, world);
    } finally {
      await store.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function planFebruary(days: number, { sources, roles, arrivals }: Materials): WorldPlan {
  const equal = (names: readonly string[]): SourceShare[] => names.map((name) => ({ name, weight: 1 }));
  const pools = CAMPAIGNS.map(
    (campaign, i): HydraPlan => ({
      ...HYDRA_DEFAULTS,
      ...campaign,
      attackShare: ATTACK_SHARE,
      attackSchedule: campaign.cover === 'sticky' ? 'sticky' : 'lru',
      attackSources: equal([roles.attack[i % roles.attack.length]!]),
      coverSources: equal(roles.honest),
    }),
  );
  return {
    seed: `february ${days}`,
    days,
    sources,
    ordinary: { accounts: HONEST_ACCOUNTS, sources: equal(roles.honest) },
    pools,
    ...(arrivals !== undefined && { arrivals }),
  };
}

async function fill(store: TelemetryStore, world: World): Promise<void> {
  const records = new WorldRecords(createSketcher(new Uint8Array(SKETCH_KEY_BYTES).fill(7)));
  const stop = startStopwatch();
  const block = new ExchangeBlock();
  for (const record of records.records(world)) {
    block.push(record);
    if (block.rows < BLOCK_ROWS) continue;
    await store.insertExchanges(block.encode());
    block.clear();
  }
  await store.insertExchanges(block.encode());
  const facts = records.facts(world);
  await store.insertAccounts(
    Array.from(facts.account, (account, i) => ({
      account,
      accountId: facts.accountId[i]!,
      organisation: facts.organisation[i]!,
      createdAtMs: facts.createdAtMs[i]!,
      payment: facts.payment[i]!,
      signupNetwork: facts.signupNetwork[i]!,
      signupDevice: facts.signupDevice[i]!,
      emailDomain: facts.emailDomain[i]!,
      programme: facts.programme[i]!,
      declaration: world.accounts[i]!.declaration ?? '',
    })),
  );
  await store.compact();
  console.log(
    `\n${world.size} exchanges of ${world.accounts.length} accounts over ${world.days} days, filled in ${stop().seconds.toFixed(0)} s`,
  );
}

async function report(store: TelemetryStore, world: World): Promise<void> {
  const before = process.memoryUsage.rss();
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 100);
  const stop = startStopwatch();
  const found = await detectCampaigns(store, {
    onProgress: (_, __, label) => console.error(`  ${stop().seconds.toFixed(0)} s  ${label}`),
  });
  const { seconds, processorSeconds } = stop();
  clearInterval(timer);
  const score: Score = scoreAccusations(world, readAccusations(world, found));
  console.log(
    `  detection ${seconds.toFixed(0)} s (processor ${processorSeconds.toFixed(0)} s, ${((1e6 * seconds) / world.size).toFixed(1)} us an exchange), resident ${mib(peak)} MiB at most, ${mib(before)} before; ${found.poolsExamined} pools examined`,
  );
  for (const pool of score.pools)
    console.log(
      `  ${pool.name}: ${pool.named ? 'named' : pool.insufficient ? 'insufficient' : pool.found ? 'found as hidden pool' : 'missed'}, ${(100 * pool.accountShare).toFixed(1)} % of its accounts, alarm day ${pool.alarmDay?.toFixed(2) ?? '-'}, attack leaked by then ${(100 * pool.leakedBeforeAlarm).toFixed(1)} %`,
    );
  console.log(
    `  false: ${score.falseCampaigns} campaigns, ${score.falseHiddenPools} hidden pools, ${score.falseInsufficient} insufficient; ${score.fragments} fragments; B-cubed precision ${score.bCubedPrecision.toFixed(3)}`,
  );
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
