import { answerJson, answerProblem, type Json, PhalanxError, readBody, toBase64 } from '@phalanx/core';
import { z } from 'zod';
import { refuse, type WeightsErrorCode } from '../weights-error.js';
import { parseSignedLease, parseSignedWithdrawal } from './approval.js';
import { MAX_REQUESTED, type ReleaseService } from './release-service.js';

/** Longest body of a request, in bytes. */
export const MAX_RELEASE_BODY_BYTES = 65_536;

const KeyRequest = z.strictObject({
  leaseSha256: z.string().regex(/^[0-9a-f]{64}$/),
  segments: z.array(z.int().min(0)).min(1).max(MAX_REQUESTED),
});
const BEARER = /^Bearer ([0-9a-f]{64})$/;

/**
 * A release service over HTTP (docs/spec/sealed-weights.md, section 6): `POST /v1/leases`, `/v1/keys`, `/v1/withdrawals`, JSON both
 * ways, refusals as problem+json (RFC 9457).
 */
export function makeReleaseHandler(service: ReleaseService): (request: Request) => Promise<Response> {
  const routes: Readonly<Record<string, (request: Request) => Promise<Json>>> = {
    '/v1/leases': async (request) => {
      const { leaseSha256, token } = await service.submit(parseSignedLease(await readRequest(request)));
      return { leaseSha256, token: toBase64(token) };
    },
    '/v1/keys': async (request) => {
      const asked = parseKeyRequest(await readRequest(request));
      const token = BEARER.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
      const { keys, pending, waitMs } = await service.release(asked.leaseSha256, token, asked.segments);
      return {
        keys: keys.map(({ segment, header }) => ({ segment, header: toBase64(header) })),
        pending,
        waitMs,
      };
    },
    '/v1/withdrawals': async (request) => {
      await service.withdraw(parseSignedWithdrawal(await readRequest(request)));
      return { withdrawn: true };
    },
  };
  return async (request) => {
    const { pathname } = new URL(request.url);
    const route = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined;
    if (route === undefined) return answerProblem(404, 'no such resource');
    if (request.method !== 'POST') return answerProblem(405, 'ask by POST', { allow: 'POST' });
    try {
      return answerJson(200, await route(request));
    } catch (error) {
      const status = PhalanxError.is<WeightsErrorCode>(error) ? STATUS[error.code] : undefined;
      if (status === undefined) throw error;
      return answerProblem(status, (error as Error).message);
    }
  };
}

/** What the caller can cure. The rest is the server's fault, and told to its owner alone. */
const STATUS: Partial<Record<WeightsErrorCode, number>> = {
  WEIGHTS_FORMAT: 400,
  WEIGHTS_ARGUMENT: 400,
  WEIGHTS_KEY: 400,
  WEIGHTS_LIMIT: 400,
  WEIGHTS_LEASE: 403,
};

async function readRequest(request: Request): Promise<Uint8Array> {
  const body = await readBody(request, MAX_RELEASE_BODY_BYTES);
  return body ?? refuse('WEIGHTS_LIMIT', 'the body is too long');
}

function parseKeyRequest(body: Uint8Array) {
  try {
    return KeyRequest.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)));
  } catch {
    return refuse('WEIGHTS_FORMAT', `the body must name leaseSha256 and 1 to ${MAX_REQUESTED} segments`);
  }
}
