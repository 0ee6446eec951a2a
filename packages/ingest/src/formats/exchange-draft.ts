import type { Exchange, Message } from '@phalanx/domain';
import type { ResponseReading } from '@phalanx/wire';
import { rejectRow } from '../error.js';
import type { Ingested, RowContext } from './format.js';

/** An exchange under construction: every member may be missing until `finishExchange` looks. */
export type ExchangeDraft = { -readonly [Key in keyof Exchange]?: Exchange[Key] | undefined };

/**
 * Checks what every exchange must have and fills what the operator named. By hand, because the schema's own check
 * would cost more than the parse.
 *
 * @throws PhalanxError `INGEST_ROW` when account, start time or model is missing or too long.
 */
export function finishExchange(draft: ExchangeDraft, context: RowContext): Ingested {
  const accountId = draft.accountId ?? context.defaultAccountId;
  if (accountId === undefined || accountId === '')
    throw rejectRow('no account id (name one for all rows with the account option)');
  if (accountId.length > 512) throw rejectRow('account id is longer than 512');
  if (draft.startedAtMs === undefined) throw rejectRow('no start time');
  if (draft.model !== undefined && draft.model.length > 256) throw rejectRow('model is longer than 256');
  const exchange = draft as { -readonly [Key in keyof Exchange]: Exchange[Key] };
  exchange.accountId = accountId;
  exchange.model ??= '';
  exchange.operation ??= 'chat';
  exchange.status ??= 'ok';
  exchange.messages ??= [];
  if (exchange.sourceId !== undefined && exchange.sourceId.length > 512)
    throw rejectRow('source id is longer than 512');
  if (exchange.endUserId !== undefined && exchange.endUserId.length > 512)
    exchange.endUserId = exchange.endUserId.slice(0, 512);
  if (exchange.finishReason !== undefined && exchange.finishReason.length > 64)
    exchange.finishReason = exchange.finishReason.slice(0, 64);
  return { kind: 'exchange', exchange };
}

/** The part of a response body's reading that an exchange keeps under the same or another name. */
export function answerFields(answer: ResponseReading): ExchangeDraft {
  return {
    response: answer.text,
    finishReason: answer.finishReason,
    inputTokens: answer.inputTokens,
    outputTokens: answer.outputTokens,
    reasoningTokens: answer.reasoningTokens,
  };
}

/** Text that a proxy put in place of a message it was told not to log. */
const REDACTED = new Set(['redacted-by-litellm', '[REDACTED]', '<redacted>']);

/** Whether a proxy withheld this text. Withheld is absent, not a prompt that thousands have in common. */
export function isRedacted(text: string): boolean {
  return text.length < 32 && REDACTED.has(text);
}

/** Leaves out messages that a proxy withheld. */
export function dropRedacted(messages: Message[]): Message[] {
  return messages.some((message) => isRedacted(message.text))
    ? messages.filter((message) => !isRedacted(message.text))
    : messages;
}

const OPERATIONS: readonly (readonly [RegExp, Exchange['operation']])[] = [
  [/embed/i, 'embedding'],
  [/text_?completion|^completions$/i, 'completion'],
  [/chat|completion|message|response|generate_?content|generation/i, 'chat'],
];

/** Our operation for a source's name of the call; "other" for images, audio, reranking and the like. */
export function operationOf(name: string): Exchange['operation'] {
  return OPERATIONS.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';
}
