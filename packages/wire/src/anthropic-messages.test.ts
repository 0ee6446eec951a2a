import { describe, expect, it } from 'vitest';
import { anthropicMessages } from './anthropic-messages.js';

describe('anthropic-messages', () => {
  it('keeps tool results apart from what the user asked', () => {
    const reading = anthropicMessages.readRequest({
      model: 'claude-x',
      max_tokens: 1024,
      system: [{ type: 'text', text: 'You sort mail.', cache_control: { type: 'ephemeral' } }],
      messages: [
        { role: 'user', content: 'Sort this.' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hidden', signature: 's' },
            { type: 'text', text: 'Looking.' },
            { type: 'tool_use', id: 't', name: 'open', input: { n: 3 } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'three letters' }] },
            { type: 'text', text: 'And the parcel?' },
            { type: 'image', source: { type: 'base64', data: 'AAAA' } },
            { type: 'document', source: { type: 'text', data: 'A waybill.' } },
          ],
        },
      ],
      tools: [{ name: 'open', input_schema: {} }],
      thinking: { type: 'enabled', budget_tokens: 2000 },
      metadata: { user_id: 'u1' },
    });
    expect(reading).toEqual({
      model: 'claude-x',
      messages: [
        { role: 'system', text: 'You sort mail.' },
        { role: 'user', text: 'Sort this.' },
        { role: 'assistant', text: 'Looking.\nopen({"n":3})' },
        { role: 'tool', text: 'three letters' },
        { role: 'user', text: 'And the parcel?\n[image]\nA waybill.' },
      ],
      tools: ['open'],
      streamed: undefined,
      endUserId: 'u1',
      parameters: { max_tokens: 1024, 'thinking.type': 'enabled', 'thinking.budget_tokens': 2000 },
    });
  });

  it('counts cached input tokens as read', () => {
    const reading = anthropicMessages.readResponse({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-x',
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'text', text: 'Done.' },
      ],
      stop_reason: 'end_turn',
      usage: {
        input_tokens: 3,
        cache_read_input_tokens: 100,
        cache_creation_input_tokens: 20,
        output_tokens: 4,
      },
    });
    expect(reading).toEqual({
      sourceId: 'msg_1',
      model: 'claude-x',
      text: 'Done.',
      finishReason: 'end_turn',
      inputTokens: 123,
      outputTokens: 4,
      status: 'ok',
    });
  });

  it('reads an error body', () => {
    const body = { type: 'error', error: { type: 'overloaded_error', message: 'later' } };
    expect(anthropicMessages.readResponse(body)).toEqual({
      status: 'error',
      finishReason: 'overloaded_error',
    });
  });

  it('refuses content that nests without end', () => {
    let content: unknown = 'x';
    for (let i = 0; i < 50; i++) content = [{ type: 'tool_result', content }];
    expect(() => anthropicMessages.readRequest({ messages: [{ role: 'user', content }] })).toThrow(
      'at most 8 deep',
    );
  });
});
