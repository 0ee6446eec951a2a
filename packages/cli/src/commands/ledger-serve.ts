import { listen, showInvisible, systemClock } from '@phalanx/core';
import { ExitCode } from '../cli-error.js';
import { formatCount } from '../figures.js';
import { parseListen, stopSignal, tellFaults, untilAborted } from '../serving.js';
import type { Terminal } from '../terminal.js';
import { existingLog } from './ledger.js';

export interface ServeLogFlags {
  readonly listen: string;
  readonly scrub?: boolean;
  readonly json?: boolean;
}

/**
 * `phalanx ledger serve`: shows a log to readers (tlog-tiles) until it is asked to end, while another process writes it. With
 * `--scrub` the disk is read again and again meanwhile. Exit 1 when that found a fault.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`
 */
export async function serveLogCommand(
  folder: string,
  flags: ServeLogFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { FolderDisk, LogReader, makeLogHandler, scrubLog } = await import('@phalanx/ledger');
  const address = parseListen(flags.listen);
  const log = new LogReader(existingLog(folder));
  const stop = stopSignal();
  const listener = await listen(makeLogHandler(log), { ...address, onError: tellFaults(terminal) });
  const { origin, size } = log.served?.checkpoint ?? { origin: null, size: 0 };
  if (flags.json) terminal.out(`${JSON.stringify({ url: listener.url, origin, size })}\n`);
  else
    terminal.out(
      `serving  ${listener.url}  ${origin === null ? 'no checkpoint yet' : `${showInvisible(origin)}, ${formatCount(size)} entries`}\n`,
    );
  let fault: string | null = null;
  const state = new FolderDisk(folder);
  try {
    if (flags.scrub) fault = await scrubLog({ log, state, clock: systemClock, signal: stop });
    if (fault !== null) {
      if (flags.json) terminal.out(`${JSON.stringify({ fault })}\n`);
      else terminal.out(`FAULT  ${showInvisible(fault)}\n`);
      terminal.talk('Still serving: readers check what they get. Restore the folder from a copy.\n');
    }
    await untilAborted(stop);
  } finally {
    await listener.close();
    state.close();
    log.close();
  }
  return fault === null ? ExitCode.OK : ExitCode.FOUND;
}
