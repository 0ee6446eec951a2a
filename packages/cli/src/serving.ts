import { PhalanxError, showInvisible } from '@phalanx/core';
import type { CliErrorCode } from './cli-error.js';
import type { Terminal } from './terminal.js';

/** Faults of a server are told at most that often: a stranger may cause them at will. */
const TALK_MS = 1000;

/**
 * Where to listen, from `host:port`; IPv6 in brackets; port 0 is any that is free.
 *
 * @throws PhalanxError `CLI_USAGE`
 */
export function parseListen(text: string): { readonly host: string; readonly port: number } {
  const [, host, digits] = /^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):([0-9]{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host === undefined || !(port <= 65_535))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `no address to listen on: ${text}`, {
      advice: 'Give host and port, as in 127.0.0.1:8080.',
    });
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

/** Aborted when the process is asked to end (SIGINT, SIGTERM). */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  return stop.signal;
}

/** Resolves when the signal is aborted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Tells of a server's faults, the first of each second. */
export function tellFaults(terminal: Terminal): (error: unknown) => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < TALK_MS) return;
    toldMs = nowMs;
    const code = PhalanxError.is(error) ? ` (${error.code})` : '';
    terminal.talk(`answered 500: ${showInvisible((error as Error).message)}${code}\n`);
  };
}
