import type { Message } from '@phalanx/domain';
import {
  expectArray,
  expectObject,
  isJsonObject,
  optionalCount,
  optionalFlag,
  optionalString,
  sumCounts,
} from './body.js';
import { flattenContent, formatToolCall, joinTexts, readRole } from './content.js';
import type { Dialect, RequestReading, ResponseReading } from './dialect.js';
import { readErrorType, readToolNames } from './openai-chat.js';
import { readParameters } from './parameters.js';

/**
 * Anthropic Messages, `POST /v1/messages`. The system prompt is a top-level string or list of blocks; tool results
 * arrive inside user messages and become messages of role "tool" here, so that the last user message is what a user
 * asked. Source: the Messages API reference.
 */
export const anthropicMessages: Dialect = {
  name: 'anthropic-messages',
  operation: 'chat',
  readRequest,
  readResponse,
};

function readRequest(value: unknown): RequestReading {
  const body = expectObject(value, 'request');
  const messages: Message[] = [];
  const system = flattenContent(body.system, 'system');
  if (system !== '') messages.push({ role: 'system', text: system });
  for (const item of expectArray(body.messages, 'messages')) {
    const message = expectObject(item, 'messages[]');
    readBlocks(readRole(message.role, 'messages[].role'), message.content, messages);
  }
  return {
    model: optionalString(body.model, 'model'),
    messages,
    tools: readToolNames(body.tools),
    streamed: optionalFlag(body.stream, 'stream'),
    endUserId: isJsonObject(body.metadata)
      ? optionalString(body.metadata.user_id, 'metadata.user_id')
      : undefined,
    parameters: readParameters(body),
  };
}

/** Appends one message, or several where tool results stand between its text blocks. */
function readBlocks(role: Message['role'], content: unknown, messages: Message[]): void {
  if (!Array.isArray(content)) {
    messages.push({ role, text: flattenContent(content, 'messages[].content') });
    return;
  }
  let texts: string[] = [];
  const flush = (): void => {
    const text = joinTexts(texts, '\n');
    if (text !== undefined) messages.push({ role, text });
    texts = [];
  };
  for (const block of content) {
    const type = isJsonObject(block) ? block.type : undefined;
    if (isJsonObject(block) && typeof type === 'string' && type.endsWith('tool_result')) {
      flush();
      messages.push({ role: 'tool', text: flattenContent(block.content, 'tool_result.content') });
    } else texts.push(readBlock(block));
  }
  flush();
}

function readBlock(block: unknown): string {
  if (isJsonObject(block) && typeof block.type === 'string' && block.type.endsWith('tool_use'))
    return formatToolCall(block.name, block.input);
  return flattenContent(block, 'content[]');
}

function readResponse(value: unknown): ResponseReading {
  const body = expectObject(value, 'response');
  if (isJsonObject(body.error)) return { status: 'error', finishReason: readErrorType(body.error) };
  const usage = isJsonObject(body.usage) ? body.usage : {};
  return {
    sourceId: optionalString(body.id, 'id'),
    model: optionalString(body.model, 'model'),
    text: joinTexts(expectArray(body.content ?? [], 'content').map(readBlock), '\n'),
    finishReason: optionalString(body.stop_reason, 'stop_reason'),
    inputTokens: sumCounts(
      optionalCount(usage.input_tokens, 'usage.input_tokens'),
      optionalCount(usage.cache_creation_input_tokens, 'usage.cache_creation_input_tokens'),
      optionalCount(usage.cache_read_input_tokens, 'usage.cache_read_input_tokens'),
    ),
    outputTokens: optionalCount(usage.output_tokens, 'usage.output_tokens'),
    status: 'ok',
  };
}
