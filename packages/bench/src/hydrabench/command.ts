import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { CellPlan } from './cells/cell-plan.js';
import { listCells } from './cells/register.js';
import { loadMaterials } from './materials.js';
import { runHydraBench } from './run.js';
import { assignRoles, badArgument, readJudge, type SplitName } from './split.js';
import { writeTables } from './tables.js';

/** A quick run takes only cells marked so, and so many worlds of each when the command line does not say. */
const QUICK_SEEDS = 1;
const QUICK_NULL_SEEDS = 10;

const OPTIONS = {
  cells: { type: 'string' },
  seeds: { type: 'string' },
  prompts: { type: 'string' },
  timing: { type: 'string' },
  split: { type: 'string' },
  judge: { type: 'string' },
  alpha: { type: 'string' },
  days: { type: 'string' },
  out: { type: 'string' },
  quick: { type: 'boolean' },
  'no-ablation': { type: 'boolean' },
  'no-baselines': { type: 'boolean' },
  list: { type: 'boolean' },
} as const;

/**
 * `hydrabench [--cells NAME,...] [--seeds N] [--prompts FOLDER] [--timing FILE] [--split development|held-out |
 * --judge FILE] [--quick] [--alpha A] [--days D] [--no-ablation] [--no-baselines] [--out FILE.json]`. Tables go to standard output, one line a
 * finished run to standard error, raw results to FILE.json (rewritten after each run, so that an interrupted one is not
 * lost). --days changes the length of every world (and makes its table another one). --judge takes sources of your own choice, see `readJudge`; without
 * development sources the peers have no thresholds and are left out. A name in --cells that ends in `*` takes all cells that begin with it.
 *
 * @throws PhalanxError `BENCH_ARGUMENT` for an unknown cell or a value out of range.
 */
export async function runHydraBenchCommand(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const split = readSplit(values.split ?? 'held-out');
  const builtIn = values.prompts === undefined;
  if (values.judge !== undefined && builtIn) throw badArgument('--judge needs --prompts');
  const judge = values.judge === undefined ? null : readJudge(values.judge);
  const all = listCells({ roles: judge ?? assignRoles(split, builtIn) });
  const cells = all.filter(({ name, quick }) =>
    values.cells === undefined ? !values.quick || quick : isWanted(name, values.cells),
  );
  for (const wanted of values.cells?.split(',') ?? [])
    if (!all.some(({ name }) => isWanted(name, wanted)))
      throw badArgument(`there is no cell ${wanted}`, 'hydrabench --list names them all');
  if (values.list) {
    for (const { name, what, seeds } of cells) console.log(`${name}: ${what}; ${seeds} worlds`);
    return;
  }
  const seeds = values.seeds === undefined ? null : readNumber('--seeds', values.seeds, 1, 10_000);
  const alpha = values.alpha === undefined ? null : readNumber('--alpha', values.alpha, 1e-9, 0.5);
  const days = values.days === undefined ? null : readNumber('--days', values.days, 1, 45);
  const materials = loadMaterials({
    split,
    ...(judge && { judge }),
    ...(values.prompts !== undefined && { prompts: values.prompts }),
    ...(values.timing !== undefined && { timing: values.timing }),
  });
  const provenance = {
    commit: readCommit(),
    seeds: seeds === null ? '0 to each cell’s own number' : `0 to ${seeds - 1}`,
    sources: `${materials.description}${days === null ? '' : `; worlds of ${days} days`}`,
  };
  const done: Awaited<ReturnType<typeof runHydraBench>> = [];
  const shorten = (cell: CellPlan): CellPlan =>
    days === null ? cell : { ...cell, plan: (m, seed) => ({ ...cell.plan(m, seed), days }) };
  const run = cells.map(shorten).map((cell) => {
    if (seeds !== null) return { ...cell, seeds };
    if (!values.quick) return cell;
    return { ...cell, seeds: cell.group === 'null' ? QUICK_NULL_SEEDS : QUICK_SEEDS };
  });
  const results = await runHydraBench({
    cells: run,
    materials,
    ...(alpha !== null && { alpha }),
    ablation: !values['no-ablation'],
    baselines: !values['no-baselines'] && judge === null,
    onResult: (result) => {
      done.push(result);
      const pools = result.score.pools.map(
        (pool) =>
          `${pool.name} ${pool.named ? 'named' : pool.insufficient ? 'insufficient' : pool.found ? 'found' : 'missed'}`,
      );
      const { falseHiddenPools, falseCampaigns, falseInsufficient, fragments } = result.score;
      console.error(
        `${result.cell} seed ${result.seed} ${result.detector}: ${[...pools, `false: ${falseCampaigns} campaigns, ${falseHiddenPools} pools, ${falseInsufficient} insufficient; ${fragments} fragments`].join('; ')} (${result.exchanges} exchanges, world ${result.worldSeconds.toFixed(1)} s, detection ${result.seconds.toFixed(1)} s, processor ${result.processorSeconds.toFixed(1)} s)`,
      );
      if (values.out !== undefined) writeJson(values.out, { provenance, results: done });
    },
  });
  console.log(writeTables(results, provenance));
}

function isWanted(name: string, list: string): boolean {
  return list
    .split(',')
    .some((wanted) => (wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted));
}

function readSplit(value: string): SplitName {
  if (value !== 'development' && value !== 'held-out')
    throw badArgument(`--split ${value}`, 'choose development or held-out');
  return value;
}

function readNumber(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!(value >= low && value <= high)) throw badArgument(`${name} ${text} is not within ${low} to ${high}`);
  return name === '--alpha' ? value : Math.floor(value);
}

function writeJson(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(value)}\n`);
}

/** The commit that is checked out, with a plus sign when files differ from it. */
function readCommit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}
