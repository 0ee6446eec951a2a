import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  type ArrivalModel,
  buildBuiltInSources,
  loadPromptFolder,
  loadTenantArrivals,
  type PromptSource,
} from '@phalanx/testing';
import { assignRoles, BUILT_IN_SPLIT, PUBLIC_SPLIT, type Roles, type SplitName } from './split.js';

/** What every cell of a run is built from. Loaded once a process: variations and sketches of prompts are remembered. */
export interface Materials {
  readonly split: SplitName;
  readonly builtIn: boolean;
  /** Sources that the worlds may name. */
  readonly sources: readonly PromptSource[];
  readonly roles: Roles;
  /** Sources and roles of the development half, on which thresholds of baselines are set. */
  readonly development: Materials | null;
  /** Absent: the simulator's built-in clocks. */
  readonly arrivals?: ArrivalModel;
  /** For the provenance line. */
  readonly description: string;
}

export interface MaterialOptions {
  readonly split: SplitName;
  /** Folder of `.jsonl` or `.jsonl.gz` prompt files named as in `PUBLIC_SPLIT`; absent: the built-in grammars. */
  readonly prompts?: string;
  /** Tenant clocks (see `loadTenantArrivals`); the half that belongs to the split is used. */
  readonly timing?: string;
  /** Who plays what instead of the public split (see `readJudge`); needs `prompts`. */
  readonly judge?: Roles;
}

/** @throws PhalanxError `TESTING_SOURCE` when a file of the split is missing or unreadable. */
export function loadMaterials(options: MaterialOptions): Materials {
  const builtIn = options.prompts === undefined;
  const table = builtIn ? BUILT_IN_SPLIT : PUBLIC_SPLIT;
  const development = [...table.development.honest, ...table.development.attack];
  const names = options.judge
    ? Object.values(options.judge).flat()
    : options.split === 'held-out'
      ? [...development, ...table['held-out'].honest, ...table['held-out'].attack]
      : development;
  const sources = builtIn
    ? buildBuiltInSources({ names: [...names].sort() })
    : loadPromptFolder(options.prompts!, [...new Set(names)]);
  const make = (split: SplitName, roles: Roles, development: Materials | null): Materials => ({
    split,
    builtIn,
    sources,
    roles,
    development,
    ...(options.timing !== undefined && { arrivals: loadHalf(options.timing, split) }),
    description: `${options.judge ? "another judge's" : split} sources ${builtIn ? '(built-in grammars)' : ''}: honest ${roles.leftOut.join(', ')}; attack ${roles.attack.join(', ')}; clocks ${options.timing === undefined ? 'built in' : `real tenants, ${split === 'development' ? 'even' : 'odd'} positions`}`,
  });
  if (options.judge) return make(options.split, options.judge, null);
  const tuned = make('development', assignRoles('development', builtIn), null);
  return options.split === 'development' ? tuned : make('held-out', assignRoles('held-out', builtIn), tuned);
}

function loadHalf(file: string, split: SplitName): ArrivalModel {
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const parity = split === 'development' ? 0 : 1;
  const half = text
    .split('\n')
    .filter((line) => line !== '')
    .filter((_, position) => position % 2 === parity);
  const folder = mkdtempSync(join(tmpdir(), 'hydrabench-'));
  try {
    const path = join(folder, 'tenants.jsonl');
    writeFileSync(path, half.join('\n'));
    return loadTenantArrivals(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
