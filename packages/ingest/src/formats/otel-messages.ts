import type { Message } from '@phalanx/domain';
import { flattenContent, formatToolCall, isJsonObject, readChatMessages, readRole } from '@phalanx/wire';
import { decodeJson } from './field.js';
import type { Row } from './format.js';
import { type Attributes, firstAttribute, gatherIndexed, listAttribute } from './otel-attributes.js';

/** An event of a span, or a log record: name, attributes, and a record's body. */
export interface TelemetryEvent {
  readonly name: string;
  readonly attributes: Attributes;
  readonly body: unknown;
}

/** The conversation as far as the telemetry kept it. */
export interface Conversation {
  readonly messages: Message[];
  readonly response: string | undefined;
}

/**
 * Finds the conversation in whichever of the conventions' forms is present, newest first:
 * `gen_ai.input.messages`; events `gen_ai.user.message` and kin; `gen_ai.prompt.N.*` (OpenLLMetry);
 * `llm.input_messages.N.*`, then `input.value` (OpenInference).
 */
export function readConversation(attributes: Attributes, events: readonly TelemetryEvent[]): Conversation {
  const details = events.find((event) => event.name === 'gen_ai.client.inference.operation.details');
  for (const source of details === undefined ? [attributes] : [attributes, details.attributes]) {
    const found = readPartMessages(source);
    if (found !== null) return found;
  }
  return readEvents(events) ?? readOpenllmetry(attributes) ?? readOpeninference(attributes);
}

/** `gen_ai.system_instructions`, `gen_ai.input.messages`, `gen_ai.output.messages`: role and typed parts. */
function readPartMessages(attributes: Attributes): Conversation | null {
  const input = listAttribute(attributes, 'gen_ai.input.messages');
  const output = listAttribute(attributes, 'gen_ai.output.messages');
  if (input === null && output === null) return null;
  const messages: Message[] = [];
  const system = decodeJson(attributes['gen_ai.system_instructions']);
  const systemText = Array.isArray(system)
    ? readParts(system)
    : flattenContent(system, 'gen_ai.system_instructions');
  if (systemText !== '') messages.push({ role: 'system', text: systemText });
  for (const message of input ?? []) {
    if (!isJsonObject(message)) continue;
    messages.push({ role: readRole(message.role, 'gen_ai.input.messages[].role'), text: partsOf(message) });
  }
  return { messages, response: joinResponses((output ?? []).filter(isJsonObject).map(partsOf)) };
}

function partsOf(message: Row): string {
  return Array.isArray(message.parts) ? readParts(message.parts) : flattenContent(message.content, 'content');
}

function readParts(parts: readonly unknown[]): string {
  const texts = parts.map((part) => {
    if (!isJsonObject(part)) return typeof part === 'string' ? part : '';
    if (part.type === 'tool_call') return formatToolCall(part.name, part.arguments);
    if (part.type === 'tool_call_response') {
      const result = part.response ?? part.result;
      return typeof result === 'string' ? result : JSON.stringify(result ?? null);
    }
    if (part.type === 'blob' || part.type === 'uri' || part.type === 'file')
      return typeof part.modality === 'string' ? `[${part.modality.slice(0, 16)}]` : '[file]';
    return flattenContent([part], 'parts');
  });
  return texts.filter((text) => text !== '').join('\n');
}

function joinResponses(texts: readonly string[]): string | undefined {
  const kept = texts.filter((text) => text !== '');
  return kept.length === 0 ? undefined : kept.join('\n\n');
}

const EVENT_NAME = /^gen_ai\.(system|user|assistant|tool)\.message$/;

/** Events of the conventions before 1.37: one a message, its text in `content` of the attributes or of the body. */
function readEvents(events: readonly TelemetryEvent[]): Conversation | null {
  const messages: Message[] = [];
  const responses: string[] = [];
  for (const { name, attributes, body } of events) {
    const record: Row = isJsonObject(body) ? body : attributes;
    const role = EVENT_NAME.exec(name)?.[1];
    if (role !== undefined) messages.push(...readChatMessages([{ ...decodeMembers(record), role }], name));
    else if (name === 'gen_ai.choice') responses.push(readChoice(record));
    else if (name === 'gen_ai.content.prompt') messages.push(...readPrompt(attributes['gen_ai.prompt']));
    else if (name === 'gen_ai.content.completion')
      responses.push(
        readPrompt(attributes['gen_ai.completion'])
          .map((message) => message.text)
          .join('\n'),
      );
  }
  return messages.length === 0 && responses.length === 0
    ? null
    : { messages, response: joinResponses(responses) };
}

function decodeMembers(record: Row): Row {
  return { content: decodeJson(record.content), tool_calls: decodeJson(record.tool_calls) ?? undefined };
}

function readChoice(record: Row): string {
  const message = decodeJson(record.message);
  const choice = isJsonObject(message) ? message : { content: message ?? record.content };
  return readChatMessages([{ ...decodeMembers(choice), role: 'assistant' }], 'gen_ai.choice')[0]!.text;
}

function readPrompt(value: unknown): Message[] {
  const decoded = decodeJson(value);
  if (Array.isArray(decoded)) return readChatMessages(decoded, 'gen_ai.prompt');
  return typeof decoded === 'string' ? [{ role: 'user', text: decoded }] : [];
}

function readOpenllmetry(attributes: Attributes): Conversation | null {
  const prompts = gatherIndexed(attributes, 'gen_ai.prompt.');
  const completions = gatherIndexed(attributes, 'gen_ai.completion.');
  if (prompts.length === 0 && completions.length === 0) return null;
  return {
    messages: prompts.map((item) => ({
      role: readRole(item.role ?? 'user', 'gen_ai.prompt'),
      text: indexedText(item),
    })),
    response: joinResponses(completions.map(indexedText)),
  };
}

/** Content and tool calls of one gathered item. */
function indexedText(item: Row): string {
  const texts = [flattenContent(decodeJson(item.content), 'content')];
  for (const call of gatherIndexed(item, 'tool_calls.'))
    texts.push(formatToolCall(call.name, call.arguments));
  return texts.filter((text) => text !== '').join('\n');
}

function readOpeninference(attributes: Attributes): Conversation {
  const input = gatherIndexed(attributes, 'llm.input_messages.');
  const output = gatherIndexed(attributes, 'llm.output_messages.');
  const messages: Message[] = input.map((item) => ({
    role: readRole(item['message.role'] ?? 'user', 'llm.input_messages'),
    text: openinferenceText(item),
  }));
  const embedded = gatherIndexed(attributes, 'embedding.embeddings.');
  for (const item of embedded)
    messages.push({ role: 'user', text: flattenContent(item['embedding.text'], 'embedding.text') });
  const plain = firstAttribute(attributes, 'input.value');
  if (messages.length === 0 && typeof plain === 'string') messages.push({ role: 'user', text: plain });
  const answer = firstAttribute(attributes, 'output.value');
  return {
    messages,
    response:
      joinResponses(output.map(openinferenceText)) ??
      (typeof answer === 'string' && embedded.length === 0 ? answer : undefined),
  };
}

function openinferenceText(item: Row): string {
  const texts = [flattenContent(item['message.content'], 'message.content')];
  for (const part of gatherIndexed(item, 'message.contents.')) {
    const type = part['message_content.type'];
    texts.push(flattenContent([{ type, text: part['message_content.text'] }], 'message.contents'));
  }
  for (const call of gatherIndexed(item, 'message.tool_calls.'))
    texts.push(formatToolCall(call['tool_call.function.name'], call['tool_call.function.arguments']));
  return texts.filter((text) => text !== '').join('\n');
}
