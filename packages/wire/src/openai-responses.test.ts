import { describe, expect, it } from 'vitest';
import { openaiResponses } from './openai-responses.js';

describe('openai-responses', () => {
  it('reads a plain string input with instructions', () => {
    const reading = openaiResponses.readRequest({
      model: 'gpt-x',
      instructions: 'Be brief.',
      input: 'Why is the sky blue?',
      reasoning: { effort: 'high' },
      max_output_tokens: 100,
    });
    expect(reading.messages).toEqual([
      { role: 'system', text: 'Be brief.' },
      { role: 'user', text: 'Why is the sky blue?' },
    ]);
    expect(reading.parameters).toEqual({ 'reasoning.effort': 'high', max_output_tokens: 100 });
  });

  it('reads items: messages, calls, outputs; reasoning adds nothing', () => {
    const reading = openaiResponses.readRequest({
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'See' },
            { type: 'input_image', image_url: 'u' },
          ],
        },
        { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hidden' }] },
        { type: 'function_call', name: 'find', arguments: '{"q":2}' },
        { type: 'function_call_output', call_id: 'c', output: '42' },
      ],
      tools: [{ type: 'function', name: 'find' }],
    });
    expect(reading.messages).toEqual([
      { role: 'user', text: 'See\n[image]' },
      { role: 'assistant', text: 'find({"q":2})' },
      { role: 'tool', text: '42' },
    ]);
    expect(reading.tools).toEqual(['find']);
  });

  it('reads a response and why it is incomplete', () => {
    expect(
      openaiResponses.readResponse({
        id: 'resp_1',
        object: 'response',
        created_at: 1_770_000_000,
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        error: null,
        model: 'gpt-x',
        output: [
          { type: 'reasoning', summary: [] },
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Because' }] },
        ],
        usage: { input_tokens: 5, output_tokens: 7, output_tokens_details: { reasoning_tokens: 3 } },
      }),
    ).toEqual({
      sourceId: 'resp_1',
      model: 'gpt-x',
      createdAtMs: 1_770_000_000_000,
      text: 'Because',
      finishReason: 'max_output_tokens',
      inputTokens: 5,
      outputTokens: 7,
      reasoningTokens: 3,
      status: 'ok',
    });
  });

  it('reads a failed response as an error', () => {
    const failed = { status: 'failed', error: { code: 'server_error' }, output: [] };
    expect(openaiResponses.readResponse(failed)).toMatchObject({
      status: 'error',
      finishReason: 'server_error',
    });
  });
});
