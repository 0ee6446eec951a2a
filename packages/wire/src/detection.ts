import { anthropicMessages } from './anthropic-messages.js';
import { isJsonObject, type JsonObject } from './body.js';
import type { Dialect, DialectName } from './dialect.js';
import { gemini } from './gemini.js';
import { openaiChat } from './openai-chat.js';
import { openaiCompletions } from './openai-completions.js';
import { openaiEmbeddings } from './openai-embeddings.js';
import { openaiResponses } from './openai-responses.js';

/** Every dialect by its name. A new one is one file and one line here. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'openai-completions': openaiCompletions,
  'openai-embeddings': openaiEmbeddings,
  'anthropic-messages': anthropicMessages,
  gemini,
};

/**
 * Tells which dialect a request or response body speaks, or null when it looks like none.
 *
 * The two chat dialects share `messages`: a body without any mark of Anthropic's is OpenAI's, because that form is the
 * one which everybody copies.
 */
export function detectDialect(body: unknown): Dialect | null {
  if (Array.isArray(body)) return isJsonObject(body[0]) && 'candidates' in body[0] ? gemini : null;
  if (!isJsonObject(body)) return null;
  if ('contents' in body || 'candidates' in body) return gemini;
  if (body.object === 'response' || Array.isArray(body.output)) return openaiResponses;
  if (Array.isArray(body.messages)) return hasAnthropicMark(body) ? anthropicMessages : openaiChat;
  if (body.type === 'message' && Array.isArray(body.content)) return anthropicMessages;
  if (Array.isArray(body.choices)) {
    const first: unknown = body.choices[0];
    return body.object === 'text_completion' || (isJsonObject(first) && 'text' in first)
      ? openaiCompletions
      : openaiChat;
  }
  if ('prompt' in body) return openaiCompletions;
  if ('input' in body) return isEmbeddingRequest(body) ? openaiEmbeddings : openaiResponses;
  if (body.object === 'list' && Array.isArray(body.data)) return openaiEmbeddings;
  return null;
}

const ANTHROPIC_FIELDS = ['system', 'anthropic_version', 'stop_sequences', 'thinking', 'anthropic_beta'];

function hasAnthropicMark(body: JsonObject): boolean {
  if (typeof body.model === 'string' && /\bclaude\b/i.test(body.model)) return !hasOpenaiMark(body);
  if (ANTHROPIC_FIELDS.some((field) => field in body)) return true;
  const tools = Array.isArray(body.tools) ? body.tools : [];
  return tools.some((tool) => isJsonObject(tool) && 'input_schema' in tool);
}

/** Claude is also served behind OpenAI-shaped endpoints. */
function hasOpenaiMark(body: JsonObject): boolean {
  const tools = Array.isArray(body.tools) ? body.tools : [];
  const messages = body.messages as readonly unknown[];
  return (
    tools.some((tool) => isJsonObject(tool) && 'function' in tool) ||
    messages.some(
      (message) => isJsonObject(message) && (message.role === 'system' || message.role === 'tool'),
    )
  );
}

function isEmbeddingRequest(body: JsonObject): boolean {
  if ('encoding_format' in body || 'dimensions' in body) return true;
  if (Array.isArray(body.input)) return typeof body.input[0] !== 'object' || Array.isArray(body.input[0]);
  return typeof body.model === 'string' && /embed/i.test(body.model);
}

const PATHS: readonly (readonly [RegExp, DialectName])[] = [
  [/\/chat\/completions$/, 'openai-chat'],
  [/\/responses$/, 'openai-responses'],
  [/\/completions$/, 'openai-completions'],
  [/\/embeddings$/, 'openai-embeddings'],
  [/\/messages$/, 'anthropic-messages'],
  [/:(?:stream)?generateContent$/i, 'gemini'],
];

/** The dialect that an endpoint's URL or path speaks, or null. Query and fragment are ignored. */
export function dialectOfPath(url: string): Dialect | null {
  const path = url.replace(/[?#].*$/s, '').replace(/\/$/, '');
  const found = PATHS.find(([pattern]) => pattern.test(path));
  return found === undefined ? null : dialects[found[1]];
}
