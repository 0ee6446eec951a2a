import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { PhalanxError } from '@phalanx/core';
import type { SignedCheckpoint } from './checkpoint.js';
import { parseTilePath, type TilePath, tileWidth } from './tile-path.js';

/** A log as its readers see it: `TransparencyLog` in the writer's process, `LogReader` in another. */
export interface ServedLog {
  readonly served: SignedCheckpoint | null;
  /** A tile of the tree that is served; null when it is not there. */
  readTile(tile: TilePath): Uint8Array | null;
}

/** Answers a request. What it throws is a fault of the server's. */
export type HttpHandler = (request: Request) => Promise<Response>;

export const TEXT_TYPE = 'text/plain; charset=utf-8';
/** Longest path of a tile, five groups at level `entries` and a width: 47. */
const MAX_PATH = 64;
/** Compressing pays from here on. */
const MIN_GZIP_BYTES = 512;
const compress = promisify(gzip);

/**
 * The read paths of C2SP tlog-tiles v0.1.0: `/checkpoint`, `/tile/<L>/<N>[.p/<W>]` and `/tile/entries/<N>[.p/<W>]`, with GET and HEAD.
 *
 * Nothing beyond the served checkpoint is shown. Tiles never change and may be kept for ever; a checkpoint for a second. Entry
 * bundles are compressed for whoever takes gzip when that saves a tenth, so that bundles of hashes have one size.
 */
export function makeLogHandler(log: ServedLog): HttpHandler {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, { allow: 'GET, HEAD' });
    const { pathname } = new URL(request.url);
    if (pathname.length > MAX_PATH) return refuse(404);
    const { served } = log;
    if (served === null) return refuse(404);
    if (pathname === '/checkpoint')
      return answer(request, served.note, { 'content-type': TEXT_TYPE, 'cache-control': 'max-age=1' });
    const tile = readTilePath(pathname.slice(1));
    if (tile === null || tile.width > tileWidth(tile.level, tile.index, served.checkpoint.size))
      return refuse(404);
    const bytes = log.readTile(tile);
    if (bytes === null) return refuse(404);
    const headers = {
      'content-type': 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
    };
    if (tile.level !== 'entries') return answer(request, bytes, headers);
    const vary = { ...headers, vary: 'accept-encoding' };
    if (bytes.length >= MIN_GZIP_BYTES && takesGzip(request)) {
      const small = await compress(bytes, { level: 1 });
      if (small.length < 0.9 * bytes.length)
        return answer(request, small, { ...vary, 'content-encoding': 'gzip' });
    }
    return answer(request, bytes, vary);
  };
}

/** An answer with a body; to HEAD its length alone. */
export function answer(
  request: Request,
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
  status = 200,
): Response {
  return new Response(request.method === 'HEAD' ? null : body, {
    status,
    headers: { ...headers, 'content-length': String(body.length) },
  });
}

/** An answer without content, which nobody keeps: what is not there today may be tomorrow. */
export function refuse(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status, headers: { ...headers, 'cache-control': 'no-store' } });
}

/** Null when it is no path of a tile. */
function readTilePath(path: string): TilePath | null {
  try {
    return parseTilePath(path);
  } catch (error) {
    if (PhalanxError.is(error)) return null;
    throw error;
  }
}

function takesGzip(request: Request): boolean {
  return (request.headers.get('accept-encoding') ?? '')
    .split(',')
    .some((coding) => /^\s*gzip\s*(?:;\s*q=(?:1(?:\.0*)?|0?\.\d*[1-9]\d*)\s*)?$/i.test(coding));
}
