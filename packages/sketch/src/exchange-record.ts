import { type Exchange, type ExchangeRecord, Intent, RESPONSE_MINHASH_BYTES } from '@phalanx/domain';
import { findContradiction } from './client-contradiction.js';
import { describeClient, describeNetwork, describeParameters } from './client-traits.js';
import { HashMemo } from './hash-memo.js';
import { sketchError } from './sketch-error.js';
import type { Sketcher } from './sketcher.js';

/**
 * Domains of the keyed hashes in a record. Whoever fills `AccountFacts` must hash the same strings under the same
 * domains (sign-up networks under NETWORK after `describeNetwork`), or nothing will match.
 */
export const HashDomain = {
  EXCHANGE: 'exchange',
  ACCOUNT: 'account',
  ORGANISATION: 'organisation',
  END_USER: 'end-user',
  SYSTEM: 'system',
  TOOLS: 'tools',
  FINGERPRINT: 'fingerprint',
  NETWORK: 'network',
  PARAMETERS: 'parameters',
  PAYMENT: 'payment',
  DEVICE: 'device',
} as const;

/**
 * Reduces an exchange to the record that is stored. Bytes count the UTF-8 of all messages and of the response; turns
 * count user messages; system messages are joined by a blank line; tool names are sorted and distinct. What the source
 * did not say becomes 0.
 *
 * @param id 16 bytes; default: hash of provider and `sourceId`, so that a second export of the exchange gets the same.
 * @throws PhalanxError `SKETCH_ID_MISSING` without `sourceId` and `id`, or when `id` is not 16 bytes.
 */
export function sketchExchange(exchange: Exchange, sketcher: Sketcher, id?: Uint8Array): ExchangeRecord {
  const recordId = id ?? hashSourceId(exchange, sketcher);
  if (recordId.length !== 16) throw sketchError('SKETCH_ID_MISSING', 'an exchange id has 16 bytes');
  const memo = memoOf(sketcher);
  const request = readRequest(exchange);
  const prompt = sketcher.sketchPrompt(request.lastUser);
  const { response, client } = exchange;
  const answer = response === undefined ? NO_RESPONSE : sketcher.sketchResponse(response);
  const offersTools = request.hasToolMessage || (exchange.tools?.length ?? 0) > 0;
  return {
    id: recordId,
    account: memo.hash64(HashDomain.ACCOUNT, exchange.accountId),
    organisation: memo.hash64(HashDomain.ORGANISATION, exchange.organisationId ?? ''),
    endUser: memo.hash64(HashDomain.END_USER, exchange.endUserId ?? ''),
    atMs: exchange.startedAtMs,
    model: exchange.model,
    operation: exchange.operation,
    ok: exchange.status === 'ok',
    streamed: exchange.streamed ?? false,
    inputTokens: exchange.inputTokens ?? 0,
    outputTokens: exchange.outputTokens ?? 0,
    promptBytes: request.bytes,
    responseBytes: response === undefined ? 0 : Buffer.byteLength(response),
    durationMs: exchange.durationMs ?? 0,
    turns: request.turns,
    promptHash: prompt.hash,
    minhash: prompt.minhash,
    topics: prompt.topics,
    shape: prompt.shape,
    intents: offersTools ? prompt.intents | Intent.TOOLS : prompt.intents,
    systemHash: memo.hash64(HashDomain.SYSTEM, request.system),
    toolsHash: memo.hash64(HashDomain.TOOLS, describeTools(exchange.tools)),
    responseHash: answer.hash,
    responseMinhash: answer.minhash,
    fingerprint: hashClient(client, memo),
    contradiction: findContradiction(client, [request.system, request.first]) !== null,
    network:
      client?.ip === undefined ? 0n : memo.hashDescribed(HashDomain.NETWORK, client.ip, describeNetwork),
    parameters:
      exchange.parameters === undefined
        ? 0n
        : memo.hashObject(HashDomain.PARAMETERS, exchange.parameters, describeParameters),
  };
}

const memos = new WeakMap<Sketcher, HashMemo>();

function memoOf(sketcher: Sketcher): HashMemo {
  let memo = memos.get(sketcher);
  if (memo === undefined) memos.set(sketcher, (memo = new HashMemo(sketcher)));
  return memo;
}

function hashClient(client: Exchange['client'], memo: HashMemo): bigint {
  if (client === undefined) return 0n;
  // Nothing but the user agent is known of most clients, and it is the key as it stands.
  return client.headers === undefined && client.userAgent !== undefined
    ? memo.hashDescribed(HashDomain.FINGERPRINT, client.userAgent, (userAgent) =>
        describeClient({ userAgent }),
      )
    : memo.hash64(HashDomain.FINGERPRINT, describeClient(client));
}

const NO_RESPONSE = { hash: 0n, minhash: new Uint8Array(RESPONSE_MINHASH_BYTES) };

function hashSourceId({ provider = '', sourceId }: Exchange, sketcher: Sketcher): Uint8Array {
  if (sourceId === undefined)
    throw sketchError('SKETCH_ID_MISSING', 'the exchange has no sourceId and no id was given', {
      advice: 'Pass 16 bytes that are equal whenever the same log row is read again.',
    });
  return sketcher.hash128(HashDomain.EXCHANGE, `${provider.length}:${provider}:${sourceId}`);
}

function readRequest({ messages }: Exchange) {
  let bytes = 0;
  let turns = 0;
  let system = '';
  let first: string | undefined;
  let lastUser = '';
  let hasToolMessage = false;
  for (const { role, text } of messages) {
    bytes += Buffer.byteLength(text);
    if (role === 'system') system = system === '' ? text : `${system}\n\n${text}`;
    else first ??= text;
    if (role === 'tool') hasToolMessage = true;
    if (role === 'user') {
      turns++;
      lastUser = text;
    }
  }
  return { bytes, turns, system, first: first ?? '', lastUser, hasToolMessage };
}

function describeTools(tools: Exchange['tools']): string {
  return tools === undefined || tools.length === 0 ? '' : JSON.stringify([...new Set(tools)].sort());
}
