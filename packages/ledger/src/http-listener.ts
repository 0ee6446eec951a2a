import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpHandler } from './log-server.js';

/** What a listener allows. Times in milliseconds. */
export interface ListenerSettings {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  /** Default 8,192. */
  readonly maxHeaderBytes?: number;
  /** Default 0: requests have no body. */
  readonly maxBodyBytes?: number;
  /** Requests that are worked on at the same time; the next is answered 503. Default 64. */
  readonly maxRequests?: number;
  /** Default 1,024; further ones are not accepted. */
  readonly maxConnections?: number;
  /** For a request to come, header and body. Default 10,000. */
  readonly requestMs?: number;
  /** For an answer to be made and taken. Default 30,000. */
  readonly answerMs?: number;
  /** For running requests to end when the listener closes. Default 5,000. */
  readonly graceMs?: number;
  /** Told of what a handler throws; the caller is answered 500 and nothing else. */
  readonly onError?: (error: unknown) => void;
}

/** A listener that runs. */
export interface Listener {
  readonly port: number;
  /** `http://host:port` */
  readonly url: string;
  /** Takes no more requests, lets running ones end, and cuts off what takes longer than `graceMs`. */
  close(): Promise<void>;
}

/** Binds a handler to a port. There is no TLS here: what leaves the machine goes through a proxy that has it. */
export async function listen(handler: HttpHandler, settings: ListenerSettings): Promise<Listener> {
  const { host, maxRequests = 64, maxBodyBytes = 0, requestMs = 10_000, answerMs = 30_000 } = settings;
  let running = 0;
  let isClosing = false;

  const serve = async (incoming: IncomingMessage, out: ServerResponse): Promise<void> => {
    // Another request on this connection would wait for a server that is gone.
    if (isClosing) out.setHeader('connection', 'close');
    if (running >= maxRequests) return refuseWith(out, 503, { 'retry-after': '1' });
    running++;
    const timer = setTimeout(() => out.destroy(), requestMs + answerMs);
    try {
      const body = await readIncoming(incoming, maxBodyBytes);
      if (body === null) return refuseWith(out, 413, { connection: 'close' });
      await send(await handler(toRequest(incoming, body)), out);
    } catch (error) {
      if (incoming.destroyed && !incoming.complete) return;
      settings.onError?.(error);
      if (out.headersSent) out.destroy();
      else refuseWith(out, 500, {});
    } finally {
      clearTimeout(timer);
      running--;
    }
  };

  const server = createServer(
    {
      maxHeaderSize: settings.maxHeaderBytes ?? 8192,
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(1000, requestMs / 2),
      keepAliveTimeout: 5000,
    },
    (incoming, out) => void serve(incoming, out),
  );
  server.maxConnections = settings.maxConnections ?? 1024;
  server.maxHeadersCount = 64;
  // Late enough for a request that does not come to be answered 408 before its connection is cut.
  server.timeout = 2 * (requestMs + answerMs);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, host, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close: () => {
      isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), settings.graceMs ?? 5000);
      return closed.finally(() => clearTimeout(timer));
    },
  };
}

/** Null when the body is longer than allowed; what is left of it is not read. */
async function readIncoming(incoming: IncomingMessage, maxBytes: number): Promise<Uint8Array | null> {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) return null;
  const parts: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop must not close the connection before the answer is sent.
  for await (const part of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBytes) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The host that the caller names plays no part: handlers see paths. */
function toRequest(incoming: IncomingMessage, body: Uint8Array): Request {
  const path = incoming.url?.startsWith('/') ? incoming.url : '/';
  const headers = new Headers();
  for (const name of ['accept-encoding', 'authorization', 'content-type'] as const) {
    const value = incoming.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  const method = incoming.method ?? 'GET';
  return new Request(new URL(`http://localhost${path}`), {
    method: KNOWN_METHODS.has(method) ? method : 'PATCH',
    headers,
    ...(body.length > 0 && method !== 'GET' && method !== 'HEAD' && { body }),
  });
}

/** `Request` throws for some others (`TRACE`, `CONNECT`); no handler here answers any of them. */
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);

async function send(response: Response, out: ServerResponse): Promise<void> {
  out.setHeader('x-content-type-options', 'nosniff');
  for (const [name, value] of response.headers) out.setHeader(name, value);
  out.statusCode = response.status;
  const body = response.body === null ? null : Buffer.from(await response.arrayBuffer());
  // A caller that does not take the answer holds its place until the timer destroys the connection.
  await new Promise<void>((resolve) => {
    out.once('close', resolve);
    if (body === null) out.end();
    else out.end(body);
  });
}

function refuseWith(out: ServerResponse, status: number, headers: Readonly<Record<string, string>>): void {
  out.writeHead(status, { ...headers, 'cache-control': 'no-store', 'content-length': '0' });
  out.end();
}
