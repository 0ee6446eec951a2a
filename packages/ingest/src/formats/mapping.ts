import { readFileSync } from 'node:fs';
import { PhalanxError } from '@phalanx/core';
import { detectDialect, dialects, isJsonObject, readParameters, readToolNames } from '@phalanx/wire';
import { parse as parseToml } from 'smol-toml';
import { z } from 'zod';
import { type IngestErrorCode, rejectRow } from '../error.js';
import { describeClient } from './client.js';
import { answerFields, type ExchangeDraft, finishExchange, operationOf } from './exchange-draft.js';
import { decodeJson, readCount, readDurationMs, readFlag, readLabel, readTimeMs } from './field.js';
import type { Format, Row } from './format.js';

/** Fields a mapping can fill. `prompt` and `system` are texts; `request` and `responseBody` whole provider bodies. */
const TARGETS = [
  'sourceId',
  'accountId',
  'organisationId',
  'endUserId',
  'startedAtMs',
  'durationMs',
  'ttftMs',
  'provider',
  'model',
  'operation',
  'status',
  'streamed',
  'system',
  'prompt',
  'messages',
  'tools',
  'response',
  'finishReason',
  'inputTokens',
  'outputTokens',
  'reasoningTokens',
  'parameters',
  'userAgent',
  'ip',
  'headers',
  'request',
  'responseBody',
] as const;
type Target = (typeof TARGETS)[number];

const Source = z.union([
  z.string().min(1).max(1024),
  z.strictObject({ path: z.string().min(1).max(1024), unit: z.enum(['s', 'ms', 'us', 'ns']).optional() }),
  z.strictObject({ constant: z.union([z.string(), z.number(), z.boolean()]) }),
]);

/**
 * A mapping file: `fields` says for each exchange field where the source row keeps it, as a dotted path ("a.b.0.c";
 * a column name that contains dots is found first), `{path, unit}` for times and durations, or `{constant}`.
 */
export const Mapping = z.strictObject({
  fields: z.partialRecord(z.enum(TARGETS), Source).refine((fields) => fields.startedAtMs !== undefined, {
    message: 'startedAtMs must be mapped',
  }),
});
export type Mapping = z.infer<typeof Mapping>;

/** @throws PhalanxError `INGEST_MAPPING`, naming each wrong key. */
export function parseMapping(value: unknown): Mapping {
  const parsed = Mapping.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'mapping'}: ${message}`);
  throw new PhalanxError<IngestErrorCode>('INGEST_MAPPING', issues.join('; '), {
    advice: `a mapping has [fields] with any of: ${TARGETS.join(', ')}`,
  });
}

/** Reads a mapping from a `.toml` or JSON file. @throws PhalanxError `INGEST_MAPPING`. */
export function readMappingFile(file: string): Mapping {
  let value: unknown;
  try {
    const text = readFileSync(file, 'utf8');
    value = file.endsWith('.toml') ? parseToml(text) : JSON.parse(text);
  } catch (cause) {
    throw new PhalanxError<IngestErrorCode>('INGEST_MAPPING', `${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
  return parseMapping(value);
}

/** The format that a mapping describes. It never takes part in detection: naming a mapping chooses it. */
export function formatOfMapping(mapping: Mapping): Format {
  return {
    name: 'mapping',
    title: 'any rows, by a mapping file',
    detect: () => 0,
    read: (row, context) => [finishExchange(draftOf(row, mapping), context)],
  };
}

function draftOf(row: Row, { fields }: Mapping): ExchangeDraft {
  const get = (target: Target): unknown => {
    const source = fields[target];
    if (source === undefined) return undefined;
    if (typeof source === 'string') return followPath(row, source);
    return 'constant' in source ? source.constant : followPath(row, source.path);
  };
  const label = (target: Target, limit: number): string | undefined => readLabel(get(target), target, limit);
  const unit = (target: Target) => {
    const source = fields[target];
    return typeof source === 'object' && 'unit' in source ? source.unit : undefined;
  };
  const body = decodeJson(get('request'));
  const dialect = detectDialect(body);
  const request = dialect?.readRequest(body);
  const reply = decodeJson(get('responseBody'));
  const answer = (detectDialect(reply) ?? dialect)?.readResponse(reply ?? {});
  const parameters = decodeJson(get('parameters'));
  const operation = label('operation', 64);
  const tools = decodeJson(get('tools'));
  return {
    ...(answer === undefined ? {} : dropAbsent(answerFields(answer))),
    sourceId: label('sourceId', 512) ?? answer?.sourceId,
    accountId: label('accountId', 512),
    organisationId: label('organisationId', 512),
    endUserId: label('endUserId', 512) ?? request?.endUserId,
    startedAtMs: readTimeMs(get('startedAtMs'), 'startedAtMs', unit('startedAtMs')),
    durationMs: readDurationMs(get('durationMs'), 'durationMs', unit('durationMs') ?? 'ms'),
    ttftMs: readDurationMs(get('ttftMs'), 'ttftMs', unit('ttftMs') ?? 'ms'),
    provider: label('provider', 128),
    model: label('model', 256) ?? request?.model ?? answer?.model,
    operation: operation === undefined ? (dialect?.operation ?? 'chat') : operationOf(operation),
    status: statusOf(get('status')) ?? answer?.status ?? 'ok',
    streamed: readFlag(get('streamed')) ?? request?.streamed,
    messages: request?.messages ?? readConversation(get('system'), get('messages'), get('prompt')),
    tools: request?.tools ?? (Array.isArray(tools) ? toolNames(tools) : undefined),
    ...dropAbsent({
      response: label('response', Number.POSITIVE_INFINITY),
      finishReason: label('finishReason', 4096)?.slice(0, 64),
      inputTokens: readCount(get('inputTokens'), 'inputTokens'),
      outputTokens: readCount(get('outputTokens'), 'outputTokens'),
      reasoningTokens: readCount(get('reasoningTokens'), 'reasoningTokens'),
    }),
    parameters: isJsonObject(parameters) ? readParameters(parameters) : request?.parameters,
    client: describeClient(get('userAgent'), get('ip'), decodeJson(get('headers'))),
  };
}

function dropAbsent(draft: ExchangeDraft): ExchangeDraft {
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined));
}

/** Follows a dotted path through objects, lists and JSON text; a member of the full name is taken first. */
function followPath(row: Row, path: string): unknown {
  if (Object.hasOwn(row, path)) return row[path];
  let value: unknown = row;
  for (const step of path.split('.')) {
    value = decodeJson(value);
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Row)[step];
  }
  return value;
}

function readConversation(system: unknown, messages: unknown, prompt: unknown): ExchangeDraft['messages'] {
  const list: NonNullable<ExchangeDraft['messages']> = [];
  const systemText = readLabel(system, 'system', Number.POSITIVE_INFINITY);
  if (systemText !== undefined) list.push({ role: 'system', text: systemText });
  const decoded = decodeJson(messages);
  if (Array.isArray(decoded)) {
    const body = { messages: decoded };
    list.push(...(detectDialect(body) ?? dialects['openai-chat']).readRequest(body).messages);
  } else if (typeof decoded === 'string' && decoded !== '') list.push({ role: 'user', text: decoded });
  else if (decoded !== undefined && decoded !== null && decoded !== '')
    throw rejectRow('messages is not a list');
  const promptText = readLabel(prompt, 'prompt', Number.POSITIVE_INFINITY);
  if (promptText !== undefined) list.push({ role: 'user', text: promptText });
  return list;
}

function statusOf(value: unknown): 'ok' | 'error' | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'boolean') return value ? 'ok' : 'error';
  const text = String(value);
  if (/^\d+$/.test(text)) return Number(text) >= 400 ? 'error' : 'ok';
  return /^(?:ok|success|succeeded|completed)$/i.test(text) ? 'ok' : 'error';
}

function toolNames(tools: readonly unknown[]): string[] | undefined {
  return tools.every((name) => typeof name === 'string') ? (tools as string[]) : readToolNames(tools);
}
