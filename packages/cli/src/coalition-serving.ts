import { PhalanxError, systemClock } from '@phalanx/core';
import type { ListenerPlan } from '@phalanx/server';
import type { CliErrorCode } from './cli-error.js';
import { readPem } from './coalition-peers.js';
import { parseListen, stopSignal, tellFaults } from './serving.js';
import type { Config } from './setting.js';
import type { Terminal } from './terminal.js';

/**
 * Where a hub or key server listens, from settings. Answers are told on standard error, one line of JSON each.
 *
 * @throws PhalanxError `CLI_USAGE` when something that is needed is not set; `CLI_FILE`
 */
export async function planListeners(config: Config, terminal: Terminal): Promise<ListenerPlan> {
  const { formatAccess } = await import('@phalanx/server');
  const publicUrl = config['coalition.public_url'];
  if (!URL.canParse(publicUrl) || publicUrl.endsWith('/'))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'coalition.public_url is not set, or is no URL', {
      advice: 'As https://hub.example, without a slash at the end.',
    });
  const key = readPem(config['coalition.tls_key']);
  const certificate = readPem(config['coalition.tls_certificate']);
  const clientCa = readPem(config['coalition.client_ca']);
  const addressOf = (text: string) => (text === '' ? null : parseListen(text));
  return {
    publicUrl,
    tls:
      key === null || certificate === null
        ? null
        : { key, certificate, ...(clientCa !== null && { clientCa }) },
    main: addressOf(config['coalition.listen']),
    basic: addressOf(config['coalition.basic_listen']),
    loopback: addressOf(config['coalition.loopback_listen']),
    operations: addressOf(config['coalition.operations_listen']),
    onAnswer: (answered) => terminal.talk(formatAccess(answered, systemClock.nowMs())),
    onError: tellFaults(terminal),
  };
}

/** Calls `tick` every `everyMs` until the process is asked to end; what it throws is told, and it is called again. */
export async function tickUntilStopped(
  tick: () => Promise<unknown>,
  everyMs: number,
  onError: (error: unknown) => void,
): Promise<void> {
  const stop = stopSignal();
  while (!stop.aborted) {
    await tick().catch(onError);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, everyMs);
      stop.addEventListener('abort', done, { once: true });
      function done() {
        clearTimeout(timer);
        stop.removeEventListener('abort', done);
        resolve();
      }
    });
  }
}
