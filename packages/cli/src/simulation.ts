import { PhalanxError } from '@phalanx/core';
import {
  buildBuiltInSources,
  buildWorld,
  HYDRA_DEFAULTS,
  loadPromptFolder,
  loadTenantArrivals,
  planScenario,
  SCENARIOS,
  type ScenarioName,
  type ScenarioOptions,
  type World,
} from '@phalanx/testing';
import type { CliErrorCode } from './cli-error.js';

export interface SimulationRequest {
  readonly scenario: string;
  readonly seed: string;
  /** Folder of prompt corpora; absent: the built-in grammar. */
  readonly prompts?: string;
  /** File of real tenants' arrivals; absent: the built-in clocks. */
  readonly timing?: string;
  /** `key=value` overrides. */
  readonly set: readonly string[];
}

const NUMBERS = ['days', 'ordinaryAccounts', 'poolAccounts', 'attackShare', 'requestsPerDay', 'releaseDay'];
const LISTS = ['attackSources', 'honestSources'];

/**
 * Builds a scenario's world. `set` accepts the scenario's numbers, `attackSources` and `honestSources` as comma lists of
 * source names (default: all of that side), and `pool.KEY` for any setting of the hostile pools.
 *
 * @throws PhalanxError `CLI_USAGE` for an unknown scenario or key; `TESTING_PLAN`, `TESTING_SOURCE` for values.
 */
export function buildSimulation(request: SimulationRequest): World {
  if (!isScenario(request.scenario))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `no scenario is called "${request.scenario}"`, {
      advice: `Scenarios: ${SCENARIOS.join(', ')}.`,
    });
  const overrides = readOverrides(request.set);
  const sources = request.prompts === undefined ? buildBuiltInSources() : loadPromptFolder(request.prompts);
  const side = (wanted: string) =>
    sources.filter((source) => source.side === wanted).map((source) => source.name);
  const options: ScenarioOptions = {
    seed: request.seed,
    sources,
    attackSources: side('attack'),
    honestSources: side('benign'),
    ...(request.timing !== undefined && { arrivals: loadTenantArrivals(request.timing) }),
    ...overrides,
  };
  return buildWorld(planScenario(request.scenario, options));
}

/** Parses `key=value` overrides. @throws PhalanxError `CLI_USAGE` */
export function readOverrides(set: readonly string[]): Partial<ScenarioOptions> {
  const out: Record<string, unknown> = {};
  const pool: Record<string, unknown> = {};
  for (const pair of set) {
    const cut = pair.indexOf('=');
    const key = pair.slice(0, Math.max(0, cut));
    const text = pair.slice(cut + 1);
    if (NUMBERS.includes(key) && text.trim() !== '' && Number.isFinite(Number(text))) out[key] = Number(text);
    else if (LISTS.includes(key)) out[key] = text.split(',').filter((name) => name !== '');
    else if (key.startsWith('pool.') && Object.hasOwn(HYDRA_DEFAULTS, key.slice(5)))
      pool[key.slice(5)] = readValue(text);
    else
      throw new PhalanxError<CliErrorCode>('CLI_USAGE', `--set ${pair} is not understood`, {
        advice: `Keys: ${[...NUMBERS, ...LISTS].join(', ')}, and pool.KEY with any of ${Object.keys(HYDRA_DEFAULTS).join(', ')}.`,
      });
  }
  return { ...out, ...(Object.keys(pool).length > 0 && { pool }) };
}

function isScenario(name: string): name is ScenarioName {
  return (SCENARIOS as readonly string[]).includes(name);
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
