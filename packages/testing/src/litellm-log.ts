import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Exchange } from '@phalanx/domain';
import { readExchange } from './exchange-view.js';
import type { World } from './world.js';

/** One LiteLLM `StandardLoggingPayload` (litellm/types/utils.py); times are seconds since the epoch. */
export function toLiteLlmPayload(exchange: Exchange): Record<string, unknown> {
  const startTime = exchange.startedAtMs / 1000;
  const endTime = (exchange.startedAtMs + (exchange.durationMs ?? 0)) / 1000;
  const failed = exchange.status === 'error';
  const { temperature, ...rest } = exchange.parameters ?? {};
  const tools = exchange.tools?.map((name) => ({
    type: 'function',
    function: { name, parameters: { type: 'object', properties: {} } },
  }));
  return {
    id: exchange.sourceId,
    trace_id: exchange.sourceId,
    call_type: 'acompletion',
    stream: exchange.streamed,
    response_cost: 0,
    status: failed ? 'failure' : 'success',
    custom_llm_provider: exchange.provider,
    total_tokens: (exchange.inputTokens ?? 0) + (exchange.outputTokens ?? 0),
    prompt_tokens: exchange.inputTokens,
    completion_tokens: exchange.outputTokens,
    startTime,
    endTime,
    completionStartTime: exchange.ttftMs === undefined ? endTime : startTime + exchange.ttftMs / 1000,
    response_time: endTime - startTime,
    model: exchange.model,
    model_group: exchange.model,
    cache_hit: false,
    request_tags: [],
    end_user: exchange.endUserId ?? '',
    requester_ip_address: exchange.client?.ip,
    user_agent: exchange.client?.userAgent,
    messages: exchange.messages.map(({ role, text }) => ({ role, content: text })),
    response: failed
      ? ''
      : {
          id: exchange.sourceId,
          object: 'chat.completion',
          model: exchange.model,
          choices: [
            {
              index: 0,
              finish_reason: exchange.finishReason,
              message: { role: 'assistant', content: exchange.response },
            },
          ],
          usage: {
            prompt_tokens: exchange.inputTokens,
            completion_tokens: exchange.outputTokens,
            total_tokens: (exchange.inputTokens ?? 0) + (exchange.outputTokens ?? 0),
          },
        },
    error_str: failed ? 'InternalServerError: upstream failed' : null,
    model_parameters: { ...(temperature !== undefined && { temperature }), ...rest, ...(tools && { tools }) },
    metadata: {
      user_api_key_hash: exchange.accountId,
      user_api_key_org_id: exchange.organisationId ?? null,
      user_api_key_end_user_id: exchange.endUserId ?? null,
      requester_ip_address: exchange.client?.ip,
      requester_custom_headers: exchange.client?.headers ?? {},
    },
  };
}

export interface LogFiles {
  readonly traffic: string;
  readonly accounts: string;
  readonly labels: string;
}

/**
 * Writes a world into a folder (made when absent): `traffic.jsonl` (or `.jsonl.gz`), LiteLLM payloads in time order;
 * `accounts.jsonl`, what a provider knows of its customers, by id; `labels.jsonl`, the ground truth of each account
 * ({accountId, class, campaign, attacker}), by id. Equal worlds give equal bytes.
 */
export async function writeLiteLlmLog(
  world: World,
  folder: string,
  options: { readonly gzip?: boolean } = {},
): Promise<LogFiles> {
  mkdirSync(folder, { recursive: true });
  const files = {
    traffic: join(folder, options.gzip ? 'traffic.jsonl.gz' : 'traffic.jsonl'),
    accounts: join(folder, 'accounts.jsonl'),
    labels: join(folder, 'labels.jsonl'),
  };
  const traffic = Readable.from(packTraffic(world), { objectMode: true });
  if (options.gzip) await pipeline(traffic, createGzip(), createWriteStream(files.traffic));
  else await pipeline(traffic, createWriteStream(files.traffic));
  const byId = <Row extends { readonly accountId: string }>(rows: readonly Row[]) =>
    [...rows].sort((a, b) => (a.accountId < b.accountId ? -1 : 1)).map((row) => `${JSON.stringify(row)}\n`);
  await pipeline(Readable.from(byId(world.accounts)), createWriteStream(files.accounts));
  await pipeline(Readable.from(byId(world.labels)), createWriteStream(files.labels));
  return files;
}

/** Lines in pieces of some 64 KiB: one stream write a line would cost more than making the line. */
function* packTraffic(world: World): Generator<string> {
  let piece = '';
  for (let row = 0; row < world.size; row++) {
    piece += `${JSON.stringify(toLiteLlmPayload(readExchange(world, row)))}\n`;
    if (piece.length > 65_536) {
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}
