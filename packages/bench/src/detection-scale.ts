import { spawn } from 'node:child_process';
import { mkdtemp, rename, rm, stat, statfs } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { detectCampaigns } from '@phalanx/detect';
import type { DetectionReport } from '@phalanx/domain';
import { createSketcher, SKETCH_KEY_BYTES } from '@phalanx/sketch';
import { ExchangeBlock, openTelemetryStore, type TelemetryStore } from '@phalanx/store';
import {
  buildWorld,
  HYDRA_DEFAULTS,
  type HydraPlan,
  type SourceShare,
  type World,
  type WorldPlan,
  WorldRecords,
} from '@phalanx/testing';
import { startStopwatch } from './hydrabench/cell.js';
import { loadMaterials, type Materials } from './hydrabench/materials.js';
import { readAccusations, type Score, scoreAccusations } from './hydrabench/score.js';
import { badArgument } from './hydrabench/split.js';

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

/** What the detecting process tells its parent. */
interface Detected {
  readonly report: DetectionReport;
  readonly seconds: number;
  readonly processorSeconds: number;
  /** Largest resident set of a process that does nothing but detect. */
  readonly peakBytes: number;
}

/**
 * Measures detection on histories of the February 2026 shape: three pools of 24,000 accounts (10 % attack, the rest cover)
 * among as many ordinary accounts, 1.3 million exchanges a day, so that a longer history is a bigger one. Metadata and
 * sketches go into the embedded store; time and memory are those of a process that only detects.
 *
 * `scale [--days 1,8,24] [--prompts FOLDER] [--timing FILE] [--keep FOLDER]`: kept stores are used again.
 */
export async function benchDetectionScale(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      days: { type: 'string' },
      prompts: { type: 'string' },
      timing: { type: 'string' },
      keep: { type: 'string' },
      detect: { type: 'string' },
    },
  });
  if (values.detect !== undefined) return detectIn(values.detect);
  const materials = loadMaterials({
    split: 'held-out',
    ...(values.prompts !== undefined && { prompts: values.prompts }),
    ...(values.timing !== undefined && { timing: values.timing }),
  });
  console.log(`${materials.description}; ${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}`);
  for (const days of (values.days ?? '1,8,24').split(',').map(Number)) {
    const root = values.keep ?? (await mkdtemp(join(tmpdir(), 'phalanx-scale-')));
    try {
      await measure(days, materials, join(root, `february-${days}`));
    } finally {
      if (values.keep === undefined) await rm(root, { recursive: true, force: true });
    }
  }
}

async function measure(days: number, materials: Materials, folder: string): Promise<void> {
  const world = buildWorld(planFebruary(days, materials));
  if (await stat(folder).catch(() => null)) console.log(`\n${folder} is used again`);
  else await fill(folder, world);
  console.log(`${world.size} exchanges of ${world.accounts.length} accounts over ${world.days} days`);
  report(world, await detectApart(folder));
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

/** Fills a store beside `folder` and renames it when it is whole. */
async function fill(folder: string, world: World): Promise<void> {
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  const store = await openTelemetryStore({ path: part });
  const stop = startStopwatch();
  try {
    const { bavail, bsize } = await statfs(part);
    const needed = 2 * BYTES_A_ROW * world.size;
    if (bavail * bsize < needed)
      throw badArgument(
        `${world.days} days need ${needed} bytes on disk, more than are free`,
        'set TMPDIR or --keep',
      );
    await insert(store, world);
    await store.compact();
  } finally {
    await store.close();
  }
  await rename(part, folder);
  console.log(`\nfilled in ${stop().seconds.toFixed(0)} s`);
}

async function insert(store: TelemetryStore, world: World): Promise<void> {
  const records = new WorldRecords(createSketcher(new Uint8Array(SKETCH_KEY_BYTES).fill(7)));
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
}

/** Runs `detectIn` in a process of its own. */
async function detectApart(folder: string): Promise<Detected> {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'scale', '--detect', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let answer = '';
  for await (const text of child.stdout.setEncoding('utf8')) answer += text;
  const code = await ended;
  if (code !== 0) throw new Error(`detection ended with ${code}`);
  return JSON.parse(answer) as Detected;
}

async function detectIn(folder: string): Promise<void> {
  const store = await openTelemetryStore({ path: folder });
  try {
    const stop = startStopwatch();
    const report = await detectCampaigns(store, {
      onProgress: (_, __, label) => console.error(`  ${stop().seconds.toFixed(0)} s  ${label}`),
    });
    const detected: Detected = { report, ...stop(), peakBytes: 1024 * process.resourceUsage().maxRSS };
    process.stdout.write(JSON.stringify(detected));
  } finally {
    await store.close();
  }
}

function report(world: World, { report: found, seconds, processorSeconds, peakBytes }: Detected): void {
  const score: Score = scoreAccusations(world, readAccusations(world, found));
  console.log(
    `  detection ${seconds.toFixed(0)} s (processor ${processorSeconds.toFixed(0)} s, ${((1e6 * seconds) / world.size).toFixed(1)} us an exchange), resident ${(peakBytes / 2 ** 20).toFixed(0)} MiB at most; ${found.poolsExamined} pools examined`,
  );
  for (const pool of score.pools)
    console.log(
      `  ${pool.name}: ${pool.named ? 'named' : pool.insufficient ? 'insufficient' : pool.found ? 'found as hidden pool' : 'missed'}, ${(100 * pool.accountShare).toFixed(1)} % of its accounts, alarm day ${pool.alarmDay?.toFixed(2) ?? '-'}, attack leaked by then ${(100 * pool.leakedBeforeAlarm).toFixed(1)} %`,
    );
  console.log(
    `  false: ${score.falseCampaigns} campaigns, ${score.falseHiddenPools} hidden pools, ${score.falseInsufficient} insufficient; ${score.fragments} fragments; B-cubed precision ${score.bCubedPrecision.toFixed(3)}`,
  );
}
