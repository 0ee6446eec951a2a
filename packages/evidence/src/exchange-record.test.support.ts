import { createHash } from 'node:crypto';
import type { Exchange, ExchangeRecord } from '@phalanx/domain';

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A stand-in for the keyed hash of an account. */
export function hashAccount(accountId: string): bigint {
  return digest(`account ${accountId}`).readBigUInt64BE();
}

/** An exchange of an account. */
export function makeExchange(n: number, accountId: string, startedAtMs: number): Exchange {
  return {
    sourceId: `source-${n}`,
    accountId,
    organisationId: `organisation of ${accountId}`,
    startedAtMs,
    durationMs: 1200 + (n % 7),
    model: n % 5 === 0 ? 'small "x"' : 'large',
    operation: 'chat',
    status: n % 11 === 0 ? 'error' : 'ok',
    messages: [
      { role: 'system', text: 'Answer step by step.' },
      { role: 'user', text: `Question ${n}: wie groß ist ${n} · ${n}? \u2028` },
    ],
    ...(n % 11 === 0 ? {} : { response: `It is ${n * n}.` }),
    inputTokens: 20 + (n % 13),
    outputTokens: 5 + (n % 17),
    client: { userAgent: 'sdk/1.0', ip: `192.0.2.${n % 200}` },
  };
}

/** What detection would read of it; sketches are bytes of a hash here. */
export function makeRecord(exchange: Exchange): ExchangeRecord {
  const { sourceId, accountId, startedAtMs, model, status, inputTokens = 0, outputTokens = 0 } = exchange;
  const bytes = digest(`exchange ${sourceId}`);
  return {
    id: new Uint8Array(bytes.subarray(0, 16)),
    account: hashAccount(accountId),
    organisation: digest(exchange.organisationId ?? '').readBigUInt64BE(),
    endUser: 0n,
    atMs: startedAtMs,
    model,
    operation: exchange.operation,
    ok: status === 'ok',
    streamed: false,
    inputTokens,
    outputTokens,
    promptBytes: 40,
    responseBytes: exchange.response?.length ?? 0,
    durationMs: exchange.durationMs ?? 0,
    turns: exchange.messages.length,
    promptHash: bytes.readBigUInt64BE(8),
    minhash: new Uint8Array(Buffer.concat([bytes, bytes])),
    topics: new Uint8Array(bytes.subarray(0, 16)),
    shape: bytes[0]!,
    intents: 1,
    systemHash: 7n,
    toolsHash: 0n,
    responseHash: bytes.readBigUInt64BE(16),
    responseMinhash: new Uint8Array(bytes),
    fingerprint: 2n ** 64n - 1n,
    contradiction: false,
    network: bytes.readBigUInt64BE(24),
    parameters: 0n,
  };
}
