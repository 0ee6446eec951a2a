import type { Exchange, Message } from '@phalanx/domain';

/** The wire formats that this package reads, by the endpoint that speaks them. */
export type DialectName =
  | 'openai-chat'
  | 'openai-responses'
  | 'openai-completions'
  | 'openai-embeddings'
  | 'anthropic-messages'
  | 'gemini';

/** What a request body says. An absent member means that the body did not say. */
export interface RequestReading {
  readonly model?: string;
  /** System prompt first, then the conversation in order, each content flattened to text. */
  readonly messages: Message[];
  /** Names of the tools offered. */
  readonly tools?: string[];
  readonly streamed?: boolean;
  /** The caller's pseudonym for its own user (OpenAI `safety_identifier`/`user`, Anthropic `metadata.user_id`). */
  readonly endUserId?: string;
  readonly parameters: NonNullable<Exchange['parameters']>;
}

/** What a response body says. */
export interface ResponseReading {
  readonly sourceId?: string;
  readonly model?: string;
  readonly createdAtMs?: number;
  /** Visible text and tool calls of all choices, joined by a blank line. Reasoning text is not part of it. */
  readonly text?: string;
  readonly finishReason?: string;
  /** All tokens the model read, cached ones included. */
  readonly inputTokens?: number;
  /** All tokens the model wrote, reasoning included. */
  readonly outputTokens?: number;
  readonly reasoningTokens?: number;
  readonly status: 'ok' | 'error';
}

/** One wire format. The readers are pure and ignore fields they do not know. */
export interface Dialect {
  readonly name: DialectName;
  readonly operation: Exchange['operation'];
  /** @throws PhalanxError `WIRE_BODY` when a field that matters has the wrong type. */
  readRequest(body: unknown): RequestReading;
  /** @throws PhalanxError `WIRE_BODY` when a field that matters has the wrong type. */
  readResponse(body: unknown): ResponseReading;
}
