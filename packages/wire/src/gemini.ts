import type { Message } from '@phalanx/domain';
import {
  expectArray,
  expectObject,
  isJsonObject,
  type JsonObject,
  optionalCount,
  optionalString,
  sumCounts,
} from './body.js';
import { flattenContent, formatToolCall, joinTexts, readRole } from './content.js';
import type { Dialect, RequestReading, ResponseReading } from './dialect.js';
import { readErrorType } from './openai-chat.js';
import { readParameters } from './parameters.js';

/**
 * Gemini `models/{model}:generateContent` and `:streamGenerateContent`. JSON names come in camelCase or snake_case
 * (both are accepted by the service); the model stands in the URL, so the request body usually lacks it. A stream
 * without `alt=sse` is a JSON array of partial responses; it is read as one response.
 */
export const gemini: Dialect = { name: 'gemini', operation: 'chat', readRequest, readResponse };

function readRequest(value: unknown): RequestReading {
  const body = expectObject(value, 'request');
  const messages: Message[] = [];
  const system = body.systemInstruction ?? body.system_instruction;
  const systemText = isJsonObject(system)
    ? readParts(system.parts).join('\n')
    : flattenContent(system, 'systemInstruction');
  if (systemText !== '') messages.push({ role: 'system', text: systemText });
  if (typeof body.contents === 'string') messages.push({ role: 'user', text: body.contents });
  else for (const item of expectArray(body.contents, 'contents')) readTurn(item, messages);
  const config = body.generationConfig ?? body.generation_config;
  return {
    model: optionalString(body.model, 'model'),
    messages,
    tools: readFunctionNames(body.tools),
    parameters: isJsonObject(config) ? readParameters(config) : {},
  };
}

/** A turn holds text and function responses in one list; the latter become messages of role "tool". */
function readTurn(value: unknown, messages: Message[]): void {
  const turn = expectObject(value, 'contents[]');
  const role = readRole(turn.role ?? 'user', 'contents[].role');
  const parts = expectArray(turn.parts ?? [], 'contents[].parts');
  const results = parts.filter((part) => isJsonObject(part) && functionResponse(part) !== undefined);
  const text = readParts(parts.filter((part) => !results.includes(part))).join('\n');
  for (const part of results) messages.push({ role: 'tool', text: readPart(part) });
  if (text !== '' || results.length === 0) messages.push({ role, text });
}

function readParts(value: unknown): string[] {
  return expectArray(value ?? [], 'parts')
    .map(readPart)
    .filter((text) => text !== '');
}

function readPart(value: unknown): string {
  const part = expectObject(value, 'parts[]');
  if (part.thought === true) return '';
  if (part.text !== undefined) return flattenContent(part.text, 'parts[].text');
  const call = part.functionCall ?? part.function_call;
  if (isJsonObject(call)) return formatToolCall(call.name, call.args);
  const result = functionResponse(part);
  if (isJsonObject(result)) return JSON.stringify(result.response ?? null);
  const data = part.inlineData ?? part.inline_data ?? part.fileData ?? part.file_data;
  if (isJsonObject(data)) return mediaPlaceholder(data.mimeType ?? data.mime_type);
  const code = part.executableCode ?? part.executable_code;
  if (isJsonObject(code)) return flattenContent(code.code, 'executableCode.code');
  const outcome = part.codeExecutionResult ?? part.code_execution_result;
  return isJsonObject(outcome) ? flattenContent(outcome.output, 'codeExecutionResult.output') : '';
}

function functionResponse(part: JsonObject): unknown {
  return part.functionResponse ?? part.function_response;
}

function mediaPlaceholder(mimeType: unknown): string {
  const kind = typeof mimeType === 'string' ? mimeType.split('/', 1)[0] : '';
  return kind === 'image' || kind === 'audio' || kind === 'video' ? `[${kind}]` : '[file]';
}

function readFunctionNames(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const names: string[] = [];
  for (const tool of value) {
    if (!isJsonObject(tool)) continue;
    const declarations = tool.functionDeclarations ?? tool.function_declarations;
    if (Array.isArray(declarations)) {
      for (const each of declarations)
        if (isJsonObject(each) && typeof each.name === 'string') names.push(each.name.slice(0, 256));
    } else names.push(...Object.keys(tool).slice(0, 8));
  }
  return names;
}

function readResponse(value: unknown): ResponseReading {
  const chunks = Array.isArray(value) ? value : [value];
  const texts: string[][] = [];
  let last: JsonObject = {};
  let usage: JsonObject = {};
  let finishReason: string | undefined;
  for (const chunk of chunks) {
    last = expectObject(chunk, 'response');
    if (isJsonObject(last.error)) return { status: 'error', finishReason: readErrorType(last.error) };
    const metadata = last.usageMetadata ?? last.usage_metadata;
    if (isJsonObject(metadata)) usage = metadata;
    const candidates = expectArray(last.candidates ?? [], 'candidates').filter(isJsonObject);
    candidates.forEach((candidate, index) => {
      const list = (texts[index] ??= []);
      if (isJsonObject(candidate.content)) list.push(...readParts(candidate.content.parts));
      finishReason =
        optionalString(candidate.finishReason ?? candidate.finish_reason, 'finishReason') ?? finishReason;
    });
  }
  const thoughts = optionalCount(
    usage.thoughtsTokenCount ?? usage.thoughts_token_count,
    'thoughtsTokenCount',
  );
  return {
    sourceId: optionalString(last.responseId ?? last.response_id, 'responseId'),
    model: optionalString(last.modelVersion ?? last.model_version, 'modelVersion'),
    text: joinTexts(
      texts.map((list) => list.join('')),
      '\n\n',
    ),
    finishReason,
    inputTokens: optionalCount(usage.promptTokenCount ?? usage.prompt_token_count, 'promptTokenCount'),
    outputTokens: sumCounts(
      optionalCount(usage.candidatesTokenCount ?? usage.candidates_token_count, 'candidatesTokenCount'),
      thoughts,
    ),
    reasoningTokens: thoughts,
    status: 'ok',
  };
}
