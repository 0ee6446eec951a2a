import { describe, expect, it } from 'vitest';
import { openaiCompletions } from './openai-completions.js';
import { openaiEmbeddings } from './openai-embeddings.js';

describe('openai-completions', () => {
  it.each([
    ['Once', [{ role: 'user', text: 'Once' }]],
    [
      ['Once', 'Twice'],
      [
        { role: 'user', text: 'Once' },
        { role: 'user', text: 'Twice' },
      ],
    ],
    [[1, 2, 3], [{ role: 'user', text: '[tokens]' }]],
    [[[1, 2], [3]], Array(2).fill({ role: 'user', text: '[tokens]' })],
  ])('reads the prompt %j', (prompt, messages) => {
    expect(openaiCompletions.readRequest({ model: 'm', prompt, best_of: 2 })).toMatchObject({
      messages,
      parameters: { best_of: 2 },
    });
  });

  it('refuses a prompt of mixed kinds', () => {
    expect(() => openaiCompletions.readRequest({ prompt: ['a', {}] })).toThrow('prompt[] must be');
  });

  it('reads the response', () => {
    const body = {
      id: 'cmpl-1',
      choices: [{ text: ' upon a time', finish_reason: 'length' }],
      usage: { prompt_tokens: 1, completion_tokens: 3 },
    };
    expect(openaiCompletions.readResponse(body)).toMatchObject({
      sourceId: 'cmpl-1',
      text: ' upon a time',
      finishReason: 'length',
      inputTokens: 1,
      outputTokens: 3,
    });
  });
});

describe('openai-embeddings', () => {
  it('reads inputs and leaves the vectors', () => {
    expect(openaiEmbeddings.readRequest({ model: 'e', input: ['a', 'b'], dimensions: 8 })).toMatchObject({
      messages: [
        { role: 'user', text: 'a' },
        { role: 'user', text: 'b' },
      ],
      parameters: { dimensions: 8 },
    });
    const reading = openaiEmbeddings.readResponse({
      object: 'list',
      data: [{ embedding: [0.1] }],
      usage: { prompt_tokens: 2 },
    });
    expect(reading).toMatchObject({ inputTokens: 2, status: 'ok' });
    expect(reading).not.toHaveProperty('text');
  });
});
