import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeLiteLlmLog } from '@phalanx/testing';
import { ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatPlural } from '../figures.js';
import { writeReport } from '../finding-text.js';
import { buildSimulation } from '../simulation.js';
import { readBenchmarks, runIngest, withStore } from '../telemetry-session.js';
import { choosePaint, type Terminal, wrapText } from '../terminal.js';
import { compareWithTruth, writeTruth } from '../truth-comparison.js';
import { keepFindings, runDetect, writePage } from './detect.js';
import { writeIngestReport } from './ingest.js';

/** What the simulated campaign collects: word problems for training in reasoning. */
const SOUGHT = 'attackSources=math-word-problem';

/** What the demo ends with, as it can be typed in the folder of a clone: npm links the command there and not on the PATH. */
export const NEXT_COMMAND = 'npx phalanx detect YOUR-LOGS.jsonl --html report.html';

export interface DemoFlags {
  readonly data?: string;
  readonly seed: string;
  readonly html: string;
  readonly json?: boolean;
}

/**
 * `phalanx demo`: a small provider's week with a campaign hidden among honest customers, found again. Starts afresh each
 * time: what a former run left in its directory is removed. Exit 0 whatever it finds.
 */
export async function demoCommand(flags: DemoFlags, terminal: Terminal): Promise<ExitCode> {
  const config = loadConfig(terminal.env);
  const benchmarks = await readBenchmarks(config);
  const folder = flags.data ?? join('.phalanx', 'demo');
  const [logs, dataDir] = [join(folder, 'logs'), join(folder, 'data')];
  rmSync(logs, { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
  terminal.talk('simulating a small provider: honest tenants, and one pool of accounts that is not\n');
  const world = buildSimulation({ scenario: 'quickstart', seed: flags.seed, set: [SOUGHT] });
  const files = await writeLiteLlmLog(world, logs);
  terminal.talk(
    `${formatPlural(world.accounts.length, 'account')}, ${formatPlural(world.size, 'exchange')} in ${files.traffic}\n`,
  );
  return withStore({ ...config, 'telemetry.url': '' }, dataDir, async (store) => {
    const request = { files: [files.traffic], accounts: files.accounts, benchmarks, keepText: false };
    terminal.talk(writeIngestReport(await runIngest(store, config, dataDir, request, terminal)));
    const report = await runDetect(store, config, {}, terminal);
    const truth = compareWithTruth(report, world.labels);
    await keepFindings(store, report);
    await writePage(flags.html, report, terminal);
    if (flags.json) terminal.out(`${JSON.stringify({ report, truth })}\n`);
    else {
      const paint = choosePaint(terminal);
      const columns = Math.min(terminal.columns, 100);
      terminal.out(`\n${writeReport(report, { columns: terminal.columns, paint })}`);
      terminal.out(
        `\n${paint.bold('Against the truth, since this was a simulation')}\n${wrapText(writeTruth(truth), columns, '  ')}`,
      );
      terminal.out(`\n${paint.bold('Next, on your own logs')}\n  ${NEXT_COMMAND}\n`);
    }
    return ExitCode.OK;
  });
}
