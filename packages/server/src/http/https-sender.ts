import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { CoalitionErrorCode } from '@phalanx/coalition';
import { PhalanxError } from '@phalanx/core';

/** Sends a request; by what it says who asks is its own matter. */
export type Sender = (request: Request) => Promise<Response>;

/** How a party reaches others. Texts are PEM. */
export interface SenderSettings {
  /** Authorities that servers' certificates must lead to. Default: those of the machine. */
  readonly ca?: string;
  /** The party's own certificate and key, which it shows (mutual TLS). */
  readonly certificate?: string;
  readonly key?: string;
  /** Longest answer that is read. Default 32 MiB. */
  readonly maxBytes?: number;
  /** For all of it. Default 60,000. */
  readonly timeoutMs?: number;
}

/**
 * HTTP over connections that are kept, with a client's certificate. `fetch` has no way to show one. No redirects are followed.
 *
 * The sender throws PhalanxError `COALITION_LIMIT`, retryable, when the other is not there or does not end, and for an answer that is too long.
 */
export function makeSender(settings: SenderSettings = {}): Sender & { close(): void } {
  const { ca, certificate, key, maxBytes = 32 * 1_048_576, timeoutMs = 60_000 } = settings;
  const secure = new HttpsAgent({
    keepAlive: true,
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
  });
  const plain = new HttpAgent({ keepAlive: true });
  const send = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const body = request.body === null ? null : Buffer.from(await request.arrayBuffer());
    const headers = Object.fromEntries(request.headers);
    // The agent would check the server's certificate against this, and not against the URL.
    delete headers.host;
    if (body !== null) headers['content-length'] = String(body.length);
    const isSecure = url.protocol === 'https:';
    const attempt = (isRetry: boolean): Promise<Response> =>
      new Promise<Response>((resolve, reject) => {
        const outgoing = (isSecure ? httpsRequest : httpRequest)(
          url,
          {
            agent: isSecure ? secure : plain,
            method: request.method,
            headers,
            signal: AbortSignal.timeout(timeoutMs),
          },
          (incoming) => {
            const parts: Buffer[] = [];
            let bytes = 0;
            incoming.on('data', (part: Buffer) => {
              bytes += part.length;
              if (bytes > maxBytes) incoming.destroy(new Error('the answer is too long'));
              else parts.push(part);
            });
            incoming.on('error', reject);
            incoming.on('end', () => {
              const status = incoming.statusCode ?? 502;
              const answered = new Headers();
              for (const [name, value] of Object.entries(incoming.headers))
                if (typeof value === 'string') answered.set(name, value);
              const isEmpty = status === 204 || status === 304;
              resolve(new Response(isEmpty ? null : Buffer.concat(parts), { status, headers: answered }));
            });
          },
        );
        outgoing.on('error', (error: NodeJS.ErrnoException) => {
          // A kept connection that the other has just closed: it has read nothing of this.
          if (!isRetry && outgoing.reusedSocket && error.code === 'ECONNRESET') resolve(attempt(true));
          else reject(error);
        });
        outgoing.end(body ?? undefined);
      });
    try {
      return await attempt(false);
    } catch (cause) {
      throw new PhalanxError<CoalitionErrorCode>('COALITION_LIMIT', `${url.origin} does not answer`, {
        advice: 'Look whether it is there, and whether both have certificates of the coalition.',
        retryable: true,
        cause,
      });
    }
  };
  return Object.assign(send, {
    close: () => {
      secure.destroy();
      plain.destroy();
    },
  });
}
