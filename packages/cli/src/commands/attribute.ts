import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttributionOptions, DatasetRow, TextField } from '@phalanx/attribution';
import { PhalanxError } from '@phalanx/core';
import { type AttributionReport, DetectionReport } from '@phalanx/domain';
import type { RowFile } from '@phalanx/ingest';
import type { TelemetryStore } from '@phalanx/store';
import { writeAttribution } from '../attribution-text.js';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { unpackFinding } from '../kept-finding.js';
import { openProgressBar } from '../progress-bar.js';
import { withStore } from '../telemetry-session.js';
import { choosePaint, type Terminal } from '../terminal.js';
import { parseInstant } from '../time-range.js';

export interface AttributeFlags {
  readonly field?: string;
  readonly control: readonly string[];
  readonly controlField?: string;
  readonly published?: string;
  readonly findings?: string;
  readonly alpha?: string;
  readonly overlap?: string;
  readonly minBytes?: string;
  readonly windows?: string;
  readonly rows?: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Matches told one by one in the report; `--rows` writes all. */
const LISTED = 1000;
const ALL_LISTED = 1_000_000;
const MAX_FILES = 1000;

/** What reading some files came to, filled while they are read. */
interface FileTally {
  readonly path: string;
  readonly field: string;
  readonly guessed: boolean;
  rows: number;
  rejected: number;
}

/**
 * `phalanx attribute`: which responses of a data directory stand in a data set, and which accounts received them. Reads only.
 * Exit 1 when an account or a campaign is named or indicated.
 *
 * @throws PhalanxError `CLI_USAGE` when the data directory has no sketch key: under a new one nothing could match.
 */
export async function attributeCommand(
  files: string[],
  flags: AttributeFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  if (!existsSync(join(dataDir, 'sketch.key')))
    throw usage(
      `${dataDir} holds no sketch key`,
      'Name the data directory that the responses were ingested into.',
    );
  if (files.length + flags.control.length > MAX_FILES) throw usage(`more than ${MAX_FILES} files`);
  const options = readOptions(flags);
  const report = await withStore(config, dataDir, (store) =>
    attribute(store, dataDir, files, flags, options, terminal),
  );
  const told = flags.rows === undefined ? report : writeRows(report, flags.rows, terminal);
  if (flags.json) terminal.out(`${JSON.stringify(told)}\n`);
  else terminal.out(writeAttribution(told, { columns: terminal.columns, paint: choosePaint(terminal) }));
  const isFound = [...told.accounts, ...told.campaigns].some(({ verdict }) => verdict !== 'none');
  return isFound ? ExitCode.FOUND : ExitCode.OK;
}

async function attribute(
  store: TelemetryStore,
  dataDir: string,
  paths: readonly string[],
  flags: AttributeFlags,
  options: Partial<AttributionOptions>,
  terminal: Terminal,
): Promise<AttributionReport> {
  const [{ attributeDataset }, { createSketcher }, { openSketchKey }] = await Promise.all([
    import('@phalanx/attribution'),
    import('@phalanx/sketch'),
    import('@phalanx/store'),
  ]);
  const key = await openSketchKey(dataDir);
  const decoyKey = createHmac('sha256', key).update('phalanx attribution decoy').digest();
  const groups = await readGroups(store, flags.findings);
  const opened = await openFiles(paths, flags.field);
  const control = await openFiles(flags.control, flags.controlField ?? flags.field);
  const bar = openProgressBar(terminal);
  try {
    const found = await attributeDataset(
      store,
      {
        sources: paths,
        rows: readRows(opened),
        ...(control.length > 0 && { control: readRows(control) }),
        sketcher: createSketcher(key),
        decoySketcher: createSketcher(decoyKey),
        groups,
        onProgress: (done, total, label) => bar.show(total > 1 ? done / total : null, label),
      },
      options,
    );
    for (const { tally } of [...opened, ...control])
      if (tally.rejected > 0) terminal.talk(`${tally.path}: ${tally.rejected} rows could not be read\n`);
    return { ...found, files: opened.map(({ tally }) => tally) };
  } finally {
    bar.clear();
    for (const { file } of [...opened, ...control]) file.close();
  }
}

interface OpenedFile {
  readonly file: RowFile;
  readonly field: TextField;
  readonly tally: FileTally;
}

async function openFiles(paths: readonly string[], named: string | undefined): Promise<OpenedFile[]> {
  const [{ findField, guessField }, { openRowFile }] = await Promise.all([
    import('@phalanx/attribution'),
    import('@phalanx/ingest'),
  ]);
  const opened: OpenedFile[] = [];
  for (const path of paths) {
    let file: RowFile | null = null;
    try {
      file = await openRowFile(path);
      const field = named === undefined ? guessField(file.sample) : findField(named, file.sample);
      const guessed = named === undefined;
      opened.push({ file, field, tally: { path, field: field.path, guessed, rows: 0, rejected: 0 } });
    } catch (error) {
      file?.close();
      for (const before of opened) before.file.close();
      throw error;
    }
  }
  return opened;
}

async function* readRows(opened: readonly OpenedFile[]): AsyncGenerator<DatasetRow> {
  const { readTexts } = await import('@phalanx/attribution');
  for (const [source, { file, field, tally }] of opened.entries())
    for await (const { number, row } of file.read()) {
      tally.rows++;
      if (row === null) tally.rejected++;
      else yield { source, number, texts: readTexts(row, field) };
    }
}

/** Findings of a report of `detect`, else those that are kept. */
async function readGroups(store: TelemetryStore, path: string | undefined) {
  const findings =
    path === undefined
      ? (await store.listFindings()).map((row) => unpackFinding(row).finding)
      : readReport(path).findings;
  return findings.map(({ id, members }) => ({ id, accountIds: members.map(({ accountId }) => accountId) }));
}

function readReport(path: string): DetectionReport {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot read ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
  const parsed = DetectionReport.safeParse(value);
  if (!parsed.success)
    throw usage(`${path} is no report of detect`, 'Write one with `phalanx detect --json`.');
  return parsed.data;
}

/** Writes every listed match as a line and leaves the first of them in the report. */
function writeRows(report: AttributionReport, path: string, terminal: Terminal): AttributionReport {
  try {
    writeFileSync(path, report.matches.map((match) => `${JSON.stringify(match)}\n`).join(''), {
      mode: 0o600,
    });
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot write ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
  terminal.talk(`matching rows: ${path}\n`);
  const matches = report.matches.slice(0, LISTED);
  const cut = report.matches.length - matches.length;
  return { ...report, matches, matchesNotListed: report.matchesNotListed + cut };
}

function readOptions(flags: AttributeFlags): Partial<AttributionOptions> {
  const number = (name: string, text: string | undefined) => {
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) throw usage(`${name} ${text} is not a number`);
    return value;
  };
  const alpha = number('--alpha', flags.alpha);
  const overlap = number('--overlap', flags.overlap);
  const minBytes = number('--min-bytes', flags.minBytes);
  const windowScales = number('--windows', flags.windows);
  return {
    ...(alpha !== undefined && { alpha }),
    ...(overlap !== undefined && { overlap }),
    ...(minBytes !== undefined && { minBytes }),
    ...(windowScales !== undefined && { windowScales }),
    ...(flags.published !== undefined && { publishedMs: parseInstant(flags.published) }),
    listed: flags.rows === undefined ? LISTED : ALL_LISTED,
  };
}

function usage(message: string, advice?: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', message, advice === undefined ? {} : { advice });
}
