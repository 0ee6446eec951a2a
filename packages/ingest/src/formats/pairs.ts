import {
  type DialectName,
  detectDialect,
  dialectOfPath,
  isJsonObject,
  type ResponseReading,
} from '@phalanx/wire';
import { rejectRow } from '../error.js';
import { describeClient } from './client.js';
import { answerFields, type ExchangeDraft, finishExchange } from './exchange-draft.js';
import { decodeJson, firstOf, objectAt, readDurationMs, readFlag, readLabel, readTimeMs } from './field.js';
import type { Format, Ingested, Row, RowContext } from './format.js';

/**
 * `{request, response, ...}`: the bodies of one call as they crossed the wire, with what the logger knew beside them or
 * under `metadata`: id, account_id, organisation_id, end_user_id, started_at, duration_ms, ttft_ms, status, ip,
 * user_agent, headers, url. camelCase works too. Without a start time, the response's own creation time counts.
 */
function pairsOf(name: string, title: string, provider: string, accepted: readonly DialectName[]): Format {
  return {
    name,
    title,
    detect(row) {
      const request = decodeJson(row.request);
      if (!isJsonObject(request)) return 0;
      const dialect = pickDialect(row, request);
      return dialect !== null && accepted.includes(dialect.name) ? 0.9 : 0;
    },
    read: (row, context) => readPair(row, context, provider),
  };
}

/** OpenAI request/response bodies in pairs. */
export const openaiPairs = pairsOf('openai-pairs', 'OpenAI {request, response} pairs', 'openai', [
  'openai-chat',
  'openai-responses',
  'openai-completions',
  'openai-embeddings',
]);

/** Anthropic request/response bodies in pairs. */
export const anthropicPairs = pairsOf('anthropic-pairs', 'Anthropic {request, response} pairs', 'anthropic', [
  'anthropic-messages',
]);

/** Gemini request/response bodies in pairs. */
export const geminiPairs = pairsOf('gemini-pairs', 'Gemini {request, response} pairs', 'gcp.gemini', [
  'gemini',
]);

/** The URL decides when there is one; a response tells the two chat dialects apart better than a request. */
function pickDialect(row: Row, request: Row) {
  const url = firstOf(row, 'url', 'path', 'endpoint');
  const response = decodeJson(row.response);
  return (
    (typeof url === 'string' ? dialectOfPath(url) : null) ??
    (isJsonObject(response) && !isJsonObject(response.error) ? detectDialect(response) : null) ??
    detectDialect(request)
  );
}

function readPair(row: Row, context: RowContext, provider: string): readonly Ingested[] {
  const body = decodeJson(row.request);
  if (!isJsonObject(body)) throw rejectRow('request is not an object');
  const dialect = pickDialect(row, body);
  if (dialect === null) throw rejectRow('request is of no known dialect');
  const metadata = objectAt(row, 'metadata');
  const known = (...names: string[]): unknown => firstOf(row, ...names) ?? firstOf(metadata, ...names);
  const request = dialect.readRequest(body);
  const response = decodeJson(row.response);
  const answer: ResponseReading | null =
    response === undefined || response === null
      ? null
      : typeof response === 'string'
        ? { text: response, status: 'ok' }
        : dialect.readResponse(response);
  const status = known('status', 'status_code');
  const failed =
    answer?.status === 'error' ||
    (typeof status === 'number' ? status >= 400 : status === 'error' || status === 'failure');
  const draft: ExchangeDraft = {
    ...(answer === null ? {} : answerFields(answer)),
    sourceId: readLabel(known('id', 'request_id', 'requestId'), 'id', 512) ?? answer?.sourceId,
    accountId: readLabel(
      known(
        'account_id',
        'accountId',
        'api_key_hash',
        'apiKeyHash',
        'api_key_id',
        'key_id',
        'project_id',
        'user_id',
      ),
      'account_id',
      512,
    ),
    organisationId: readLabel(
      known('organisation_id', 'organisationId', 'organization_id', 'organizationId', 'org_id'),
      'organisation_id',
      512,
    ),
    endUserId:
      readLabel(known('end_user_id', 'endUserId', 'end_user'), 'end_user_id', 512) ?? request.endUserId,
    startedAtMs:
      readTimeMs(
        known('started_at', 'startedAt', 'startedAtMs', 'start_time', 'timestamp', 'created_at', 'time'),
        'started_at',
      ) ?? answer?.createdAtMs,
    durationMs: readDurationMs(known('duration_ms', 'durationMs', 'latency_ms'), 'duration_ms', 'ms'),
    ttftMs: readDurationMs(known('ttft_ms', 'ttftMs'), 'ttft_ms', 'ms'),
    provider: readLabel(known('provider'), 'provider', 128) ?? provider,
    model: request.model ?? answer?.model ?? readLabel(known('model'), 'model', 256),
    operation: dialect.operation,
    status: failed ? 'error' : 'ok',
    streamed: request.streamed ?? readFlag(known('stream', 'streamed')),
    messages: request.messages,
    tools: request.tools,
    parameters: request.parameters,
    client: describeClient(
      known('user_agent', 'userAgent'),
      known('ip', 'client_ip', 'ip_address', 'requester_ip_address'),
      known('headers', 'request_headers'),
    ),
  };
  return [finishExchange(draft, context)];
}
