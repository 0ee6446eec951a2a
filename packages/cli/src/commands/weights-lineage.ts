import { PhalanxError } from '@phalanx/core';
import type { FoundNetwork, LineageReport, NetworkSearch, WeightFile } from '@phalanx/weights';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { formatCount, formatPlural } from '../figures.js';
import type { Terminal } from '../terminal.js';

export interface LineageFlags {
  readonly sample: string;
  readonly disguise: string;
  readonly networks: string;
  readonly stranger?: readonly string[];
  readonly json?: boolean;
}

const QUIET: readonly LineageReport['verdict'][] = ['nothing shared seen', 'not comparable'];
const SHOWN_EXCLUDED = 8;
/** Where networks were found, it is said. */
const LEVEL_LOG10 = -6;

/**
 * `phalanx weights lineage`: T1 and T2 on two models, with the null hypothesis, the share of units beside the p-value, controls, what was left
 * out and what was read. Exit 1 when anything shared is found. `PHALANX_WEIGHTS_TOKEN` is sent as bearer token to the origin of an address.
 *
 * @throws PhalanxError `CLI_USAGE` for flags out of range, and what `@phalanx/weights` throws
 */
export async function compareLineageCommand(
  [left, right]: readonly [string, string],
  flags: LineageFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { compareLineage, DISGUISE_SEARCHES, openWeights } = await import('@phalanx/weights');
  const units = Number(flags.sample);
  if (!Number.isSafeInteger(units) || units < 2 || units > 65_536)
    throw usage('--sample must be a count between 2 and 65536');
  const [disguise, networks] = [flags.disguise, flags.networks].map((flag) =>
    DISGUISE_SEARCHES.find((when) => when === flag),
  );
  if (disguise === undefined) throw usage('--disguise must be needed, always or never');
  if (networks === undefined) throw usage('--networks must be needed, always or never');
  const token = terminal.env.PHALANX_WEIGHTS_TOKEN;
  const settings = token ? { headers: { authorization: `Bearer ${token}` } } : {};
  const files: WeightFile[] = [];
  try {
    for (const location of [left, right, ...(flags.stranger ?? [])])
      files.push(await openWeights(location, settings));
    const [mine, theirs, ...strangers] = files;
    const report = await compareLineage(mine!, theirs!, { units, disguise, networks, strangers });
    if (flags.json) terminal.out(`${JSON.stringify(report, withoutArrays)}\n`);
    else printReport(report, terminal);
    return QUIET.includes(report.verdict) ? ExitCode.OK : ExitCode.FOUND;
  } finally {
    for (const file of files) await file.close();
  }
}

/** Partners of single neurons are for programs that realign, and long. */
function withoutArrays(key: string, value: unknown): unknown {
  return key === 'partners' ? undefined : value;
}

function printReport(report: LineageReport, terminal: Terminal): void {
  const line = (name: string, text: string) => terminal.out(`${name.padEnd(12)}${text}\n`);
  const { exact, networks, disguise, context, bytesRead } = report;
  line('verdict', report.verdict);
  line(
    'p-value',
    `at most 10^${report.log10P.toFixed(1)}, over ${formatPlural(exact.tests.length, 'part')} tried${networks === null ? '' : ' and the search'}`,
  );
  if (report.share !== null)
    line('share', `${(100 * report.share).toFixed(1)} % of hidden units match themselves`);
  for (const { kind, part, matches, units, groups, logP } of exact.tests)
    line(
      'exact',
      `${part} (${kind}): ${formatCount(matches)} of ${formatCount(units)} in ${formatPlural(groups, 'group')}, 10^${(logP / Math.LN10).toFixed(1)}`,
    );
  if (networks !== null) printSearch(networks, line);
  if (disguise !== null) {
    const rate = ({ agreed, neurons }: { agreed: number; neurons: number }) =>
      `${formatCount(agreed)} of ${formatCount(neurons)}`;
    line(
      'disguise',
      `${rate(disguise)} neurons found again under another order, scale and basis; no p-value`,
    );
    if (disguise.crossLayer !== null)
      line('control', `${rate(disguise.crossLayer)} between different layers`);
    for (const stranger of disguise.strangers) line('control', `${rate(stranger)} against a stranger`);
  }
  const figures = [
    ['cosine', context.cosine],
    ['deviations of attention', context.attentionDeviation],
    ['kurtosis left', context.kurtosis?.left],
    ['kurtosis right', context.kurtosis?.right],
  ] as const;
  for (const [name, value] of figures)
    if (value != null) line('context', `${name} ${value.toFixed(3)} (no evidence by itself)`);
  for (const { name, reason } of exact.excluded.slice(0, SHOWN_EXCLUDED))
    line('excluded', `${JSON.stringify(name.slice(0, 100))}: ${reason}`);
  if (exact.excluded.length > SHOWN_EXCLUDED)
    line('excluded', `${formatCount(exact.excluded.length - SHOWN_EXCLUDED)} more: --json`);
  line('bytes read', `${formatCount(bytesRead.left)} and ${formatCount(bytesRead.right)}`);
  line('null', report.nullHypothesis);
  for (const assumption of report.assumptions) line('caveat', assumption);
}

function printSearch(
  { sought, dimensions, tests }: NetworkSearch,
  line: (name: string, text: string) => void,
): void {
  const log10 = (logP: number) => `10^${(logP / Math.LN10).toFixed(1)}`;
  if (dimensions !== null)
    line(
      'search',
      `dimensions: ${formatCount(dimensions.matches)} of ${formatCount(dimensions.units)} in order, ${log10(dimensions.logP)}`,
    );
  for (const { part, rule, found, matches, units, logP } of tests) {
    const how = rule === 'order' ? 'in order' : 'at their own place';
    line(
      'search',
      `${part}: ${formatPlural(found.length, 'network')} of the ${sought} model under any number, ${formatCount(matches)} of ${formatCount(units)} units ${how}, ${log10(logP)}`,
    );
    if (logP / Math.LN10 <= LEVEL_LOG10) line('', `layers ${found.map(nameFound).join(', ')}`);
  }
}

function nameFound({ layer, expert, otherLayer, otherExpert }: FoundNetwork): string {
  const name = (number: number, of: number | null) => (of === null ? `${number}` : `${number}.${of}`);
  return `${name(layer, expert)} as ${name(otherLayer, otherExpert)}`;
}

function usage(message: string): PhalanxError<CliErrorCode> {
  return new PhalanxError<CliErrorCode>('CLI_USAGE', message);
}
