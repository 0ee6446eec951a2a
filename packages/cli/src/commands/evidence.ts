import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { StatementSigner } from '@phalanx/attestation';
import { PhalanxError, showInvisible, systemClock, utf8 } from '@phalanx/core';
import type { CaseParty } from '@phalanx/evidence';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { readAuthority, readDates } from '../dated-log.js';
import { digestDetector } from '../detector-digest.js';
import { formatCount, formatPlural } from '../figures.js';
import { unpackFinding } from '../kept-finding.js';
import { readLedgerFile, readLedgerKey, withRecord } from '../record-session.js';
import { withStore } from '../telemetry-session.js';
import type { Terminal } from '../terminal.js';

const LEVELS = ['existence', 'aggregates', 'metadata', 'text'] as const;
const DEFAULT_SAMPLE = 64;
const MAX_SAMPLE = 100_000;
const YEAR_MS = 365 * 86_400_000;

export interface ExportFlags {
  readonly to: string;
  readonly case: string;
  readonly organisation: string;
  readonly person?: string;
  readonly role: string;
  readonly disclose: string;
  readonly names?: boolean;
  readonly recipient: string[];
  readonly sample?: string;
  readonly seed?: string;
  readonly tsa?: string;
  readonly tsaCertificates?: string;
  readonly policy?: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * `phalanx evidence export`: a kept finding becomes a bundle that a stranger can check.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, and what `exportEvidence` throws
 */
export async function exportEvidenceCommand(
  id: string,
  flags: ExportFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  const ledger = readLedgerFile(dataDir);
  if (ledger === null)
    throw usage(`${dataDir} has no log`, 'Only what was logged can be proved: phalanx ledger init.');
  const disclose = LEVELS.find((level) => level === flags.disclose);
  if (disclose === undefined) throw usage(`--disclose ${flags.disclose}`, `One of ${LEVELS.join(', ')}.`);
  const size = flags.sample === undefined ? DEFAULT_SAMPLE : Number(flags.sample);
  if (!Number.isInteger(size) || size < 1 || size > MAX_SAMPLE) throw usage(`--sample ${flags.sample}`);
  const authority = await readAuthority({
    'ledger.tsa': flags.tsa ?? config['ledger.tsa'],
    'ledger.tsa_certificates': flags.tsaCertificates ?? config['ledger.tsa_certificates'],
  });
  const policy = flags.policy ?? config['ledger.policy'];
  const row = await withStore(config, dataDir, (store) => store.readFinding(id));
  if (row === null)
    throw usage(`no finding is kept as ${showInvisible(id)}`, '`phalanx findings list` names them.');
  const { report, keptAtMs } = unpackFinding(row);

  const [
    { statementSignerOf },
    { exportEvidence },
    { parseVerifierKey },
    { createSketcher, HashDomain },
    { openSketchKey },
  ] = await Promise.all([
    import('@phalanx/attestation'),
    import('@phalanx/evidence'),
    import('@phalanx/ledger'),
    import('@phalanx/sketch'),
    import('@phalanx/store'),
  ]);
  const sketcher = createSketcher(await openSketchKey(dataDir));
  const statements = statementSignerOf(await readLedgerKey(dataDir, 'statements', ledger, config, terminal));
  const madeBy: CaseParty = {
    organisation: flags.organisation,
    person: flags.person ?? null,
    role: flags.role,
  };
  const version = readVersion();
  const folder = resolve(flags.to);
  const bundle = await withRecord(dataDir, ledger, config, terminal, async ({ telemetry }) =>
    exportEvidence(folder, {
      telemetry,
      logKey: parseVerifierKey(ledger.verifierKey),
      logKeyText: ledger.verifierKey,
      policy: policy === '' ? utf8(`log ${ledger.verifierKey}\nquorum none\n`) : readBytes(policy),
      statements,
      certificates: [await openCertificate(dataDir, statements, madeBy)],
      report,
      ranAtMs: keptAtMs,
      detector: { version, codeSha256: String(report.configuration.detectorSha256 ?? digestDetector()) },
      accountOf: (accountId) => sketcher.hash64(HashDomain.ACCOUNT, accountId),
      caseId: flags.case,
      madeBy,
      software: { name: 'Phalanx', version },
      disclose,
      names: flags.names ?? false,
      recipients: flags.recipient,
      sample: { size, seed: flags.seed ?? null },
      timestamps: authority,
      dated: authority === null ? [] : await readDates(dataDir),
      clock: systemClock,
    }),
  );
  const { leaves, sampled, statementIndex, sha256, pool, opened } = bundle;
  if (flags.json)
    terminal.out(
      `${JSON.stringify({ folder, sha256, leaves, accounts: pool.chains.size, sampled, statementIndex })}\n`,
    );
  else
    terminal.out(
      `${folder}\n${formatPlural(leaves, 'exchange')} of ${formatPlural(pool.chains.size, 'account')}, ${formatCount(sampled)} drawn as a sample; signed, and entry ${formatCount(statementIndex)} of the log\nsha256 of tagmanifest-sha256.txt: ${sha256}\n`,
    );
  if (disclose === 'text' && opened.text === 0)
    terminal.talk('no text of the sample is left: it was not kept, its time is over, or it was erased\n');
  if (pool.unrecorded.length > 0)
    terminal.talk(
      `${formatPlural(pool.unrecorded.length, 'account')} of the finding not on record and left out\n`,
    );
  return ExitCode.OK;
}

export interface VerifyFlags {
  readonly policy?: string;
  readonly statementKey?: string;
  readonly tsaCertificates?: string;
  readonly identity?: string;
  readonly json?: boolean;
}

/** `phalanx evidence verify`: checks a bundle offline and names the first link that breaks. Exit 1 when one does. */
export async function verifyEvidenceCommand(
  folder: string,
  flags: VerifyFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { verifyEvidence } = await import('@phalanx/evidence');
  const { policy, statementKey, tsaCertificates, identity } = flags;
  const check = await verifyEvidence(folder, {
    ...(policy !== undefined && { policy: readBytes(policy) }),
    ...(statementKey !== undefined && { statementKey: readBytes(statementKey) }),
    ...(tsaCertificates !== undefined && { timestampAuthority: readBytes(tsaCertificates) }),
    ...(identity !== undefined && { identity: readIdentity(identity) }),
  });
  if (flags.json) terminal.out(`${JSON.stringify(check)}\n`);
  else {
    for (const { link, ok, what } of check.links)
      terminal.out(`${ok ? 'ok' : 'BROKEN'}  ${link}: ${showInvisible(what)}\n`);
    if (check.verified && !check.anchored)
      terminal.out(
        `log and signer are as the bundle names them; compare the key with one from elsewhere (--policy, --statement-key):\n  ${showInvisible(check.claims!.log)}\n`,
      );
    terminal.out(check.verified ? 'VERIFIED\n' : 'NOT VERIFIED\n');
  }
  return check.verified ? ExitCode.OK : ExitCode.FOUND;
}

/** The certificate of the reports' signer: one for as long as the key lasts, so that it can be published. */
async function openCertificate(
  dataDir: string,
  key: StatementSigner,
  subject: CaseParty,
): Promise<Uint8Array> {
  const [{ formatCertificates, readCertificates }, { makeSigningCertificate }] = await Promise.all([
    import('@phalanx/attestation'),
    import('@phalanx/evidence'),
  ]);
  const path = join(dataDir, 'ledger', 'report-signer.pem');
  if (existsSync(path)) return readCertificates(readBytes(path))[0]!;
  const notBeforeMs = Date.now() - 3_600_000;
  const made = await makeSigningCertificate(
    key,
    { subject, notBeforeMs, notAfterMs: notBeforeMs + 10 * YEAR_MS },
    null,
  );
  writeFileSync(path, formatCertificates([made]), { flag: 'wx' });
  return made;
}

function readIdentity(path: string): string {
  const line = Buffer.from(readBytes(path))
    .toString('utf8')
    .split(/\r?\n/)
    .find((each) => each.startsWith('AGE-SECRET-KEY-'));
  if (line === undefined) throw usage(`${path} holds no age identity`);
  return line.trim();
}

function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot read ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function readVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

function usage(what: string, advice?: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', what, advice === undefined ? {} : { advice });
}
