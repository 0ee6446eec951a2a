import { toLog10 } from '@phalanx/stats';
import type { WeightFile } from '../formats/weight-file.js';
import { type ContextFigures, measureContext } from './context-figures.js';
import { type Disguise, type DisguiseSettings, testDisguise } from './disguise.js';
import { type NetworkSearch, searchNetworks } from './network-search.js';
import {
  checkSampleSettings,
  type SharedUnits,
  type SharedUnitsSettings,
  testSharedUnits,
  type UnitTest,
} from './shared-units.js';

/**
 * - `derived`: the exact test rejects, and at least nine in ten hidden units still match themselves, in the layer of their number or in the
 *   one where the search finds them.
 * - `derived in disguise`: at least half of the neurons are found again under another order, scale and basis, and clearly more than stand at
 *   their own place. By rate, without a p-value.
 * - `shared randomness`: the exact test rejects with fewer. Two runs of one random start do so, as does a child that was changed very much.
 * - `found again in part`: T2 finds between a twentieth and a half, far more than any control, and the exact test nothing. Look closer.
 * - `nothing shared seen`: neither test found anything.
 * - `not comparable`: no part that both models have could be tested.
 */
export type LineageVerdict =
  | 'derived'
  | 'derived in disguise'
  | 'shared randomness'
  | 'found again in part'
  | 'nothing shared seen'
  | 'not comparable';

export interface LineageReport {
  readonly verdict: LineageVerdict;
  /** Base 10, over all parts tried and the search; 0 is no evidence. */
  readonly log10P: number;
  /** Matches over units of the hidden layers, the part that has most; the least of neurons and channels. Null where there are none. */
  readonly share: number | null;
  readonly exact: SharedUnits;
  /** The same where layers, experts or widths do not correspond. Null where it cannot be tried, or was not. */
  readonly networks: NetworkSearch | null;
  /** Null where it cannot be tried, or was not. */
  readonly disguise: Disguise | null;
  readonly context: ContextFigures;
  readonly bytesRead: { readonly left: number; readonly right: number };
  readonly nullHypothesis: string;
  readonly assumptions: readonly string[];
}

export interface LineageSettings extends SharedUnitsSettings, DisguiseSettings {
  /** When T2 runs, which reads whole layers: by default only where T1 does not already say `derived`. */
  readonly disguise?: DisguiseSearch;
  /** When networks are sought under other numbers, which reads some of every layer: by default likewise. */
  readonly networks?: DisguiseSearch;
}

export const DISGUISE_SEARCHES = ['needed', 'always', 'never'] as const;
export type DisguiseSearch = (typeof DISGUISE_SEARCHES)[number];

/** Level of the exact test. */
export const LINEAGE_LEVEL_LOG10 = -6;
/** Of the level, what the search under other numbers of networks is given, whether it is made or not; the rest is for parts that correspond. */
const SEARCH_SHARE = 1 / 64;
/** Shares from which the words are used: children have 1.00 of units, 0.76 under noise of twice their deviation, a common random start 0.24. */
export const DERIVED_SHARE = 0.9;
/** Rate of T2: disguised children have 0.99 and more, strangers at most 0.01. */
export const DISGUISED_RATE = 0.5;
/** Rate of T2 below which nothing is said: noise of one deviation under disguise leaves 0.42, a common random start 0.01. */
export const NOTICED_RATE = 0.05;

const NULL_HYPOTHESIS =
  'The two models share no random start: the order of the units of one was drawn independently of the other.';
const ASSUMPTIONS = [
  'Two runs from one random start share it without either being made from the other. Ask for, or attest, the seed before calling a match theft.',
  'Training treats all units alike, and no unit has a meaning by its place (sorted neurons, structured starts, sinusoidal positions, channels that are classes).',
  'The search under another order, scale and basis is judged by its rate against controls. It has no p-value: models trained apart on the same text grow some of the same neurons.',
] as const;

/**
 * Whether two models share their random start, and how much of it: T1, T2 and context figures with what was read and what was left
 * out. The suite `weight-lineage` has children, disguised children, strangers and a common start of known truth.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for settings out of range; what readers throw
 */
export async function compareLineage(
  left: WeightFile,
  right: WeightFile,
  settings: LineageSettings = {},
): Promise<LineageReport> {
  const exact = await testSharedUnits(left, right, settings);
  const direct = measureShare(exact.tests);
  const { disguise: disguiseSearch = 'needed', networks: networkSearch = 'needed' } = settings;
  const directLogP = Math.min(0, exact.logP - (networkSearch === 'never' ? 0 : Math.log1p(-SEARCH_SHARE)));
  const isClear = isDerived(toLog10(directLogP), direct);
  const networks = isWanted(networkSearch, isClear)
    ? await searchNetworks(left, right, checkSampleSettings(settings))
    : null;
  const log10P = toLog10(Math.min(directLogP, (networks?.logP ?? 0) - Math.log(SEARCH_SHARE)));
  const elsewhere = measureFound(networks);
  const share = direct === null && elsewhere === null ? null : Math.max(direct ?? 0, elsewhere ?? 0);
  const disguise = isWanted(disguiseSearch, isDerived(log10P, share))
    ? await testDisguise(left, right, settings)
    : null;
  const context = await measureContext(left, right);
  return {
    verdict: judge(exact, networks, log10P, share, disguise),
    log10P,
    share,
    exact,
    networks,
    disguise,
    context,
    bytesRead: { left: left.bytesRead, right: right.bytesRead },
    nullHypothesis: NULL_HYPOTHESIS,
    assumptions: ASSUMPTIONS,
  };
}

function isWanted(when: DisguiseSearch, isClear: boolean): boolean {
  return when === 'always' || (when === 'needed' && !isClear);
}

function judge(
  exact: SharedUnits,
  networks: NetworkSearch | null,
  log10P: number,
  share: number | null,
  disguise: Disguise | null,
): LineageVerdict {
  if (isDerived(log10P, share)) return 'derived';
  const rate = disguise === null ? 0 : disguise.agreed / disguise.neurons;
  // Beyond what stands at its own place already, which two runs of one start have too.
  if (rate >= DISGUISED_RATE && (share ?? 0) < DERIVED_SHARE * rate) return 'derived in disguise';
  if (log10P <= LINEAGE_LEVEL_LOG10) return 'shared randomness';
  if (rate >= NOTICED_RATE) return 'found again in part';
  return exact.tests.length === 0 && networks === null && disguise === null
    ? 'not comparable'
    : 'nothing shared seen';
}

function isDerived(log10P: number, share: number | null): boolean {
  return log10P <= LINEAGE_LEVEL_LOG10 && share !== null && share >= DERIVED_SHARE;
}

/**
 * The residual stream and heads do not count: embeddings hardly move in training, so that two runs of one start still share 60 of 64
 * dimensions when a quarter of their neurons is left.
 */
function measureShare(tests: readonly UnitTest[]): number | null {
  const best = (kind: UnitTest['kind']) => {
    const shares = tests.filter((test) => test.kind === kind).map(({ matches, units }) => matches / units);
    return shares.length === 0 ? null : Math.max(...shares);
  };
  const shares = (['mlp-neuron', 'channel'] as const).map(best).filter((share) => share !== null);
  return shares.length === 0 ? null : Math.min(...shares);
}

/** Networks that were found under any number, by the part that has most; a share alone, as of units in order by chance, says nothing. */
function measureFound(networks: NetworkSearch | null): number | null {
  const shares = (networks?.tests ?? [])
    .filter(({ logP }) => toLog10(logP) <= LINEAGE_LEVEL_LOG10)
    .map(({ matches, units }) => matches / units);
  return shares.length === 0 ? null : Math.max(...shares);
}
