import { fromBase64, fromUtf8, PhalanxError, readBody, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { openBytesSource } from '../formats/byte-source.js';
import { refuse, type WeightsErrorCode } from '../weights-error.js';
import { MAX_HEADER_BYTES, openHeader } from './age-header.js';
import { formatSigned, type SignedLease, type SignedWithdrawal } from './approval.js';
import type { KeyFolder } from './key-folder.js';
import { isLeased } from './lease.js';
import type { PacedContainer } from './paced-container.js';
import { MAX_REQUESTED } from './release-service.js';
import { openSealedStream } from './sealed-stream.js';

const ANSWER_MS = 60_000;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

const Token = z.object({ leaseSha256: z.string(), token: z.base64().max(MAX_HEADER_BYTES) });
const Keys = z.object({
  keys: z.array(z.object({ segment: z.int().min(0), header: z.base64().max(MAX_HEADER_BYTES) })),
  pending: z.array(z.int().min(0)),
  waitMs: z.number().min(0),
});
const Problem = z.object({ title: z.string().max(1000) });

/** Where a recipient stands. */
export interface FetchedKeys {
  /** Keys that came in this call. */
  readonly received: number;
  /** Segments of the lease whose key is still to come. */
  readonly missing: number;
  /** Until the service hands out more; 0 when nothing is missing. */
  readonly waitMs: number;
}

export interface FetchKeysSettings {
  /** Address of the release service. */
  readonly url: string;
  readonly lease: SignedLease;
  readonly container: PacedContainer;
  /** Of the lease's recipient. */
  readonly identities: readonly string[];
  readonly folder: KeyFolder;
}

/**
 * Shows a lease to its release service, and keeps all the keys that are handed out now. Each is tried before it is kept.
 *
 * @throws PhalanxError `WEIGHTS_LEASE` with the service's reason, or when the folder is another container's; `WEIGHTS_SOURCE` when it
 * does not answer or not as it should; `WEIGHTS_SEAL` when the lease is for another identity
 */
export async function fetchKeys(settings: FetchKeysSettings): Promise<FetchedKeys> {
  const { url, lease, container, identities, folder } = settings;
  await folder.bind(container.artifactSha256);
  const shown = readAnswer(Token, await post(url, '/v1/leases', formatSigned(lease)));
  const token = await openToken(fromBase64(shown.token), identities);
  const kept = await folder.list();
  const missing = container.manifest.segments
    .map((_, i) => i)
    .filter((i) => isLeased(lease.lease, i) && !kept.has(i));
  let received = 0;
  while (missing.length > 0) {
    const wanted = missing.slice(0, MAX_REQUESTED);
    const body = utf8(JSON.stringify({ leaseSha256: shown.leaseSha256, segments: wanted }));
    const { keys, waitMs } = readAnswer(Keys, await post(url, '/v1/keys', body, token));
    const came = new Set<number>();
    for (const { segment, header } of keys) {
      if (!wanted.includes(segment)) continue;
      const bytes = fromBase64(header);
      await openHeader(bytes, identities);
      await folder.keep(segment, bytes);
      came.add(segment);
    }
    received += came.size;
    missing.splice(0, missing.length, ...missing.filter((segment) => !came.has(segment)));
    if (came.size < wanted.length) return { received, missing: missing.length, waitMs };
  }
  return { received, missing: 0, waitMs: 0 };
}

/** Tells a release service that a lease is over. @throws PhalanxError `WEIGHTS_LEASE`, `WEIGHTS_SOURCE` */
export async function sendWithdrawal(url: string, withdrawal: SignedWithdrawal): Promise<void> {
  await post(url, '/v1/withdrawals', formatSigned(withdrawal));
}

async function openToken(sealed: Uint8Array, identities: readonly string[]): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of openSealedStream(openBytesSource(sealed, 'the token'), identities))
    parts.push(part);
  return Buffer.concat(parts).toString('latin1');
}

async function post(url: string, path: string, body: Uint8Array, token?: string): Promise<unknown> {
  let status: number;
  let answer: unknown;
  try {
    const address = new URL(`${url.replace(/\/+$/, '')}${path}`);
    const response = await fetch(address, {
      method: 'POST',
      body: new Uint8Array(body),
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    });
    ({ status } = response);
    const text = await readBody(response, MAX_ANSWER_BYTES);
    if (text === null) throw new Error(`an answer of more than ${MAX_ANSWER_BYTES} bytes`);
    answer = JSON.parse(fromUtf8(text));
  } catch (cause) {
    throw new PhalanxError<WeightsErrorCode>('WEIGHTS_SOURCE', `no answer of a release service at ${url}`, {
      cause,
      retryable: true,
    });
  }
  if (status === 200) return answer;
  const reason = Problem.safeParse(answer).data?.title ?? 'without a reason';
  return refuse(status === 403 ? 'WEIGHTS_LEASE' : 'WEIGHTS_SOURCE', `the service refuses: ${reason}`);
}

function readAnswer<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  return parsed.success ? parsed.data : refuse('WEIGHTS_SOURCE', 'an answer that no release service gives');
}
