import { LAST_MS } from '@phalanx/core';
import { z } from 'zod';

/** One message of a conversation, its content flattened to text. */
export const Message = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  text: z.string(),
});
export type Message = z.infer<typeof Message>;

/**
 * One request and its response, as a log says it happened: the noun at the start of everything.
 *
 * It holds plain text and lives in memory only, between a log row and its sketch. Absent means that the source did not
 * say; nothing is guessed.
 */
export const Exchange = z.object({
  /** The source's own id when it has one that survives a second export; otherwise absent. */
  sourceId: z.string().min(1).max(512).optional(),
  /** Who is answerable: API key hash, user or project id, whatever the source calls its customer. */
  accountId: z.string().min(1).max(512),
  organisationId: z.string().max(512).optional(),
  /** Pseudonym of the end user behind the account, as honest resellers pass it. */
  endUserId: z.string().max(512).optional(),
  /** Milliseconds since the epoch, UTC. */
  startedAtMs: z.number().int().min(0).max(LAST_MS),
  durationMs: z.number().min(0).optional(),
  /** Request to first token. */
  ttftMs: z.number().min(0).optional(),
  provider: z.string().max(128).optional(),
  model: z.string().max(256),
  operation: z.enum(['chat', 'completion', 'embedding', 'other']),
  status: z.enum(['ok', 'error']),
  streamed: z.boolean().optional(),
  messages: z.array(Message),
  /** Names of the tools offered to the model. */
  tools: z.array(z.string()).optional(),
  /** Text of the response, all choices joined by a blank line; absent when the source did not keep it. */
  response: z.string().optional(),
  finishReason: z.string().max(64).optional(),
  inputTokens: z.number().int().min(0).optional(),
  outputTokens: z.number().int().min(0).optional(),
  reasoningTokens: z.number().int().min(0).optional(),
  /** Sampling parameters exactly as the caller sent them: temperature, top_p, max_tokens, seed, n, ... */
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  client: z
    .object({
      userAgent: z.string().max(1024).optional(),
      ip: z.string().max(64).optional(),
      /** Lower-cased header names. Only those that describe the client; never a credential. */
      headers: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
});
export type Exchange = z.infer<typeof Exchange>;
