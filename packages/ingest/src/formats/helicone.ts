import { detectDialect, dialectOfPath, isJsonObject } from '@phalanx/wire';
import { describeClient } from './client.js';
import { answerFields, finishExchange } from './exchange-draft.js';
import {
  decodeJson,
  firstOf,
  objectAt,
  readCount,
  readDurationMs,
  readLabel,
  readNumber,
  readTimeMs,
} from './field.js';
import type { Format, Ingested, Row, RowContext } from './format.js';

/**
 * Helicone's ClickHouse table `request_response_rmt` (and the dashboard's export of it). The account is `user_id`, the
 * pseudonym that the operator passed, else `proxy_key_id`. `organization_id` is Helicone's own customer, the same in
 * every row, and says nothing about who asked: it is left out. Latencies are milliseconds.
 */
export const helicone: Format = { name: 'helicone', title: 'Helicone request_response_rmt', detect, read };

const MARKS = [
  'response_id',
  'request_id',
  'request_created_at',
  'proxy_key_id',
  'target_url',
  'request_body',
];

function detect(row: Row): number {
  const marks = MARKS.filter((mark) => mark in row).length;
  return 'request_created_at' in row || 'response_created_at' in row ? Math.min(1, marks / 4) : 0;
}

function read(row: Row, context: RowContext): readonly Ingested[] {
  const body = decodeJson(row.request_body);
  const reply = decodeJson(row.response_body);
  const url = readLabel(row.target_url, 'target_url', 4096);
  const dialect =
    (url === undefined ? null : dialectOfPath(url)) ?? detectDialect(reply) ?? detectDialect(body);
  const request = dialect !== null && isJsonObject(body) ? dialect.readRequest(body) : null;
  // A streamed body that was not assembled is text; it is not read, because it is not what the user saw.
  const answer =
    dialect !== null && typeof reply === 'object' && reply !== null ? dialect.readResponse(reply) : null;
  const status = readNumber(row.status, 'status');
  const properties = objectAt(row, 'properties');
  const draft = {
    ...(answer === null ? {} : answerFields(answer)),
    sourceId: readLabel(firstOf(row, 'request_id', 'response_id'), 'request_id', 512),
    accountId: readLabel(firstOf(row, 'user_id', 'proxy_key_id'), 'user_id', 512),
    endUserId: request?.endUserId,
    startedAtMs: readTimeMs(firstOf(row, 'request_created_at', 'response_created_at'), 'request_created_at'),
    durationMs: readDurationMs(row.latency, 'latency', 'ms'),
    ttftMs: readDurationMs(row.time_to_first_token, 'time_to_first_token', 'ms'),
    provider: readLabel(row.provider, 'provider', 128)?.toLowerCase(),
    model:
      readLabel(firstOf(row, 'model', 'request_model', 'model_override'), 'model', 256) ?? request?.model,
    operation: dialect?.operation ?? ('other' as const),
    status: status !== undefined && (status >= 400 || status < 0) ? ('error' as const) : ('ok' as const),
    streamed: request?.streamed,
    messages: request?.messages ?? [],
    tools: request?.tools,
    inputTokens: readCount(row.prompt_tokens, 'prompt_tokens') ?? answer?.inputTokens,
    outputTokens: readCount(row.completion_tokens, 'completion_tokens') ?? answer?.outputTokens,
    parameters: request?.parameters,
    client: describeClient(properties['User-Agent'], row.request_ip, undefined),
  };
  return [finishExchange(draft, context)];
}
