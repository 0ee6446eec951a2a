import { LAST_MS } from '@phalanx/core';
import type { Message } from '@phalanx/domain';
import {
  expectArray,
  expectObject,
  isJsonObject,
  type JsonObject,
  optionalCount,
  optionalFlag,
  optionalString,
} from './body.js';
import { flattenContent, formatToolCall, joinTexts, readRole } from './content.js';
import type { Dialect, RequestReading, ResponseReading } from './dialect.js';
import { readParameters } from './parameters.js';

/**
 * OpenAI Chat Completions, `POST /v1/chat/completions`, and the many servers that copy it (vLLM, LiteLLM, DeepSeek,
 * Mistral, Azure). Source: the API reference's `CreateChatCompletionRequest` and `CreateChatCompletionResponse`.
 */
export const openaiChat: Dialect = { name: 'openai-chat', operation: 'chat', readRequest, readResponse };

function readRequest(value: unknown): RequestReading {
  const body = expectObject(value, 'request');
  return {
    model: optionalString(body.model, 'model'),
    messages: readChatMessages(body.messages, 'messages'),
    tools: readToolNames(body.tools ?? body.functions),
    streamed: optionalFlag(body.stream, 'stream'),
    endUserId: optionalString(body.safety_identifier ?? body.user, 'user'),
    parameters: readParameters(body),
  };
}

/**
 * Reads a list of `{role, content, tool_calls}` messages.
 *
 * @throws PhalanxError `WIRE_BODY` unless it is an array of objects with a role and a content of a known form.
 */
export function readChatMessages(value: unknown, path: string): Message[] {
  const list = expectArray(value, path);
  const messages: Message[] = [];
  for (let i = 0; i < list.length; i++) {
    const message = list[i];
    if (!isJsonObject(message)) expectObject(message, `${path}[${i}]`);
    else
      messages.push({ role: readRole(message.role, `${path}[${i}].role`), text: readMessageText(message) });
  }
  return messages;
}

function readMessageText(message: JsonObject): string {
  if (message.tool_calls === undefined && message.function_call === undefined)
    return flattenContent(message.content ?? message.refusal, 'content');
  const texts = [flattenContent(message.content, 'content')];
  if (Array.isArray(message.tool_calls)) {
    for (const call of message.tool_calls) {
      if (!isJsonObject(call)) continue;
      const callee = isJsonObject(call.function)
        ? call.function
        : isJsonObject(call.custom)
          ? call.custom
          : call;
      texts.push(formatToolCall(callee.name, callee.arguments ?? callee.input));
    }
  }
  if (isJsonObject(message.function_call))
    texts.push(formatToolCall(message.function_call.name, message.function_call.arguments));
  return joinTexts(texts, '\n') ?? '';
}

/** Names in a list of tools, in OpenAI's nested or flat form or Anthropic's; a tool without a name counts by its type. */
export function readToolNames(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const names: string[] = [];
  for (const tool of value) {
    if (!isJsonObject(tool)) continue;
    const inner = isJsonObject(tool.function) ? tool.function : tool;
    const name = inner.name ?? tool.type;
    if (typeof name === 'string') names.push(name.slice(0, 256));
  }
  return names;
}

function readResponse(value: unknown): ResponseReading {
  const body = expectObject(value, 'response');
  if (isJsonObject(body.error)) return { status: 'error', finishReason: readErrorType(body.error) };
  const choices = expectArray(body.choices ?? [], 'choices');
  const texts: string[] = [];
  let finishReason: string | undefined;
  for (const choice of choices) {
    if (!isJsonObject(choice)) continue;
    if (isJsonObject(choice.message)) texts.push(readMessageText(choice.message));
    finishReason ??= optionalString(choice.finish_reason, 'finish_reason');
  }
  return {
    sourceId: optionalString(body.id, 'id'),
    model: optionalString(body.model, 'model'),
    createdAtMs: readEpochSeconds(body.created),
    text: joinTexts(texts, '\n\n'),
    finishReason,
    ...readOpenaiUsage(body.usage),
    status: 'ok',
  };
}

/** The machine-readable name of an error object, cut to 64 characters. */
export function readErrorType(error: JsonObject): string | undefined {
  const name = error.code ?? error.type ?? error.status;
  return typeof name === 'string' ? name.slice(0, 64) : undefined;
}

/** Epoch seconds to milliseconds; `undefined` for what is no positive number, or beyond what a `Date` can hold. */
export function readEpochSeconds(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value > 0)) return undefined;
  const atMs = Math.round(value * 1000);
  return atMs <= LAST_MS ? atMs : undefined;
}

/** OpenAI usage in both spellings: prompt/completion (chat) and input/output (responses, embeddings). */
export function readOpenaiUsage(
  value: unknown,
): Pick<ResponseReading, 'inputTokens' | 'outputTokens' | 'reasoningTokens'> {
  if (!isJsonObject(value)) return {};
  const details = value.completion_tokens_details ?? value.output_tokens_details;
  return {
    inputTokens: optionalCount(value.prompt_tokens ?? value.input_tokens, 'usage.prompt_tokens'),
    outputTokens: optionalCount(value.completion_tokens ?? value.output_tokens, 'usage.completion_tokens'),
    reasoningTokens: isJsonObject(details)
      ? optionalCount(details.reasoning_tokens, 'usage.reasoning_tokens')
      : undefined,
  };
}
