import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { makeHttpTransport, TaxiiClient, type Transport } from '@phalanx/coalition/taxii';
import type { Python } from './python.js';

/** Objects of a page at the peers. */
export const PEER_PAGE = 20;

/** A TAXII server of others that runs on this machine. */
export interface TaxiiPeer {
  readonly collection: URL;
  readonly discovery: URL;
  readonly process: ChildProcess;
}

/** Starts `medallion` (pages of at most so many objects) or `opentaxii` (its folder). */
export async function startPeer(
  python: Python,
  name: 'medallion' | 'opentaxii',
  argument: string,
): Promise<TaxiiPeer> {
  const process = python.start('taxii-peers.py', [name, argument]);
  // It writes a log there too.
  for await (const line of createInterface({ input: process.stdout! })) {
    if (!line.startsWith('{')) continue;
    const { url, discovery } = JSON.parse(line) as { url: string; discovery: string };
    process.stdout!.resume();
    return { collection: new URL(url), discovery: new URL(discovery), process };
  }
  throw new Error(`${name} did not start`);
}

export async function stopPeer({ process }: TaxiiPeer): Promise<void> {
  const ended = once(process, 'exit');
  process.stdin!.end();
  await ended;
}

/** A question and its answer, without what differs from run to run. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly answer: string;
}

const TOLD = ['content-type', 'x-taxii-date-added-first', 'x-taxii-date-added-last'];

async function describeExchange(request: Request, answer: Response): Promise<Exchange> {
  const { pathname, search } = new URL(request.url);
  const headers = Object.fromEntries(
    TOLD.flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const { status } = answer;
  return {
    method: request.method,
    path: `${pathname}${search}`,
    status,
    headers,
    answer: await answer.text(),
  };
}

/** What was asked of a peer. */
export interface Traffic {
  requests: number;
}

/**
 * Our client as the peer's user. No page is larger than `PEER_PAGE`, whatever the peer would give. `loses`: whether the answer to this request is to be lost on the way, after the server has made it.
 */
export function connectPeer(
  peer: TaxiiPeer,
  traffic: Traffic = { requests: 0 },
  loses: (request: Request) => boolean = () => false,
  record: ((exchange: Exchange) => void) | null = null,
): TaxiiClient {
  const send = makeHttpTransport({ inside: true });
  const transport: Transport = async (request) => {
    traffic.requests++;
    const url = new URL(request.url);
    if (Number(url.searchParams.get('limit')) > PEER_PAGE) url.searchParams.set('limit', `${PEER_PAGE}`);
    const answer = await send(new Request(url.href, request));
    if (record !== null) record(await describeExchange(request, answer.clone()));
    if (!loses(request)) return answer;
    await answer.arrayBuffer();
    throw new TypeError('lost on the way');
  };
  const authorize = async (request: Request) => {
    const headers = new Headers(request.headers);
    headers.set('authorization', `Basic ${Buffer.from('admin:Password0').toString('base64')}`);
    return new Request(request, { headers });
  };
  return new TaxiiClient(peer.collection, { transport, authorize, wait: async () => undefined });
}
