import { expectObject, isJsonObject, optionalString } from './body.js';
import type { Dialect, RequestReading, ResponseReading } from './dialect.js';
import { readErrorType, readOpenaiUsage } from './openai-chat.js';
import { readPrompts } from './openai-completions.js';
import { readParameters } from './parameters.js';

/** OpenAI Embeddings, `POST /v1/embeddings`. The vectors are not kept. */
export const openaiEmbeddings: Dialect = {
  name: 'openai-embeddings',
  operation: 'embedding',
  readRequest,
  readResponse,
};

function readRequest(value: unknown): RequestReading {
  const body = expectObject(value, 'request');
  return {
    model: optionalString(body.model, 'model'),
    messages: readPrompts(body.input, 'input'),
    endUserId: optionalString(body.user, 'user'),
    parameters: readParameters(body),
  };
}

function readResponse(value: unknown): ResponseReading {
  const body = expectObject(value, 'response');
  if (isJsonObject(body.error)) return { status: 'error', finishReason: readErrorType(body.error) };
  return { model: optionalString(body.model, 'model'), ...readOpenaiUsage(body.usage), status: 'ok' };
}
