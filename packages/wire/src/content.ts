import type { Message } from '@phalanx/domain';
import { bodyError, isJsonObject, type JsonObject } from './body.js';

/** Content parts nest (a tool result holds parts); providers go two deep, a stranger's log could go on. */
const MAX_CONTENT_DEPTH = 8;

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  image: '[image]',
  image_url: '[image]',
  input_image: '[image]',
  input_audio: '[audio]',
  audio: '[audio]',
  audio_url: '[audio]',
  video: '[video]',
  video_url: '[video]',
  file: '[file]',
  input_file: '[file]',
  document: '[file]',
  container_upload: '[file]',
};

/**
 * Flattens message content to text: a string as it is; an array of parts joined by line breaks, with images, audio and
 * files replaced by "[image]", "[audio]", "[video]", "[file]"; null or absent as "". Reasoning parts add nothing.
 *
 * @throws PhalanxError `WIRE_BODY` when the content is neither string, array, object nor null, or nests deeper than 8.
 */
export function flattenContent(content: unknown, path: string, depth = 0): string {
  if (typeof content === 'string') return content;
  if (content === undefined || content === null) return '';
  if (depth > MAX_CONTENT_DEPTH) throw bodyError(path, `nested at most ${MAX_CONTENT_DEPTH} deep`, content);
  if (Array.isArray(content)) {
    let text = '';
    for (const part of content) {
      const piece = flattenContent(part, path, depth + 1);
      if (piece !== '') text = text === '' ? piece : `${text}\n${piece}`;
    }
    return text;
  }
  if (isJsonObject(content)) return flattenPart(content, path, depth);
  throw bodyError(path, 'a string or an array of parts', content);
}

function flattenPart(part: JsonObject, path: string, depth: number): string {
  const type = part.type;
  if (type === 'thinking' || type === 'redacted_thinking' || type === 'reasoning') return '';
  // Anthropic: a plain-text document travels inside its source.
  if (type === 'document' && isJsonObject(part.source) && part.source.type === 'text')
    return flattenContent(part.source.data, path, depth + 1);
  if (typeof type === 'string' && Object.hasOwn(PLACEHOLDERS, type)) return PLACEHOLDERS[type]!;
  // text, input_text, output_text, summary_text; the Assistants API wraps the text as {value}.
  if (typeof part.text === 'string') return part.text;
  if (isJsonObject(part.text) && typeof part.text.value === 'string') return part.text.value;
  if (typeof part.refusal === 'string') return part.refusal;
  // tool_result, custom wrappers, and the OpenTelemetry part {type: "text", content}.
  if (part.content !== undefined) return flattenContent(part.content, path, depth + 1);
  return typeof type === 'string' ? `[${type.slice(0, 64)}]` : '';
}

/** A tool call as text: `name(arguments)`, the arguments as JSON unless they are a string already. */
export function formatToolCall(name: unknown, input: unknown): string {
  const callee = typeof name === 'string' ? name : '';
  return `${callee}(${typeof input === 'string' ? input : input === undefined ? '' : JSON.stringify(input)})`;
}

const ROLES: Readonly<Record<string, Message['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  model: 'assistant',
  ai: 'assistant',
  tool: 'tool',
  function: 'tool',
};

/**
 * Maps a provider's role name to ours. A role that we do not know counts as "user": whatever it is called, the caller
 * supplied the text.
 *
 * @throws PhalanxError `WIRE_BODY` when the role is not a string.
 */
export function readRole(role: unknown, path: string): Message['role'] {
  if (typeof role !== 'string') throw bodyError(path, 'a role name', role);
  return Object.hasOwn(ROLES, role) ? ROLES[role]! : 'user';
}

/** Joins texts by a separator, leaving empty ones out; `undefined` when nothing is left. */
export function joinTexts(texts: readonly string[], separator: string): string | undefined {
  const kept = texts.filter((text) => text !== '');
  return kept.length === 0 ? undefined : kept.join(separator);
}
