import type { IngestReport } from '@phalanx/ingest';
import { ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatCount } from '../figures.js';
import { readBenchmarks, runIngest, withStore } from '../telemetry-session.js';
import type { Terminal } from '../terminal.js';

export interface IngestFlags {
  readonly format?: string;
  readonly mapping?: string;
  readonly accounts?: string;
  readonly text: boolean;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `phalanx ingest`: log files into the store. Exit 1 when rows were rejected or a file broke off. */
export async function ingestCommand(
  files: string[],
  flags: IngestFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  const benchmarks = await readBenchmarks(config);
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  try {
    const report = await withStore(config, dataDir, (store) =>
      runIngest(
        store,
        config,
        dataDir,
        {
          files,
          ...(flags.format !== undefined && { format: flags.format }),
          ...(flags.mapping !== undefined && { mapping: flags.mapping }),
          ...(flags.accounts !== undefined && { accounts: flags.accounts }),
          benchmarks,
          keepText: flags.text && config['ingest.keep_text'],
          signal: stop.signal,
        },
        terminal,
      ),
    );
    if (flags.json) terminal.out(`${JSON.stringify(report)}\n`);
    else terminal.talk(writeIngestReport(report));
    if (report.interrupted) return ExitCode.ENVIRONMENT;
    return report.rejected > 0 || report.failures.length > 0 ? ExitCode.FOUND : ExitCode.OK;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** How an ingestion went, in a few lines. */
export function writeIngestReport(report: IngestReport): string {
  const { exchanges, accounts, rejected, ignored, skippedLines, seconds } = report;
  let out = `${formatCount(exchanges)} exchanges`;
  if (accounts > 0) out += `, ${formatCount(accounts)} account facts`;
  if (ignored > 0) out += `, ${formatCount(ignored)} rows of another kind`;
  if (skippedLines > 0) out += `, ${formatCount(skippedLines)} rows known from an earlier run`;
  out += `, ${formatCount(rejected)} rejected; ${seconds.toFixed(1)} s\n`;
  for (const file of report.rejectedFiles) out += `  rejected rows and reasons: ${file}\n`;
  for (const failure of report.failures)
    out += `  ${failure.message} (${failure.code}); what came before is stored\n`;
  if (report.interrupted) out += '  interrupted; the same command goes on from here\n';
  return out;
}
