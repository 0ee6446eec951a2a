import type { Message } from '@phalanx/domain';
import {
  expectArray,
  expectObject,
  isJsonObject,
  type JsonObject,
  optionalFlag,
  optionalString,
} from './body.js';
import { flattenContent, formatToolCall, joinTexts, readRole } from './content.js';
import type { Dialect, RequestReading, ResponseReading } from './dialect.js';
import { readEpochSeconds, readErrorType, readOpenaiUsage, readToolNames } from './openai-chat.js';
import { readParameters } from './parameters.js';

/**
 * OpenAI Responses, `POST /v1/responses`. `input` is a string or a list of items: messages, function calls and their
 * outputs, reasoning. Source: the API reference's `CreateResponse` and `Response`.
 */
export const openaiResponses: Dialect = {
  name: 'openai-responses',
  operation: 'chat',
  readRequest,
  readResponse,
};

function readRequest(value: unknown): RequestReading {
  const body = expectObject(value, 'request');
  const messages: Message[] = [];
  const instructions = flattenContent(body.instructions, 'instructions');
  if (instructions !== '') messages.push({ role: 'system', text: instructions });
  if (typeof body.input === 'string') messages.push({ role: 'user', text: body.input });
  else for (const item of expectArray(body.input ?? [], 'input')) messages.push(...readItem(item));
  return {
    model: optionalString(body.model, 'model'),
    messages,
    tools: readToolNames(body.tools),
    streamed: optionalFlag(body.stream, 'stream'),
    endUserId: optionalString(body.safety_identifier ?? body.user, 'user'),
    parameters: readParameters(body),
  };
}

function readItem(value: unknown): Message[] {
  const item = expectObject(value, 'input[]');
  if (item.role !== undefined)
    return [
      { role: readRole(item.role, 'input[].role'), text: flattenContent(item.content, 'input[].content') },
    ];
  const call = readCall(item);
  if (call !== null) return [{ role: 'assistant', text: call }];
  if (item.output !== undefined)
    return [{ role: 'tool', text: flattenContent(item.output, 'input[].output') }];
  // reasoning, item_reference and kinds yet to come carry nothing that the caller wrote.
  return [];
}

/** `*_call` items as text; null for other items. */
function readCall(item: JsonObject): string | null {
  if (typeof item.type !== 'string' || !item.type.endsWith('_call')) return null;
  return formatToolCall(item.name ?? item.type, item.arguments ?? item.input ?? item.action);
}

function readResponse(value: unknown): ResponseReading {
  const body = expectObject(value, 'response');
  const texts: string[] = [];
  for (const item of expectArray(body.output ?? [], 'output')) {
    if (!isJsonObject(item)) continue;
    texts.push(
      readCall(item) ?? (item.type === 'message' ? flattenContent(item.content, 'output[].content') : ''),
    );
  }
  // `incomplete` is a finished exchange that hit a limit; its reason stands beside it.
  const incomplete = isJsonObject(body.incomplete_details) ? body.incomplete_details.reason : undefined;
  const failed = isJsonObject(body.error) || body.status === 'failed';
  return {
    sourceId: optionalString(body.id, 'id'),
    model: optionalString(body.model, 'model'),
    createdAtMs: readEpochSeconds(body.created_at),
    text: joinTexts(texts, '\n\n'),
    finishReason: isJsonObject(body.error)
      ? readErrorType(body.error)
      : optionalString(incomplete ?? body.status, 'status'),
    ...readOpenaiUsage(body.usage),
    status: failed ? 'error' : 'ok',
  };
}
