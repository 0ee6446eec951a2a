import { fromUtf8, listen, PhalanxError } from '@phalanx/core';
import type { ReleaseStatement } from '@phalanx/weights';
import { readIdentities } from '../age-identity.js';
import { ExitCode } from '../cli-error.js';
import { formatDuration, formatPlural } from '../figures.js';
import { type RecordSession, withRecord } from '../record-session.js';
import { parseListen, stopSignal, tellFaults, untilAborted } from '../serving.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';
import { openFolder, type RecordFlags } from './ledger-record.js';
import { readLease } from './weights-lease.js';
import { usageError } from './weights-seal.js';

export interface ServeReleaseFlags extends RecordFlags {
  readonly identity: string;
  readonly approvers: string;
  readonly by: string;
  readonly listen: string;
}

/**
 * `phalanx weights release serve`: hands out the keys of paced containers to those with a lease, until it is asked to end. Each key is
 * a leaf of the data directory's log before it leaves, and the log is all that the service remembers. It needs the containers'
 * manifests alone.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `WEIGHTS_KEY`, `WEIGHTS_FORMAT`, and what `withRecord` throws
 */
export async function serveReleaseCommand(
  paths: readonly string[],
  flags: ServeReleaseFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { makeReleaseHandler, MAX_RELEASE_BODY_BYTES, parseApprovers, readManifest, ReleaseService } =
    await import('@phalanx/weights');
  const address = parseListen(flags.listen);
  const approvers = parseApprovers(fromUtf8(readBytes(flags.approvers)));
  const [identity, ...others] = await readIdentities(flags.identity, terminal);
  if (identity === undefined || others.length > 0)
    throw usageError('a release service has one identity', 'Give a file with one.');
  const containers = await Promise.all(paths.map(readManifest));
  const { config, dataDir, file } = openFolder(flags, terminal);
  const stop = stopSignal();
  return withRecord(dataDir, file, config, terminal, async (session) => {
    const { parseStatement } = await import('@phalanx/record');
    const service = await ReleaseService.open({
      identity,
      containers,
      approvers,
      by: flags.by,
      history: readReleases(session, parseStatement),
      record: async (statement) => {
        const index = await session.telemetry.appendStatement(statement);
        await session.telemetry.publish();
        return index;
      },
    });
    const listener = await listen(makeReleaseHandler(service), {
      ...address,
      maxBodyBytes: MAX_RELEASE_BODY_BYTES,
      maxRequests: 16,
      onError: tellFaults(terminal),
    });
    terminal.out(flags.json ? `${JSON.stringify({ url: listener.url })}\n` : `serving  ${listener.url}\n`);
    await untilAborted(stop);
    await listener.close();
    return ExitCode.OK;
  });
}

/** What the log says of leases and keys, oldest first. */
function* readReleases(
  { telemetry }: RecordSession,
  parse: (entry: Uint8Array) => { readonly kind: string },
): Generator<ReleaseStatement> {
  for (const { entry } of telemetry.findStatements()) {
    const kind = kindOf(entry);
    if (kind === 'lease' || kind === 'segment-release') yield parse(entry) as ReleaseStatement;
  }
}

/** Null for an entry of another format. */
function kindOf(entry: Uint8Array): unknown {
  try {
    return (JSON.parse(fromUtf8(entry)) as { kind?: unknown } | null)?.kind;
  } catch {
    return null;
  }
}

export interface FetchFlags {
  readonly lease: string;
  readonly from: string;
  readonly identity: string;
  readonly keys: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** Nobody's clock is so exact that a key would come to the millisecond. */
const LATE_MS = 1000;
const RETRY_MS = 60_000;

/**
 * `phalanx weights release fetch`: the keys of a lease that are handed out now, into a folder; with `--wait` all of them, as they come.
 *
 * @throws PhalanxError `CLI_FILE`, `WEIGHTS_LEASE` with the service's reason, `WEIGHTS_SOURCE`, `WEIGHTS_SEAL`
 */
export async function fetchKeysCommand(
  path: string,
  flags: FetchFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { fetchKeys, KeyFolder, readManifest, requireFits } = await import('@phalanx/weights');
  const container = await readManifest(path);
  const lease = await readLease(flags.lease);
  requireFits(lease.lease, container);
  const identities = await readIdentities(flags.identity, terminal);
  const settings = { url: flags.from, lease, container, identities, folder: new KeyFolder(flags.keys) };
  const stop = stopSignal();
  let received = 0;
  for (;;) {
    let missing = Number.POSITIVE_INFINITY;
    let waitMs = RETRY_MS;
    try {
      const fetched = await fetchKeys(settings);
      received += fetched.received;
      ({ missing, waitMs } = fetched);
      const wait = missing === 0 ? '' : `, more in ${formatDuration(waitMs)}`;
      terminal.talk(`${formatPlural(fetched.received, 'key')} came, ${missing} to come${wait}\n`);
    } catch (error) {
      if (!flags.wait || !PhalanxError.is(error, 'WEIGHTS_SOURCE')) throw error;
      terminal.talk(`${error.message}; again in ${formatDuration(RETRY_MS)}\n`);
    }
    if (missing === 0 || !flags.wait || stop.aborted) {
      const answer = { received, missing: Number.isFinite(missing) ? missing : null, waitMs };
      if (flags.json) terminal.out(`${JSON.stringify(answer)}\n`);
      else terminal.out(`${formatPlural(received, 'key')} received, ${answer.missing ?? 'some'} to come\n`);
      return ExitCode.OK;
    }
    await Promise.race([new Promise((resolve) => setTimeout(resolve, waitMs + LATE_MS)), untilAborted(stop)]);
  }
}
