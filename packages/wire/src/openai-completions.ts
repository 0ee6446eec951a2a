import type { Message } from '@phalanx/domain';
import { bodyError, expectArray, expectObject, isJsonObject, optionalFlag, optionalString } from './body.js';
import { joinTexts } from './content.js';
import type { Dialect, RequestReading, ResponseReading } from './dialect.js';
import { readEpochSeconds, readErrorType, readOpenaiUsage } from './openai-chat.js';
import { readParameters } from './parameters.js';

/**
 * OpenAI legacy Completions, `POST /v1/completions`. A list of prompts is one request; each prompt becomes a user
 * message. Prompts given as token ids are kept as "[tokens]", because no tokenizer is at hand here.
 */
export const openaiCompletions: Dialect = {
  name: 'openai-completions',
  operation: 'completion',
  readRequest,
  readResponse,
};

function readRequest(value: unknown): RequestReading {
  const body = expectObject(value, 'request');
  return {
    model: optionalString(body.model, 'model'),
    messages: readPrompts(body.prompt, 'prompt'),
    streamed: optionalFlag(body.stream, 'stream'),
    endUserId: optionalString(body.user, 'user'),
    parameters: readParameters(body),
  };
}

/**
 * Reads a string, a list of strings, a list of token ids or a list of such lists as user messages.
 *
 * @throws PhalanxError `WIRE_BODY` for anything else.
 */
export function readPrompts(value: unknown, path: string): Message[] {
  if (typeof value === 'string') return [{ role: 'user', text: value }];
  const list = expectArray(value ?? [], path);
  if (typeof list[0] === 'number') return [{ role: 'user', text: '[tokens]' }];
  return list.map((prompt) => {
    if (typeof prompt === 'string') return { role: 'user', text: prompt };
    if (Array.isArray(prompt)) return { role: 'user', text: '[tokens]' };
    throw bodyError(`${path}[]`, 'a string or a list of token ids', prompt);
  });
}

function readResponse(value: unknown): ResponseReading {
  const body = expectObject(value, 'response');
  if (isJsonObject(body.error)) return { status: 'error', finishReason: readErrorType(body.error) };
  const choices = expectArray(body.choices ?? [], 'choices').filter(isJsonObject);
  return {
    sourceId: optionalString(body.id, 'id'),
    model: optionalString(body.model, 'model'),
    createdAtMs: readEpochSeconds(body.created),
    text: joinTexts(
      choices.map((choice) => optionalString(choice.text, 'choices[].text') ?? ''),
      '\n\n',
    ),
    finishReason: optionalString(choices[0]?.finish_reason, 'finish_reason'),
    ...readOpenaiUsage(body.usage),
    status: 'ok',
  };
}
