import { randomBytes } from 'node:crypto';
import { type Clock, readBody, utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { type ClientKey, toPublicKey } from './client-key.js';
import { checkContentDigest, formatContentDigest } from './content-digest.js';
import { deny } from './denial.js';
import { isValidAt, type MemberDirectory, type MemberKey } from './member-directory.js';
import type { NonceStore } from './nonce-store.js';
import { algorithmOf, signBytes, verifyBytes } from './signature-algorithm.js';
import { makeSignatureBase, readRequest } from './signature-base.js';
import { type BareItem, formatDictionary, type InnerList, parseDictionary } from './structured-field.js';

/** Tells our signatures from those of other applications with the same key (RFC 9421 section 7.2.5). */
export const SIGNATURE_TAG = 'phalanx-hub';
/** How old a signature may be. */
export const SIGNATURE_WINDOW_MS = 60_000;
/** How far a sender's clock may be ahead. */
export const CLOCK_SKEW_MS = 5_000;

const LABEL = 'sig1';
/** As many as a TAXII server takes. */
const MOST_BODY_BYTES = 10 * 1024 * 1024;

/**
 * Signs a request (RFC 9421): `@method`, `@target-uri`, the body by its digest, its type, a fresh nonce, the time. The body is signed for
 * all methods but GET and HEAD, also when it is empty: a server cannot always tell an empty body from none.
 *
 * @returns a new request with `Content-Digest` where it is signed, `Signature-Input` and `Signature`
 */
export async function signRequest(request: Request, key: ClientKey, clock: Clock): Promise<Request> {
  const body = new Uint8Array(await request.arrayBuffer());
  const headers = new Headers(request.headers);
  const covered = ['@method', '@target-uri'];
  if (mayHaveBody(request)) {
    headers.set('content-digest', formatContentDigest(body));
    covered.push('content-digest');
    if (headers.has('content-type')) covered.push('content-type');
  }
  const created = Math.floor(clock.nowMs() / 1000);
  const parameters: InnerList = {
    items: covered.map((value) => ({ value, parameters: new Map() })),
    parameters: new Map<string, BareItem>([
      ['created', created],
      ['expires', created + SIGNATURE_WINDOW_MS / 1000],
      ['nonce', randomBytes(18).toString('base64url')],
      ['alg', algorithmOf(key.privateKey)],
      ['keyid', key.kid],
      ['tag', SIGNATURE_TAG],
    ]),
  };
  const message = { ...readRequest(request, new URL(request.url).origin), fields: headers };
  const signature = signBytes(key.privateKey, utf8(makeSignatureBase(message, parameters)));
  headers.set('signature-input', formatDictionary(new Map([[LABEL, parameters]])));
  headers.set('signature', formatDictionary(new Map([[LABEL, { value: signature, parameters: new Map() }]])));
  return new Request(request, { headers, ...(mayHaveBody(request) ? { body } : {}) });
}

/** What a hub checks a signature against. */
export interface SignatureCheck {
  /** Public origin of the hub, `https://hub.example`. What a field `Host` says is not looked at. */
  readonly origin: string;
  readonly members: Pick<MemberDirectory, 'findKey'>;
  readonly nonces: NonceStore;
  readonly clock: Clock;
}

/**
 * Checks the signature of a request, and afterwards that its body is the signed one. The body is read from a copy.
 *
 * Exactly one signature must be there, with our tag, a nonce, and a time within the window; it must cover `@method`, the target
 * (`@target-uri`, or `@authority`, `@path` and `@query`), and but for GET and HEAD `content-digest` and, where there is one,
 * `content-type`.
 *
 * @returns the key that signed
 * @throws PhalanxError `COALITION_IDENTITY`, or `COALITION_LIMIT` for too long a body or too many nonces
 */
export async function checkRequestSignature(request: Request, check: SignatureCheck): Promise<MemberKey> {
  const { parameters, signature } = readSignature(request.headers);
  const { keyId, nonce, untilMs, algorithm } = readParameters(parameters, check.clock.nowMs());
  requireCoverage(parameters, request);
  const key = await check.members.findKey(keyId);
  if (key === null || !isValidAt(key, check.clock.nowMs())) return deny('a signature by no valid key');
  const publicKey = toPublicKey(key.jwk);
  if (algorithm !== null && algorithm !== algorithmOf(publicKey))
    return deny('a signature of another algorithm');
  const base = makeSignatureBase(readRequest(request, check.origin), parameters);
  if (!verifyBytes(publicKey, utf8(base), signature)) return deny('a signature of something else');
  // Only now is anything kept or read for who asks: strangers can fill no cache and send no body.
  if (!(await check.nonces.use(`signature:${keyId}`, nonce, untilMs)))
    return deny('a signature that was used');
  const digest = request.headers.get('content-digest');
  if (digest !== null) {
    const body = await readBody(request.clone(), MOST_BODY_BYTES);
    if (body === null)
      return refuse('COALITION_LIMIT', 'a signed body that is too long', 'send less at a time');
    checkContentDigest(digest, body);
  }
  return key;
}

function readSignature(headers: Headers): { parameters: InnerList; signature: Uint8Array } {
  const inputs = parseDictionary(headers.get('signature-input') ?? '');
  const signatures = parseDictionary(headers.get('signature') ?? '');
  if (inputs.size !== 1 || signatures.size !== 1) return deny('not exactly one signature');
  const [[label, parameters]] = [...inputs] as [[string, InnerList | { value: BareItem }]];
  const signed = signatures.get(label);
  if (!('items' in parameters) || signed === undefined || 'items' in signed)
    return deny('no signature of the label');
  if (!(signed.value instanceof Uint8Array)) return deny('a signature that is no bytes');
  return { parameters, signature: signed.value };
}

function readParameters({ parameters }: InnerList, nowMs: number) {
  const created = parameters.get('created');
  const expires = parameters.get('expires');
  const nonce = parameters.get('nonce');
  const keyId = parameters.get('keyid');
  const algorithm = parameters.get('alg') ?? null;
  if (parameters.get('tag') !== SIGNATURE_TAG) return deny('a signature for something else');
  if (typeof created !== 'number' || typeof nonce !== 'string' || typeof keyId !== 'string') {
    return deny('a signature without time, nonce or key');
  }
  if (nonce.length < 16 || nonce.length > 128 || keyId.length > 128)
    return deny('a nonce or key id of a wrong length');
  const createdMs = created * 1000;
  let untilMs = createdMs + SIGNATURE_WINDOW_MS;
  if (expires !== undefined) {
    if (typeof expires !== 'number') return deny('a signature that expires never');
    untilMs = Math.min(untilMs, expires * 1000);
  }
  if (createdMs > nowMs + CLOCK_SKEW_MS || nowMs >= untilMs) return deny('a signature of another time');
  return { keyId, nonce, untilMs, algorithm };
}

function requireCoverage({ items }: InnerList, request: Request): void {
  const covered = new Set(items.map(({ value }) => value));
  const target =
    covered.has('@target-uri') || ['@authority', '@path', '@query'].every((name) => covered.has(name));
  if (!covered.has('@method') || !target) deny('a signature that does not cover method and target');
  if (!mayHaveBody(request) && !request.headers.has('content-digest')) return;
  if (!covered.has('content-digest')) deny('a signature that does not cover the body');
  if (request.headers.has('content-type') && !covered.has('content-type'))
    deny('a signature without the type of the body');
}

/** RFC 9110 gives bodies of GET and HEAD no meaning, and `Request` has none. */
function mayHaveBody({ method }: Request): boolean {
  return method !== 'GET' && method !== 'HEAD';
}
