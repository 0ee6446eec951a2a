import type { Exchange } from '@phalanx/domain';
import { isJsonObject, readParameters } from '@phalanx/wire';
import { describeClient } from './client.js';
import { type ExchangeDraft, finishExchange, operationOf } from './exchange-draft.js';
import { decodeJson, readCount, readDurationMs, readFlag, readLabel, readTimeMs } from './field.js';
import { type Format, type Ingested, type Row, type RowContext, readPart } from './format.js';
import {
  type Attributes,
  firstAttribute,
  listAttribute,
  readAnyValue,
  readAttributes,
} from './otel-attributes.js';
import { readConversation, type TelemetryEvent } from './otel-messages.js';

/**
 * OpenTelemetry in OTLP/JSON, as the collector's file exporter writes it: `{resourceSpans}` and `{resourceLogs}`, one
 * batch a row. Reads the GenAI conventions of both generations (`gen_ai.provider.name`, `gen_ai.system`), OpenLLMetry
 * and OpenInference. The conventions know no customer, so the account is `phalanx.account.id`, else `phalanx.key.id`,
 * `gen_ai.user`, `user.id`, `enduser.id`; the organisation `phalanx.org.id`. Spans of agents, tools and retrieval are
 * passed over: their model calls are spans of their own.
 */
export const otel: Format = { name: 'otel', title: 'OpenTelemetry OTLP/JSON spans and logs', detect, read };

function detect(row: Row): number {
  if (Array.isArray(row.resourceSpans) || Array.isArray(row.resourceLogs)) return 1;
  return isSpan(row) ? 0.9 : 0;
}

/** A span on its own, as SDK console exporters print it. */
function isSpan(row: Row): boolean {
  return ('spanId' in row || 'span_id' in row || isJsonObject(row.context)) && 'attributes' in row;
}

function read(row: Row, context: RowContext): readonly Ingested[] {
  const out: Ingested[] = [];
  for (const { item, attributes } of walk(row, 'resourceSpans', 'scopeSpans', 'spans'))
    out.push(...readPart(() => readSpan(item, attributes, context)));
  pushLogs(walk(row, 'resourceLogs', 'scopeLogs', 'logRecords'), context, out);
  if (isSpan(row)) {
    const resource = isJsonObject(row.resource) ? readAttributes(row.resource.attributes) : {};
    out.push(...readSpan(row, { ...resource, ...readAttributes(row.attributes) }, context));
  }
  return out;
}

/** Every span or record of a batch with its resource's attributes below its own. */
function* walk(row: Row, resources: string, scopes: string, items: string) {
  for (const resource of objectsOf(row[resources])) {
    const shared = isJsonObject(resource.resource) ? readAttributes(resource.resource.attributes) : {};
    // Collectors before 0.38 wrote instrumentationLibrarySpans.
    for (const scope of objectsOf(resource[scopes] ?? resource.instrumentationLibrarySpans))
      for (const item of objectsOf(scope[items]))
        yield { item, attributes: { ...shared, ...readAttributes(item.attributes) } };
  }
}

function objectsOf(value: unknown): Row[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function readSpan(span: Row, attributes: Attributes, context: RowContext): readonly Ingested[] {
  if (!isModelCall(attributes)) return [];
  const events = objectsOf(span.events).map((event) => ({
    name: typeof event.name === 'string' ? event.name : '',
    attributes: readAttributes(event.attributes),
    body: undefined,
  }));
  const ids = isJsonObject(span.context) ? span.context : span;
  const status = isJsonObject(span.status) ? (span.status.code ?? span.status.status_code) : undefined;
  const failed =
    status === 2 || status === 'STATUS_CODE_ERROR' || status === 'ERROR' || 'error.type' in attributes;
  const startedAtMs = readTimeMs(
    span.startTimeUnixNano ?? span.start_time ?? span.startTime,
    'startTimeUnixNano',
  );
  const endedAtMs = readTimeMs(span.endTimeUnixNano ?? span.end_time ?? span.endTime, 'endTimeUnixNano');
  const spanId = identify(ids.traceId ?? ids.trace_id, ids.spanId ?? ids.span_id);
  return [finishExchange(draftOf(attributes, events, { startedAtMs, endedAtMs, spanId, failed }), context)];
}

/** Log records by the span they belong to: one operation may be spread over several message events. */
function pushLogs(
  records: Iterable<{ item: Row; attributes: Attributes }>,
  context: RowContext,
  out: Ingested[],
): void {
  const calls = new Map<
    string,
    { events: TelemetryEvent[]; attributes: Attributes; atMs: number | undefined }
  >();
  let lone = 0;
  for (const { item, attributes } of records) {
    const name = item.eventName ?? attributes['event.name'];
    if (typeof name !== 'string' || !name.startsWith('gen_ai.') || name.startsWith('gen_ai.evaluation'))
      continue;
    const spanId = identify(item.traceId, item.spanId) ?? `#${lone++}`;
    const atMs = readTimeMs(item.timeUnixNano ?? item.observedTimeUnixNano, 'timeUnixNano');
    const event = { name, attributes, body: readAnyValue(item.body) };
    const call = calls.get(spanId);
    if (call === undefined) calls.set(spanId, { events: [event], attributes, atMs });
    else {
      call.events.push(event);
      call.attributes = { ...call.attributes, ...attributes };
    }
  }
  for (const [key, { events, attributes, atMs }] of calls) {
    const spanId = key.startsWith('#') ? undefined : key;
    const failed = 'error.type' in attributes;
    const timing = { startedAtMs: atMs, endedAtMs: undefined, spanId, failed };
    out.push(...readPart(() => [finishExchange(draftOf(attributes, events, timing), context)]));
  }
}

/** Trace and span id together; undefined unless both are there and not all zero. */
function identify(traceId: unknown, spanId: unknown): string | undefined {
  if (typeof traceId !== 'string' || typeof spanId !== 'string') return undefined;
  return /^(?:0x)?0*$/.test(spanId) ? undefined : `${traceId}/${spanId}`;
}

const MODEL_CALLS =
  /^(?:chat|generate_content|text_completion|completion|embeddings?|responses?|messages?)$/i;

function isModelCall(attributes: Attributes): boolean {
  const operation = firstAttribute(attributes, 'gen_ai.operation.name', 'llm.request.type');
  if (typeof operation === 'string') return MODEL_CALLS.test(operation);
  const kind = attributes['openinference.span.kind'];
  if (typeof kind === 'string') return /^(?:LLM|EMBEDDING)$/i.test(kind);
  return 'gen_ai.request.model' in attributes || 'llm.model_name' in attributes;
}

interface Timing {
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly spanId: string | undefined;
  readonly failed: boolean;
}

function draftOf(attributes: Attributes, events: readonly TelemetryEvent[], timing: Timing): ExchangeDraft {
  const { startedAtMs, endedAtMs } = timing;
  const get = (...keys: string[]): unknown => firstAttribute(attributes, ...keys);
  const label = (limit: number, ...keys: string[]): string | undefined =>
    readLabel(get(...keys), keys[0]!, limit);
  const count = (...keys: string[]): number | undefined => readCount(get(...keys), keys[0]!);
  const account = label(512, 'phalanx.account.id', 'phalanx.key.id', 'gen_ai.user', 'user.id', 'enduser.id');
  const endUser = label(512, 'user.id', 'enduser.id');
  const { messages, response } = readConversation(attributes, events);
  const reasons = listAttribute(attributes, 'gen_ai.response.finish_reasons');
  const kind = label(64, 'gen_ai.operation.name', 'llm.request.type', 'openinference.span.kind') ?? 'chat';
  return {
    sourceId: timing.spanId,
    accountId: account,
    organisationId: label(512, 'phalanx.org.id'),
    endUserId: endUser === account ? undefined : endUser,
    startedAtMs,
    durationMs:
      startedAtMs === undefined || endedAtMs === undefined || endedAtMs < startedAtMs
        ? undefined
        : endedAtMs - startedAtMs,
    ttftMs: readDurationMs(get('gen_ai.response.time_to_first_chunk'), 'time_to_first_chunk', 's'),
    provider: label(128, 'gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system'),
    model: label(
      256,
      'gen_ai.request.model',
      'llm.model_name',
      'embedding.model_name',
      'gen_ai.response.model',
    ),
    operation: kind === 'LLM' ? 'chat' : operationOf(kind),
    status: timing.failed ? 'error' : 'ok',
    streamed: readFlag(get('gen_ai.request.stream', 'gen_ai.is_streaming', 'llm.is_streaming')),
    messages,
    tools: readTools(attributes),
    response,
    finishReason: typeof reasons?.[0] === 'string' ? reasons[0] : label(64, 'llm.response.finish_reason'),
    inputTokens: count('gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.token_count.prompt'),
    outputTokens: count(
      'gen_ai.usage.output_tokens',
      'gen_ai.usage.completion_tokens',
      'llm.token_count.completion',
    ),
    reasoningTokens: count(
      'gen_ai.usage.reasoning.output_tokens',
      'gen_ai.usage.reasoning_tokens',
      'llm.token_count.completion_details.reasoning',
    ),
    parameters: readRequestParameters(attributes),
    client: describeClient(
      get('user_agent.original', 'http.user_agent'),
      get('client.address', 'http.client_ip'),
      decodeJson(get('gen_ai.headers')),
    ),
  };
}

function readRequestParameters(attributes: Attributes): NonNullable<Exchange['parameters']> {
  const invocation = decodeJson(attributes['llm.invocation_parameters']);
  const named: Record<string, unknown> = isJsonObject(invocation) ? { ...invocation } : {};
  for (const key in attributes)
    if (key.startsWith('gen_ai.request.')) named[key.slice('gen_ai.request.'.length)] = attributes[key];
  if (named['choice.count'] !== undefined) named.n = named['choice.count'];
  return readParameters(named);
}

function readTools(attributes: Attributes): string[] | undefined {
  const names: string[] = [];
  for (const tool of listAttribute(attributes, 'gen_ai.tool.definitions') ?? []) {
    const inner = isJsonObject(tool) && isJsonObject(tool.function) ? tool.function : tool;
    if (isJsonObject(inner) && typeof inner.name === 'string') names.push(inner.name);
  }
  for (let i = 0; i < 128; i++) {
    const name = attributes[`llm.request.functions.${i}.name`];
    if (typeof name !== 'string') break;
    names.push(name);
  }
  return names.length === 0 ? undefined : names;
}
