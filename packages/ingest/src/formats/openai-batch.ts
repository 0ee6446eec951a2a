import { detectDialect, dialectOfPath, isJsonObject } from '@phalanx/wire';
import { rejectRow } from '../error.js';
import { answerFields, finishExchange } from './exchange-draft.js';
import { readLabel, readNumber } from './field.js';
import type { Format, Ingested, Row, RowContext } from './format.js';

/**
 * OpenAI Batch API files. An output row `{id, custom_id, response: {status_code, request_id, body}, error}` is the
 * exchange; its request comes from the input file when that is given as well, joined by `custom_id`. An input row
 * `{custom_id, method, url, body}` alone is only a wish and yields nothing. Batch files name no customer: give the
 * account for all rows.
 */
export const openaiBatch: Format = {
  name: 'openai-batch',
  title: 'OpenAI Batch input and output files',
  detect,
  read,
};

function detect(row: Row): number {
  return isBatchRequest(row) || ('custom_id' in row && 'response' in row && 'error' in row) ? 1 : 0;
}

/** Whether a row is a line of a batch input file. */
export function isBatchRequest(row: Row): boolean {
  return typeof row.custom_id === 'string' && typeof row.url === 'string' && 'method' in row && 'body' in row;
}

function read(row: Row, context: RowContext): readonly Ingested[] {
  if (isBatchRequest(row)) return [];
  const customId = readLabel(row.custom_id, 'custom_id', 512);
  if (customId === undefined) throw rejectRow('no custom_id');
  const reply = row.response;
  const body = isJsonObject(reply) ? reply.body : undefined;
  const line = context.findBatchRequest?.(customId) ?? null;
  const dialect =
    (typeof line?.url === 'string' ? dialectOfPath(line.url) : null) ?? detectDialect(body) ?? null;
  const request = dialect !== null && isJsonObject(line?.body) ? dialect.readRequest(line.body) : null;
  const answer = dialect !== null && isJsonObject(body) ? dialect.readResponse(body) : null;
  const code = isJsonObject(reply) ? readNumber(reply.status_code, 'response.status_code') : undefined;
  const failed = isJsonObject(row.error) || answer?.status === 'error' || (code !== undefined && code >= 400);
  const draft = {
    ...(answer === null ? {} : answerFields(answer)),
    sourceId: readLabel(row.id, 'id', 512) ?? answer?.sourceId,
    endUserId: request?.endUserId,
    startedAtMs: answer?.createdAtMs,
    provider: 'openai',
    model: request?.model ?? answer?.model,
    operation: dialect?.operation ?? ('other' as const),
    status: failed ? ('error' as const) : ('ok' as const),
    streamed: false,
    messages: request?.messages ?? [],
    tools: request?.tools,
    parameters: request?.parameters,
  };
  return [finishExchange(draft, context)];
}
