import { describe, expect, it } from 'vitest';
import { gemini } from './gemini.js';

describe('gemini', () => {
  it('reads turns, media, function calls and results', () => {
    const reading = gemini.readRequest({
      system_instruction: { parts: [{ text: 'Be a guide.' }] },
      contents: [
        { parts: [{ text: 'Where?' }, { inlineData: { mimeType: 'image/png', data: 'AA' } }] },
        {
          role: 'model',
          parts: [{ text: 'hidden', thought: true }, { functionCall: { name: 'map', args: { z: 1 } } }],
        },
        { role: 'user', parts: [{ functionResponse: { name: 'map', response: { town: 'Ulm' } } }] },
      ],
      tools: [{ functionDeclarations: [{ name: 'map' }] }, { googleSearch: {} }],
      generationConfig: { temperature: 1, topK: 40, thinkingConfig: { thinkingBudget: 0 } },
    });
    expect(reading.messages).toEqual([
      { role: 'system', text: 'Be a guide.' },
      { role: 'user', text: 'Where?\n[image]' },
      { role: 'assistant', text: 'map({"z":1})' },
      { role: 'tool', text: '{"town":"Ulm"}' },
    ]);
    expect(reading.tools).toEqual(['map', 'googleSearch']);
    expect(reading.parameters).toEqual({ temperature: 1, topK: 40, 'thinkingConfig.thinkingBudget': 0 });
  });

  it('reads a streamed array as one response, thoughts counted as output', () => {
    const reading = gemini.readResponse([
      { candidates: [{ content: { parts: [{ text: 'In ' }] } }], responseId: 'r1', modelVersion: 'gemini-x' },
      {
        candidates: [{ content: { parts: [{ text: 'Ulm.' }] }, finishReason: 'STOP' }],
        responseId: 'r1',
        modelVersion: 'gemini-x',
        usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 3, thoughtsTokenCount: 10 },
      },
    ]);
    expect(reading).toEqual({
      sourceId: 'r1',
      model: 'gemini-x',
      text: 'In Ulm.',
      finishReason: 'STOP',
      inputTokens: 4,
      outputTokens: 13,
      reasoningTokens: 10,
      status: 'ok',
    });
  });
});
