import { detectDialect, isJsonObject, readParameters, readToolNames } from '@phalanx/wire';
import { answerFields, type ExchangeDraft, finishExchange, operationOf } from './exchange-draft.js';
import { decodeJson, firstOf, objectAt, readCount, readLabel, readTimeMs } from './field.js';
import { type Format, type Ingested, type Row, type RowContext, readPart } from './format.js';

/**
 * Langfuse exports as JSON, JSONL or CSV: observations (camelCase or the columns of `observations`), rows of
 * `events_full`, and traces with their observations inside. Only generations and embeddings are exchanges; spans,
 * events and traces without observations yield nothing. The account is the trace's user id.
 */
export const langfuse: Format = {
  name: 'langfuse',
  title: 'Langfuse observations, traces, events_full',
  detect,
  read,
};

const MARKS = [
  'traceId trace_id',
  'providedModelName provided_model_name modelId internalModelId internal_model_id',
  'usageDetails usage_details usage promptTokens',
  'costDetails cost_details totalCost calculatedTotalCost',
  'modelParameters model_parameters',
  'parentObservationId parent_observation_id parent_span_id',
  'completionStartTime completion_start_time',
  'statusMessage status_message level',
].map((names) => names.split(' '));

function detect(row: Row): number {
  if (Array.isArray(row.observations) && 'id' in row) return 0.9;
  const marks = MARKS.filter((names) => names.some((name) => name in row)).length;
  return 'traceId' in row || 'trace_id' in row ? Math.min(1, marks / 5) : 0;
}

function read(row: Row, context: RowContext): readonly Ingested[] {
  const nested = decodeJson(row.observations);
  if (Array.isArray(nested)) {
    const shared = { userId: firstOf(row, 'userId', 'user_id'), traceId: row.id };
    return nested
      .filter(isJsonObject)
      .flatMap((observation) => readPart(() => read({ ...shared, ...observation }, context)));
  }
  const type = readLabel(row.type, 'type', 64) ?? (hasModel(row) ? 'GENERATION' : 'SPAN');
  if (!/^(?:GENERATION|EMBEDDING)$/i.test(type)) return [];
  return [finishExchange(draftOf(row, type), context)];
}

function hasModel(row: Row): boolean {
  return firstOf(row, 'model', 'providedModelName', 'provided_model_name') !== undefined;
}

function draftOf(row: Row, type: string): ExchangeDraft {
  const startedAtMs = readTimeMs(firstOf(row, 'startTime', 'start_time', 'timestamp'), 'startTime');
  const endedAtMs = readTimeMs(firstOf(row, 'endTime', 'end_time'), 'endTime');
  const firstTokenMs = readTimeMs(
    firstOf(row, 'completionStartTime', 'completion_start_time'),
    'completionStartTime',
  );
  const parameters = decodeJson(firstOf(row, 'modelParameters', 'model_parameters'));
  const usage = decodeJson(firstOf(row, 'usageDetails', 'usage_details', 'usage'));
  const details = isJsonObject(usage) ? usage : {};
  const span = readLabel(firstOf(row, 'id', 'span_id'), 'id', 256);
  const trace = readLabel(firstOf(row, 'traceId', 'trace_id'), 'traceId', 255);
  const input = readInput(decodeJson(row.input));
  const output = readOutput(decodeJson(row.output));
  return {
    ...output,
    // A span id is unique in its trace only.
    sourceId: span === undefined ? undefined : `${trace ?? ''}/${span}`,
    accountId: readLabel(
      firstOf(row, 'userId', 'user_id') ?? objectAt(row, 'metadata').user_id,
      'userId',
      512,
    ),
    startedAtMs,
    durationMs: between(startedAtMs, endedAtMs),
    ttftMs: between(startedAtMs, firstTokenMs),
    model: readLabel(firstOf(row, 'model', 'providedModelName', 'provided_model_name'), 'model', 256),
    operation: /embedding/i.test(type) ? 'embedding' : operationOf('chat'),
    status: row.level === 'ERROR' ? 'error' : 'ok',
    ...input,
    inputTokens: readCount(
      firstOf(details, 'input', 'input_tokens', 'prompt_tokens') ?? row.promptTokens,
      'usage.input',
    ),
    outputTokens: readCount(
      firstOf(details, 'output', 'output_tokens', 'completion_tokens') ?? row.completionTokens,
      'usage.output',
    ),
    parameters: isJsonObject(parameters) ? readParameters(parameters) : undefined,
  };
}

function between(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined || to < from ? undefined : to - from;
}

/** Integrations log a message list, a request body, or any value; the last counts as the user's text. */
function readInput(input: unknown): Pick<ExchangeDraft, 'messages' | 'tools'> {
  if (input === undefined || input === null || input === '') return {};
  const body = Array.isArray(input) && isMessageList(input) ? { messages: input } : input;
  const dialect = detectDialect(body);
  if (dialect !== null && dialect.operation !== 'embedding') {
    const request = dialect.readRequest(body);
    return { messages: request.messages, tools: request.tools };
  }
  const text = typeof input === 'string' ? input : JSON.stringify(input);
  return {
    messages: [{ role: 'user', text }],
    tools: isJsonObject(input) ? readToolNames(input.tools) : undefined,
  };
}

function isMessageList(list: readonly unknown[]): boolean {
  return list.length > 0 && list.every((item) => isJsonObject(item) && typeof item.role === 'string');
}

function readOutput(output: unknown): ExchangeDraft {
  if (output === undefined || output === null || output === '') return {};
  if (typeof output === 'string') return { response: output };
  const message =
    isJsonObject(output) && typeof output.role === 'string' ? { choices: [{ message: output }] } : output;
  const dialect = detectDialect(message);
  return dialect === null
    ? { response: JSON.stringify(output) }
    : answerFields(dialect.readResponse(message));
}
