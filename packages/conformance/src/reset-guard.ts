import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A running relay. */
export interface ResetGuard {
  close(): Promise<void>;
}

/**
 * Relays TCP from `from` to `to` (host and port) and turns a connection that one side reset into one that ended.
 *
 * Why: the embedded engine, when it listens (chDB 3.4.0, ClickHouse 26.7.2), aborts on "Connection reset by peer" in an idle
 * native connection: nothing catches the exception of its TCP handler (measured: signal 6 in about half the runs in which a
 * peer was killed while rows were on their way to it). A server handles it. Without this, killing one node kills two.
 */
export async function startResetGuard(
  from: { readonly host: string; readonly port: number },
  to: { readonly host: string; readonly port: number },
): Promise<ResetGuard> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...to, allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('data', (bytes) => {
        if (!other.writable) return;
        if (!other.write(bytes)) one.pause();
      });
      one.on('drain', () => other.resume());
      one.on('end', () => other.end());
      one.on('error', () => undefined);
      // What the living side still sends is read and dropped, so that closing it is no reset either.
      one.on('close', () => {
        sockets.delete(one);
        other.end();
        other.resume();
      });
    }
  });
  server.listen(from.port, from.host);
  await once(server, 'listening');
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
