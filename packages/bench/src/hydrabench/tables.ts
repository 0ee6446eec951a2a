import type { Interval } from '@phalanx/stats';
import type { RunResult } from './cell.js';
import {
  DAY_COLUMNS,
  type Proportion,
  summariseClasses,
  summariseErrors,
  summarisePools,
} from './summary.js';

/** Where figures come from: everything needed to make them again. */
export interface Provenance {
  readonly commit: string;
  readonly seeds: string;
  readonly sources: string;
}

/** The results as Markdown: campaigns, resellers, false alarms by class, calibration; empty tables are left out. */
export function writeTables(results: readonly RunResult[], provenance: Provenance): string {
  const parts = [
    `HydraBench at commit ${provenance.commit}; seeds ${provenance.seeds}; ${provenance.sources}. Bounds are two-sided 95 % (Clopper-Pearson; Poisson for rates).`,
    section('Campaigns', writePools(results.filter((r) => r.group === 'attack'))),
    section(
      'Undeclared resellers: to be found, not to be named',
      writePools(results.filter((r) => r.group !== 'attack')),
    ),
    section('Calibration on attack-free worlds', writeErrors(results.filter((r) => r.group === 'null'))),
    section('False findings, all worlds', writeErrors(results)),
    section('Honest classes, worst first', writeClasses(results)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function writePools(results: readonly RunResult[]): string {
  return table(
    [
      'cell',
      'detector',
      'found',
      'named',
      ...DAY_COLUMNS.map((day) => `by day ${day}`),
      'insufficient',
      'fragments a world',
      'accounts found',
      'B-cubed P / R',
      'leaked before alarm / name',
      'processor s',
      'MB',
    ],
    summarisePools(results).map((row) => [
      row.cell,
      row.detector,
      withBounds(row.found),
      withBounds(row.named),
      ...row.namedByDay.map(({ k, n }) => `${k}/${n}`),
      `${row.insufficient.k}/${row.insufficient.n}`,
      figure(row.fragments),
      figure(row.accountShare),
      `${figure(row.bCubedPrecision)} / ${figure(row.bCubedRecall)}`,
      row.campaign ? `${figure(row.leakedBeforeAlarm)} / ${figure(row.leakedBeforeName)}` : '-',
      row.processorSeconds.toFixed(1),
      row.peakMegabytes.toFixed(0),
    ]),
  );
}

function writeErrors(results: readonly RunResult[]): string {
  return table(
    [
      'detector',
      'worlds',
      'tenant-months',
      'false campaigns per 1,000',
      'worlds with false campaign',
      'false hidden pool',
      'insufficient about nothing',
      'any',
    ],
    summariseErrors(results).map((row) => [
      row.detector,
      String(row.worlds),
      row.tenantMonths.toFixed(0),
      `${figure(row.falseCampaignsPer1000)} ${bounds(row.falseCampaignsInterval)}`,
      withBounds(row.worldsWithCampaign),
      withBounds(row.worldsWithHiddenPool),
      withBounds(row.worldsWithInsufficient),
      withBounds(row.worldsWithAny),
    ]),
  );
}

function writeClasses(results: readonly RunResult[]): string {
  return table(
    ['detector', 'class', 'accounts accused', 'of a campaign', 'worlds with one'],
    summariseClasses(results).map((row) => [
      row.detector,
      row.class,
      withBounds(row.accused),
      `${row.accusedOfCampaign.k}/${row.accusedOfCampaign.n}`,
      withBounds(row.worldsWithAccused),
    ]),
  );
}

function section(title: string, body: string): string {
  return body === '' ? '' : `### ${title}\n\n${body}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function withBounds({ k, n, interval }: Proportion): string {
  return `${k}/${n} ${bounds(interval)}`;
}

function bounds({ lower, upper }: Interval): string {
  return `[${figure(lower)}, ${figure(upper)}]`;
}

/** Three significant digits at most; a dash for what is not defined. */
function figure(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '-';
}
