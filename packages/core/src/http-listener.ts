import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';

/** What a handler learns of the connection that a request came by. */
export interface Connection {
  readonly encrypted: boolean;
  /** DER of the client's certificate when it leads to `clientCa` and is valid now; null otherwise. */
  readonly clientCertificate: Uint8Array | null;
  /** As the socket has it: a proxy's where there is one. */
  readonly remoteAddress: string;
}

/** Answers a request. What it throws is a fault of the server's. */
export type ConnectionHandler = (request: Request, connection: Connection) => Promise<Response>;

/** Certificates as PEM. TLS 1.2 or later. */
export interface ListenerTls {
  readonly key: string;
  readonly certificate: string;
  /** Authorities of clients. Given, clients are asked for a certificate, and may come without; one of others ends in 401. */
  readonly clientCa?: string;
}

/** What is told of an answer. The path is as it came, without its query; who asked is not known here. */
export interface AnsweredRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly answerBytes: number;
}

/** What a listener allows. Times in milliseconds. */
export interface ListenerSettings {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  /** Default 8,192. */
  readonly maxHeaderBytes?: number;
  /** Default 0: requests have no body. A function is asked by path. */
  readonly maxBodyBytes?: number | ((path: string) => number);
  /** Bytes of all bodies that are held at the same time; a request that would pass it is answered 503. Default: no such limit. */
  readonly maxHeldBytes?: number;
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
  /** Default: no TLS; what leaves the machine then goes through a proxy that has it. */
  readonly tls?: ListenerTls;
  /** What callers write before the path, as `https://hub.example`: handlers see it in place of what the caller names as host. */
  readonly origin?: string;
  /** Told of every request that was answered, refused ones included. */
  readonly onAnswer?: (answered: AnsweredRequest) => void;
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

/** Binds a handler to a port. */
export async function listen(handler: ConnectionHandler, settings: ListenerSettings): Promise<Listener> {
  const { host, tls, maxRequests = 64, requestMs = 10_000, answerMs = 30_000 } = settings;
  const held = new HeldBytes(settings.maxHeldBytes ?? Number.POSITIVE_INFINITY);
  let running = 0;
  let isClosing = false;

  const answer = async (incoming: IncomingMessage, out: ServerResponse): Promise<[number, number]> => {
    // Another request on this connection would wait for a server that is gone.
    if (isClosing) out.setHeader('connection', 'close');
    if (running >= maxRequests) return refuseWith(out, 503, { 'retry-after': '1' });
    running++;
    const timer = setTimeout(() => out.destroy(), requestMs + answerMs);
    let bodyBytes = 0;
    try {
      const connection = readConnection(incoming);
      if (connection === null) return refuseWith(out, 401, { connection: 'close' });
      const body = await readIncoming(incoming, limitOf(settings.maxBodyBytes, incoming), held);
      if (typeof body === 'number')
        return refuseWith(out, body, {
          connection: 'close',
          ...(body === 503 && { 'retry-after': '1' }),
        });
      bodyBytes = body.length;
      return [
        bodyBytes,
        await send(await handler(toRequest(incoming, body, settings.origin), connection), out),
      ];
    } catch (error) {
      if (incoming.destroyed && !incoming.complete) return [0, 0];
      settings.onError?.(error);
      if (!out.headersSent) return refuseWith(out, 500, {});
      out.destroy();
      return [bodyBytes, 0];
    } finally {
      clearTimeout(timer);
      held.release(bodyBytes);
      running--;
    }
  };
  const serve = async (incoming: IncomingMessage, out: ServerResponse): Promise<void> => {
    const startMs = performance.now();
    const [requestBytes, answerBytes] = await answer(incoming, out);
    settings.onAnswer?.({
      method: incoming.method ?? 'GET',
      path: pathOf(incoming),
      status: out.statusCode,
      durationMs: performance.now() - startMs,
      requestBytes,
      answerBytes,
    });
  };

  const options = {
    maxHeaderSize: settings.maxHeaderBytes ?? 8192,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(1000, requestMs / 2),
    keepAliveTimeout: 5000,
  };
  const onRequest = (incoming: IncomingMessage, out: ServerResponse) => void serve(incoming, out);
  const server =
    tls === undefined
      ? createServer(options, onRequest)
      : createTlsServer(
          {
            ...options,
            key: tls.key,
            cert: tls.certificate,
            minVersion: 'TLSv1.2',
            handshakeTimeout: requestMs,
            // Whose certificate does not hold is answered, so that it is told why; `readConnection` looks.
            ...(tls.clientCa !== undefined && {
              ca: tls.clientCa,
              requestCert: true,
              rejectUnauthorized: false,
            }),
          },
          onRequest,
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
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close: () => {
      isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), settings.graceMs ?? 5000);
      return closed.finally(() => clearTimeout(timer));
    },
  };
}

/** What bodies take of memory, all together. */
class HeldBytes {
  readonly #most: number;
  #held = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** False, and nothing taken, when there is no room. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#most) return false;
    this.#held += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}

/** Null for a client certificate that does not hold: such a client means to be somebody, and is not. */
function readConnection({ socket }: IncomingMessage): Connection | null {
  const { remoteAddress = '' } = socket;
  if (!(socket instanceof TLSSocket)) return { encrypted: false, clientCertificate: null, remoteAddress };
  const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
  if (raw !== undefined && !socket.authorized) return null;
  return {
    encrypted: true,
    clientCertificate: raw === undefined ? null : new Uint8Array(raw),
    remoteAddress,
  };
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.startsWith('/') ? url.split('?', 1)[0]! : '/';
}

function limitOf(limit: ListenerSettings['maxBodyBytes'], incoming: IncomingMessage): number {
  return typeof limit === 'function' ? limit(pathOf(incoming)) : (limit ?? 0);
}

/**
 * The body; or the status to refuse with: 413 when it is longer than allowed, 503 when there is no room for it. What is left of it is not read.
 * The caller releases what is returned.
 */
async function readIncoming(
  incoming: IncomingMessage,
  maxBytes: number,
  held: HeldBytes,
): Promise<Uint8Array | 413 | 503> {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) return 413;
  const parts: Buffer[] = [];
  let bytes = 0;
  let isKept = false;
  try {
    // Leaving the loop must not close the connection before the answer is sent.
    for await (const part of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (bytes + part.length > maxBytes) return 413;
      if (!held.take(part.length)) return 503;
      bytes += part.length;
      parts.push(part);
    }
    isKept = true;
    return Buffer.concat(parts);
  } finally {
    if (!isKept) held.release(bytes);
  }
}

/** The host that the caller names plays no part. */
function toRequest(incoming: IncomingMessage, body: Uint8Array, origin = 'http://localhost'): Request {
  const path = incoming.url?.startsWith('/') ? incoming.url : '/';
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers))
    if (typeof value === 'string' && !HOP_BY_HOP.has(name)) headers.set(name, value);
  const method = incoming.method ?? 'GET';
  return new Request(new URL(origin + path), {
    method: KNOWN_METHODS.has(method) ? method : 'PATCH',
    headers,
    ...(body.length > 0 && method !== 'GET' && method !== 'HEAD' && { body }),
  });
}

/** Of the connection and not of the request (RFC 9110 section 7.6.1), and what the caller calls this host. */
const HOP_BY_HOP = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** `Request` throws for some others (`TRACE`, `CONNECT`); no handler here answers any of them. */
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);

/** @returns bytes of the body */
async function send(response: Response, out: ServerResponse): Promise<number> {
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
  return body?.length ?? 0;
}

function refuseWith(
  out: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
): [number, number] {
  out.writeHead(status, { ...headers, 'cache-control': 'no-store', 'content-length': '0' });
  out.end();
  return [0, 0];
}
