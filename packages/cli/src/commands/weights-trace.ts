import { PhalanxError, shortenText } from '@phalanx/core';
import type { CopyHolder, Realignment, TraceReport, WeightFile } from '@phalanx/weights';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatCount, formatLog10, formatPlural } from '../figures.js';
import type { Terminal } from '../terminal.js';
import { readRegister, readWeightMarkKey, registerOf } from '../weight-marks.js';
import { readBytes } from './ledger.js';

export interface TraceFlags {
  readonly base: string;
  readonly key: string;
  readonly recipients?: string;
  readonly alpha: string;
  readonly realign: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

const SHOWN = 10;

/**
 * `phalanx weights trace`: whose copies a suspect was made of, out of all that the register has under the key, or a list that is given. Exit 1 when
 * somebody is named. `PHALANX_WEIGHTS_TOKEN` is sent as bearer token to the origin of an address.
 *
 * @throws PhalanxError `CLI_USAGE` without holders, `CLI_FILE`, `WEIGHTS_ARGUMENT`, `LEDGER_PASSPHRASE`, and what readers throw
 */
export async function traceCopyCommand(
  suspect: string,
  flags: TraceFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { checkRegisteredCopy, digestMarkKey, openWeights, REALIGNMENTS, traceCopy } = await import(
    '@phalanx/weights'
  );
  const realignment: Realignment | undefined = REALIGNMENTS.find((when) => when === flags.realign);
  if (realignment === undefined) throw usage('--realign must be needed, always or never');
  const alpha = Number(flags.alpha);
  if (!(alpha >= 1e-300 && alpha <= 0.1)) throw usage('--alpha is a chance between 1e-300 and 0.1');
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  const key = await readWeightMarkKey(flags.key, terminal, flags.config);
  const issued = await readRegister(dataDir, digestMarkKey(key));
  const faults = issued.flatMap((entry) =>
    checkRegisteredCopy(key, entry).map((fault) => `${entry.holder.name}: ${fault}`),
  );
  if (faults.length > 0)
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${registerOf(dataDir)} was changed: ${faults[0]!}`);
  const holders =
    flags.recipients === undefined ? issued.map(({ holder }) => holder) : readHolders(flags.recipients);
  if (holders.length === 0)
    throw usage(
      `no copy under this key in ${registerOf(dataDir)}`,
      'Give --data, or a list with --recipients.',
    );
  const token = terminal.env.PHALANX_WEIGHTS_TOKEN;
  const files: WeightFile[] = [];
  try {
    files.push(await openWeights(flags.base));
    files.push(await openWeights(suspect, token ? { headers: { authorization: `Bearer ${token}` } } : {}));
    const report = await traceCopy(files[0]!, files[1]!, key, holders, { alpha, realignment });
    if (flags.json) terminal.out(`${JSON.stringify(report)}\n`);
    else printReport(report, terminal);
    return report.accusations.some(({ named }) => named) ? ExitCode.FOUND : ExitCode.OK;
  } finally {
    for (const file of files) await file.close();
  }
}

/** A name a line; `location:` before it for a place. */
function readHolders(path: string): readonly CopyHolder[] {
  const lines = Buffer.from(readBytes(path)).toString('utf8').split(/\r?\n/);
  return lines
    .filter((line) => line !== '')
    .map((line) =>
      line.startsWith('location:')
        ? { kind: 'location', name: line.slice('location:'.length) }
        : { kind: 'recipient', name: line },
    );
}

function printReport(report: TraceReport, terminal: Terminal): void {
  const line = (name: string, text: string) => terminal.out(`${name.padEnd(12)}${text}\n`);
  const { accusations, reading, holders, alpha } = report;
  const named = accusations.filter((one) => one.named);
  line(
    'verdict',
    named.length === 0 ? 'nobody is named' : `${formatPlural(named.length, 'copy', 'copies')} named`,
  );
  for (const { holder, log10PAmongAll, deviations, named: isNamed } of accusations.slice(
    0,
    Math.max(SHOWN, named.length),
  ))
    line(
      isNamed ? 'named' : 'not named',
      `${holder.kind} ${shortenText(holder.name, 100)}: p at most 10^${formatLog10(log10PAmongAll)} among ${formatCount(holders)}, ${deviations.toFixed(1)} deviations`,
    );
  if (accusations.length > SHOWN && accusations.length > named.length)
    line('not named', `${formatCount(accusations.length - Math.max(SHOWN, named.length))} more: --json`);
  line(
    'read',
    `${formatCount(reading.carriers)} marked numbers, ${formatCount(reading.erased)} erased, ${reading.noiseUlps === null ? 'none near the base' : `${reading.noiseUlps.toFixed(1)} units of the last place from the base`}`,
  );
  const ways = new Map<string, number>();
  for (const { way } of reading.tensors) ways.set(way, (ways.get(way) ?? 0) + 1);
  line('tensors', [...ways].map(([way, count]) => `${count} ${way}`).join(', '));
  line('alpha', `${alpha}: the chance that anybody innocent is named, whatever was done to the file`);
  line('null', report.nullHypothesis);
  for (const assumption of report.assumptions) line('caveat', assumption);
}

function usage(message: string, advice?: string): PhalanxError<CliErrorCode> {
  return new PhalanxError<CliErrorCode>('CLI_USAGE', message, advice === undefined ? {} : { advice });
}
