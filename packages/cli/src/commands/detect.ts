import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import type { DetectionReport, TelemetryReader } from '@phalanx/domain';
import type { TelemetryStore } from '@phalanx/store';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { digestDetector } from '../detector-digest.js';
import { type TextLayout, writeReport, writeTimeline } from '../finding-text.js';
import { packFindings } from '../kept-finding.js';
import { openProgressBar } from '../progress-bar.js';
import type { Config } from '../setting.js';
import { compareReports, writeComparison } from '../shadow-comparison.js';
import { readBenchmarks, readDetectOptions, runIngest, withStore } from '../telemetry-session.js';
import { choosePaint, type Terminal } from '../terminal.js';
import { parseTimeRange } from '../time-range.js';
import { writeIngestReport } from './ingest.js';

export interface DetectFlags {
  readonly format?: string;
  readonly mapping?: string;
  readonly accounts?: string;
  readonly alpha?: string;
  readonly backtest?: string;
  readonly shadow?: string;
  readonly html?: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * `phalanx detect`: findings in a data directory, or in the log files given, which are read into a temporary directory
 * (texts not kept) unless `--data` names one. Findings are kept in the store, except those of `--backtest` and
 * `--shadow`, which ask what would have been. Exit 1 when there is a finding.
 */
export async function detectCommand(
  files: string[],
  flags: DetectFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const config = withAlpha(loadConfig(terminal.env, flags.config), flags.alpha);
  const shadow = flags.shadow === undefined ? null : withAlpha(loadConfig({}, flags.shadow), flags.alpha);
  const window = flags.backtest === undefined ? null : parseTimeRange(flags.backtest);
  const benchmarks = files.length > 0 ? await readBenchmarks(config) : null;
  const temporary = files.length > 0 && flags.data === undefined;
  const dataDir = temporary ? mkdtempSync(join(tmpdir(), 'phalanx-')) : (flags.data ?? config.data);
  try {
    return await withStore(config, dataDir, async (store) => {
      if (benchmarks !== null) {
        const { format, mapping, accounts } = flags;
        const ingested = await runIngest(
          store,
          config,
          dataDir,
          {
            files,
            ...(format !== undefined && { format }),
            ...(mapping !== undefined && { mapping }),
            ...(accounts !== undefined && { accounts }),
            benchmarks,
            keepText: !temporary && config['ingest.keep_text'],
          },
          terminal,
        );
        terminal.talk(writeIngestReport(ingested));
      }
      const options = window === null ? {} : { window };
      const report = await runDetect(store, config, options, terminal);
      const other = shadow === null ? null : await runDetect(store, shadow, options, terminal);
      try {
        if (window === null && other === null) await keepFindings(store, report);
      } finally {
        // A run takes long: a store that can be read and not written must not cost its answer.
        if (flags.html !== undefined) await writePage(flags.html, report, terminal);
        writeAnswer(report, other, flags, terminal);
      }
      return report.findings.length > 0 ? ExitCode.FOUND : ExitCode.OK;
    });
  } finally {
    if (temporary) rmSync(dataDir, { recursive: true, force: true });
  }
}

function writeAnswer(
  report: DetectionReport,
  other: DetectionReport | null,
  flags: DetectFlags,
  terminal: Terminal,
): void {
  const comparison = other === null ? null : compareReports(report, other);
  if (flags.json) {
    const answer = other === null ? report : { current: report, shadow: other, comparison };
    terminal.out(`${JSON.stringify(answer)}\n`);
    return;
  }
  const layout: TextLayout = { columns: terminal.columns, paint: choosePaint(terminal) };
  terminal.out(writeReport(report, layout));
  if (flags.backtest !== undefined) terminal.out(`\n${writeTimeline(report, layout)}`);
  if (comparison !== null) terminal.out(`\n${writeComparison(comparison)}`);
}

/** Runs detection with a progress bar. */
export async function runDetect(
  reader: TelemetryReader,
  config: Config,
  options: { readonly window?: { readonly fromMs: number; readonly toMs: number } },
  terminal: Terminal,
): Promise<DetectionReport> {
  const { detectCampaigns } = await import('@phalanx/detect');
  const bar = openProgressBar(terminal);
  try {
    const report = await detectCampaigns(reader, {
      ...readDetectOptions(config),
      ...options,
      onProgress: (done, total, label) => bar.show(done / Math.max(1, total), label),
    });
    // With the code that made it: what is exported as evidence later may be read by other code.
    const configuration = { ...report.configuration, detectorSha256: digestDetector() };
    return { ...report, configuration };
  } finally {
    bar.clear();
  }
}

/** Keeps each finding of a run; the same accounts in the same window replace what was kept of them. */
export async function keepFindings(
  store: Pick<TelemetryStore, 'putFinding'>,
  report: DetectionReport,
): Promise<void> {
  for (const row of packFindings(report, Date.now())) await store.putFinding(row);
}

/** Writes the report page. @throws PhalanxError `CLI_FILE` when the file cannot be written. */
export async function writePage(path: string, report: DetectionReport, terminal: Terminal): Promise<void> {
  const { renderReportPage } = await import('../report-page/page.js');
  try {
    writeFileSync(path, renderReportPage(report), { mode: 0o600 });
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot write ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
  terminal.talk(`report page: ${path}\n`);
}

function withAlpha(config: Config, text: string | undefined): Config {
  if (text === undefined) return config;
  const alpha = Number(text);
  if (!(alpha > 0 && alpha < 1))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `--alpha ${text} does not lie between 0 and 1`);
  return { ...config, 'detect.alpha': alpha };
}
