import { isIP } from 'node:net';
import type { CoalitionErrorCode } from '@phalanx/coalition';
import {
  type AnsweredRequest,
  type ConnectionHandler,
  type Listener,
  type ListenerSettings,
  type ListenerTls,
  listen,
  PhalanxError,
} from '@phalanx/core';
import { limitBody, MAX_HELD_BYTES } from './body-limits.js';

/** Requests that are worked on at the same time; the next is answered 503. */
const MAX_REQUESTS = 128;
/** Connections of one listener. */
const MAX_CONNECTIONS = 512;
/** For a request to come, header and body: 16 MiB at 600 KiB a second. */
const REQUEST_MS = 30_000;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where a hub or a key server listens. */
export interface ListenerPlan {
  /** What callers write before the path. */
  readonly publicUrl: string;
  readonly tls: ListenerTls | null;
  /** TLS, for certificates, signed requests and access tokens. */
  readonly main: Address | null;
  /** TLS, for names and passwords, and TAXII alone. */
  readonly basic: Address | null;
  /** No TLS, on loopback, behind a proxy that has it: signed requests and access tokens. */
  readonly loopback: Address | null;
  /** No TLS, on loopback: health, readiness, counters. */
  readonly operations: Address | null;
  readonly onAnswer?: (answered: AnsweredRequest) => void;
  readonly onError: (error: unknown) => void;
}

/** What answers on each. A key server has no `basic`. */
export interface PlannedHandlers {
  readonly main: ConnectionHandler;
  readonly basic: ConnectionHandler | null;
  readonly loopback: ConnectionHandler;
  readonly operations: ConnectionHandler;
}

/**
 * Opens all listeners of a plan, or none.
 *
 * A proxy in front cannot say which certificate it has seen: a header is what anybody who reaches the port writes. Behind it, members sign
 * their requests or bind their tokens to a key, which a proxy passes on unchanged.
 *
 * @param limits in place of those of this file
 * @throws PhalanxError `COALITION_IDENTITY` for a listener without TLS that is not on loopback, or TLS without a certificate
 */
export async function openListeners(
  plan: ListenerPlan,
  handlers: PlannedHandlers,
  limits: Pick<ListenerSettings, 'maxRequests' | 'maxHeldBytes' | 'requestMs'> = {},
): Promise<{
  /** In the order main, basic, loopback, operations, as far as there are. */
  readonly urls: readonly string[];
  close(): Promise<void>;
}> {
  const opened: Listener[] = [];
  const shared = {
    origin: plan.publicUrl,
    maxBodyBytes: limitBody,
    maxHeldBytes: MAX_HELD_BYTES,
    maxRequests: MAX_REQUESTS,
    maxConnections: MAX_CONNECTIONS,
    requestMs: REQUEST_MS,
    onError: plan.onError,
    ...limits,
    ...(plan.onAnswer !== undefined && { onAnswer: plan.onAnswer }),
  };
  const open = async (address: Address | null, handler: ConnectionHandler | null, isSecure: boolean) => {
    if (address === null || handler === null) return;
    if (!isSecure && !isLoopback(address.host))
      throw refusal('a listener without TLS is for loopback', 'Give 127.0.0.1 or [::1].');
    if (isSecure && plan.tls === null)
      throw refusal('there is no certificate for TLS', 'Give certificate and key.');
    opened.push(await listen(handler, { ...shared, ...address, ...(isSecure && { tls: plan.tls! }) }));
  };
  try {
    await open(plan.main, handlers.main, true);
    await open(plan.basic, handlers.basic, true);
    await open(plan.loopback, handlers.loopback, false);
    await open(plan.operations, handlers.operations, false);
  } catch (error) {
    for (const listener of opened) await listener.close();
    throw error;
  }
  return {
    urls: opened.map(({ url }) => url),
    close: async () => {
      await Promise.all(opened.map((listener) => listener.close()));
    },
  };
}

/** One line of an access log: no query, which tells what somebody looks for, no name, no secret. */
export function formatAccess(answered: AnsweredRequest, atMs: number): string {
  const { method, path, status, durationMs, requestBytes, answerBytes } = answered;
  // A path may be as long as a header, and hold anything.
  const shown = path.slice(0, 200).replace(/[^\x21-\x7e]/g, '?');
  return `${JSON.stringify({
    at: new Date(atMs).toISOString(),
    method: method.slice(0, 16),
    path: shown,
    status,
    ms: Math.round(durationMs),
    in: requestBytes,
    out: answerBytes,
  })}\n`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function refusal(what: string, advice: string): PhalanxError<CoalitionErrorCode> {
  return new PhalanxError('COALITION_IDENTITY', what, { advice });
}
