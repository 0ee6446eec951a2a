import type { Exchange, Message } from '@phalanx/domain';
import {
  anthropicMessages,
  detectDialect,
  isJsonObject,
  openaiResponses,
  type ResponseReading,
  readChatMessages,
} from '@phalanx/wire';
import { rejectRow } from '../error.js';
import type { RowScanner } from '../scanner/row-scanner.js';
import { describePicked, NO_HEADERS, type PickedHeaders, pickHeaders } from './client.js';
import {
  dropRedacted,
  type ExchangeDraft,
  finishExchange,
  isRedacted,
  operationOf,
} from './exchange-draft.js';
import {
  decodeJson,
  firstOf,
  objectAt,
  readCount,
  readDurationMs,
  readFlag,
  readLabel,
  readTimeMs,
} from './field.js';
import type { Format, Ingested, Row, RowContext } from './format.js';
import { LITELLM_KEYS, NO_SAMPLING, readLitellmTape, readSampling, type Sampling } from './litellm-tape.js';

/**
 * LiteLLM's `StandardLoggingPayload`, bare or inside `standard_logging_object`, `standard_logging_payload`, `kwargs`,
 * `payload` or `data`, as the callbacks for files, buckets and generic endpoints write it. Source:
 * `litellm/types/utils.py`. Times are epoch seconds as floats. The account is the hash of the caller's API key.
 */
export const litellm: Format = {
  name: 'litellm',
  title: 'LiteLLM StandardLoggingPayload',
  detect,
  read,
  scanned: { keys: LITELLM_KEYS, readTape: (tape, context) => readTape(tape, context) },
};

const WRAPPERS = ['standard_logging_object', 'standard_logging_payload', 'kwargs', 'payload', 'data'];

function unwrap(row: Row): Row {
  let inner = row;
  for (let depth = 0; depth < 3; depth++) {
    if ('litellm_call_id' in inner || 'custom_llm_provider' in inner) return inner;
    const name = WRAPPERS.find((wrapper) => inner[wrapper] !== undefined);
    const next = name === undefined ? undefined : decodeJson(inner[name]);
    if (!isJsonObject(next)) return inner;
    inner = next;
  }
  return inner;
}

const MARKS = [
  'litellm_call_id',
  'custom_llm_provider',
  'model_parameters',
  'call_type',
  'startTime',
  'hidden_params',
];

function detect(row: Row): number {
  const payload = unwrap(row);
  if (payload !== row && 'standard_logging_object' in row) return 1;
  const marks = MARKS.filter((mark) => mark in payload).length;
  return 'user_api_key_hash' in objectAt(payload, 'metadata') || marks >= 4
    ? Math.min(1, 0.5 + marks / 8)
    : marks / 10;
}

function read(row: Row, context: RowContext): readonly Ingested[] {
  const payload = unwrap(row);
  const metadata = objectAt(payload, 'metadata');
  return readPayload(
    payload,
    metadata,
    decodeJson(payload.messages),
    decodeJson(payload.response),
    readSampling(objectAt(payload, 'model_parameters')),
    pickHeaders(metadata.requester_custom_headers),
    context,
  );
}

/** A payload that lies bare, its messages in the chat form and its parts of the usual types. */
function readTape(tape: RowScanner, context: RowContext): readonly Ingested[] | null {
  const { payload, metadata, messages, response, sampling, headers } = readLitellmTape(tape);
  // Bare payloads are told by these; the two providers' forms have message parts that the tape leaves out.
  const { litellm_call_id, custom_llm_provider, call_type } = payload;
  if (litellm_call_id === undefined && custom_llm_provider === undefined) return null;
  if (typeof call_type === 'string' && /anthropic|responses/.test(call_type)) return null;
  return readPayload(
    payload as unknown as Row,
    metadata as unknown as Row,
    decodeJson(messages),
    decodeJson(response),
    sampling ?? NO_SAMPLING,
    headers ?? NO_HEADERS,
    context,
  );
}

function readPayload(
  payload: Row,
  metadata: Row,
  messages: unknown,
  response: unknown,
  sampling: Sampling,
  headers: PickedHeaders,
  context: RowContext,
): readonly Ingested[] {
  const startedAtMs = readTimeMs(firstOf(payload, 'startTime', 'start_time'), 'startTime');
  const endedAtMs = readTimeMs(firstOf(payload, 'endTime', 'end_time'), 'endTime');
  const firstTokenMs = readTimeMs(payload.completionStartTime, 'completionStartTime');
  const callType = readLabel(payload.call_type, 'call_type', 128) ?? 'completion';
  const operation = /^a?completion$/.test(callType) ? 'chat' : operationOf(callType);
  const answer = readAnswer(response);
  const request = readRequest(messages, callType);
  const draft: ExchangeDraft = {
    // The response's own id comes first: the caller can choose litellm_call_id by a header, and retries share it.
    sourceId: readLabel(firstOf(payload, 'id', 'litellm_call_id', 'request_id'), 'id', 512),
    accountId: readLabel(
      firstOf(metadata, 'user_api_key_hash', 'user_api_key_user_id') ?? firstOf(payload, 'api_key', 'user'),
      'metadata.user_api_key_hash',
      512,
    ),
    organisationId: readLabel(
      firstOf(metadata, 'user_api_key_org_id', 'user_api_key_team_id'),
      'metadata.user_api_key_org_id',
      512,
    ),
    endUserId: readLabel(firstOf(payload, 'end_user') ?? metadata.user_api_key_end_user_id, 'end_user', 512),
    startedAtMs,
    durationMs:
      readDurationMs(payload.response_time, 'response_time', 's') ?? difference(startedAtMs, endedAtMs),
    ttftMs: firstTokenMs === endedAtMs ? undefined : difference(startedAtMs, firstTokenMs),
    provider: readLabel(payload.custom_llm_provider, 'custom_llm_provider', 128),
    model: readLabel(payload.model, 'model', 256) ?? answer.model,
    operation,
    status: readStatus(payload),
    streamed: readFlag(payload.stream),
    messages: request,
    tools: sampling.tools,
    response: answer.text === undefined || isRedacted(answer.text) ? undefined : answer.text,
    finishReason: answer.finishReason,
    inputTokens: readCount(payload.prompt_tokens, 'prompt_tokens') ?? answer.inputTokens,
    outputTokens: readCount(payload.completion_tokens, 'completion_tokens') ?? answer.outputTokens,
    reasoningTokens: answer.reasoningTokens,
    parameters: sampling.parameters,
    client: describePicked(
      payload.user_agent ?? metadata.user_agent,
      payload.requester_ip_address ?? metadata.requester_ip_address,
      headers,
    ),
  };
  return [finishExchange(draft, context)];
}

function difference(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined || to < from ? undefined : to - from;
}

function readStatus(payload: Row): Exchange['status'] {
  if (payload.status === 'success' || payload.status === undefined || payload.status === null) return 'ok';
  if (typeof payload.status !== 'string') throw rejectRow('status is not a string');
  return 'error';
}

/** `messages` is a list, one string (text completion, embedding), or a whole request body. */
function readRequest(value: unknown, callType: string): Message[] {
  if (value === undefined || value === null || value === '') return [];
  if (typeof value === 'string') return dropRedacted([{ role: 'user', text: value }]);
  if (Array.isArray(value)) {
    if (typeof value[0] === 'string') return value.map((text) => ({ role: 'user', text: String(text) }));
    if (callType.includes('anthropic'))
      return dropRedacted(anthropicMessages.readRequest({ messages: value }).messages);
    if (callType.includes('responses'))
      return dropRedacted(openaiResponses.readRequest({ input: value }).messages);
    return dropRedacted(readChatMessages(value, 'messages'));
  }
  const dialect = detectDialect(value);
  if (dialect === null) throw rejectRow('messages is neither text, a list, nor a request body');
  return dropRedacted(dialect.readRequest(value).messages);
}

function readAnswer(value: unknown): Partial<ResponseReading> {
  if (typeof value === 'string') return value === '' ? {} : { text: value };
  return detectDialect(value)?.readResponse(value) ?? {};
}
