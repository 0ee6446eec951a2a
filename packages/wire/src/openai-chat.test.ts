import { PhalanxError } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { openaiChat } from './openai-chat.js';

describe('openai-chat request', () => {
  it('reads every content form, tool calls and parameters', () => {
    const reading = openaiChat.readRequest({
      model: 'gpt-x',
      messages: [
        { role: 'developer', content: 'Answer in Latin.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is on it?' },
            { type: 'image_url', image_url: { url: 'https://example.org/a.png' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{"x":1}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'a heron' },
      ],
      tools: [{ type: 'function', function: { name: 'look', parameters: {} } }, { type: 'web_search' }],
      stream: true,
      temperature: 0.2,
      stop: ['\n\n'],
      response_format: { type: 'json_object' },
      safety_identifier: 'u-7',
      prompt_cache_key: 'not a sampling parameter',
      field_of_tomorrow: { a: [1] },
    });
    expect(reading).toEqual({
      model: 'gpt-x',
      messages: [
        { role: 'system', text: 'Answer in Latin.' },
        { role: 'user', text: 'What is on it?\n[image]' },
        { role: 'assistant', text: 'look({"x":1})' },
        { role: 'tool', text: 'a heron' },
      ],
      tools: ['look', 'web_search'],
      streamed: true,
      endUserId: 'u-7',
      parameters: { temperature: 0.2, stop: '["\\n\\n"]', 'response_format.type': 'json_object' },
    });
  });

  it.each([
    [{ model: 1, messages: [] }, 'model must be a string, not a number'],
    [{ messages: 'hello' }, 'messages must be an array, not a string'],
    [{ messages: ['hello'] }, 'messages[0] must be an object, not a string'],
    [{ messages: [{ content: 'x' }] }, 'messages[0].role must be a role name, not absent'],
    [
      { messages: [{ role: 'user', content: 5 }] },
      'content must be a string or an array of parts, not a number',
    ],
    [{ messages: [], stream: 'yes' }, 'stream must be true or false, not a string'],
  ])('refuses %j', (body, message) => {
    expect(() => openaiChat.readRequest(body)).toThrow(message);
    try {
      openaiChat.readRequest(body);
    } catch (error) {
      expect(PhalanxError.is(error, 'WIRE_BODY')).toBe(true);
    }
  });
});

describe('openai-chat response', () => {
  it('joins choices and reads usage', () => {
    expect(
      openaiChat.readResponse({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1_770_000_000,
        model: 'gpt-x-2026',
        choices: [
          { index: 0, message: { role: 'assistant', content: 'One.' }, finish_reason: 'length' },
          { index: 1, message: { role: 'assistant', content: 'Two.', refusal: null }, finish_reason: 'stop' },
        ],
        usage: {
          prompt_tokens: 9,
          completion_tokens: 40,
          completion_tokens_details: { reasoning_tokens: 30 },
        },
      }),
    ).toEqual({
      sourceId: 'chatcmpl-1',
      model: 'gpt-x-2026',
      createdAtMs: 1_770_000_000_000,
      text: 'One.\n\nTwo.',
      finishReason: 'length',
      inputTokens: 9,
      outputTokens: 40,
      reasoningTokens: 30,
      status: 'ok',
    });
  });

  it('reads an error body as an error, not as an empty answer', () => {
    expect(openaiChat.readResponse({ error: { message: 'slow down', code: 'rate_limit_exceeded' } })).toEqual(
      {
        status: 'error',
        finishReason: 'rate_limit_exceeded',
      },
    );
  });

  it.each([8_640_000_000_000.001, Number.MAX_VALUE, Number.POSITIVE_INFINITY, 0, -1, '1770000000', null])(
    'gives no time to an answer created at %j',
    (created) => {
      expect(openaiChat.readResponse({ created, choices: [] }).createdAtMs).toBeUndefined();
    },
  );

  it('refuses a token count that is no count', () => {
    expect(() => openaiChat.readResponse({ choices: [], usage: { prompt_tokens: -1 } })).toThrow(
      'integer >= 0',
    );
  });
});
