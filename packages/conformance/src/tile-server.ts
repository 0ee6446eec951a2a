import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PhalanxError } from '@phalanx/core';
import { parseTilePath, type TransparencyLog } from '@phalanx/ledger';

/** One bit that is served otherwise than it is. */
export interface BitFlip {
  readonly path: string;
  readonly bit: number;
}

/** A log served as C2SP tlog-tiles. */
export interface TileServer {
  /** Where the log is as it is, without a slash at its end. */
  readonly url: string;
  /** Where the log is but for this bit. */
  flip(flip: BitFlip): string;
  close(): Promise<void>;
}

/** The resource at a path below the log's prefix; null when there is none. */
export function readResource(log: TransparencyLog, path: string): Uint8Array | null {
  if (path === 'checkpoint') return log.signed?.note ?? null;
  try {
    return log.readTile(parseTilePath(path));
  } catch (error) {
    if (PhalanxError.is(error, 'LEDGER_TILE')) return null;
    throw error;
  }
}

/** Serves a log on a free port of this machine. Nothing is copied: a flipped bit is flipped in the answer. */
export async function serveTiles(log: TransparencyLog): Promise<TileServer> {
  const flips: BitFlip[] = [];
  const server = createServer((request, response) => {
    const [, prefix, n, path = ''] = /^\/(log|flip)(\d*)\/(.*)$/.exec(request.url ?? '') ?? [];
    const found = prefix === undefined ? null : readResource(log, path);
    const flip = prefix === 'flip' ? flips[Number(n)] : undefined;
    if (found === null) response.writeHead(404).end();
    else response.end(flip?.path === path ? flipBit(found, flip.bit) : found);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${origin}/log`,
    flip: (flip) => `${origin}/flip${flips.push(flip) - 1}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A copy with one bit the other way. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[Math.floor(bit / 8)]! ^= 1 << (bit % 8);
  return copy;
}
