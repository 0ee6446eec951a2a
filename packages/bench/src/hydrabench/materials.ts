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
}

/** @throws PhalanxError `TESTING_SOURCE` when a file of the split is missing or unreadable. */
export function loadMaterials(options: MaterialOptions): Materials {
  const builtIn = options.prompts === undefined;
  const table = builtIn ? BUILT_IN_SPLIT : PUBLIC_SPLIT;
  const names = [...table.development.honest, ...table.development.attack];
  if (options.split === 'held-out') names.push(...table['held-out'].honest, ...table['held-out'].attack);
  const sources = builtIn
    ? buildBuiltInSources({ names: [...names].sort() })
    : loadPromptFolder(options.prompts!, names);
  const make = (split: SplitName, development: Materials | null): Materials => ({
    split,
    builtIn,
    sources,
    roles: assignRoles(split, builtIn),
    development,
    ...(options.timing !== undefined && { arrivals: loadHalf(options.timing, split) }),
    description: `${split} sources ${builtIn ? '(built-in grammars)' : ''}: honest ${table[split].honest.join(', ')}; attack ${table[split].attack.join(', ')}; clocks ${options.timing === undefined ? 'built in' : `real tenants, ${split === 'development' ? 'even' : 'odd'} positions`}`,
  });
  const development = make('development', null);
  return options.split === 'development' ? development : make('held-out', development);
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
