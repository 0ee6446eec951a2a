import { readFileSync } from 'node:fs';
import { PhalanxError } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectDialect, dialectOfPath, dialects } from './detection.js';

const turn = [{ role: 'user', content: 'hi' }];

describe('detectDialect', () => {
  it.each([
    [{ model: 'gpt-x', messages: turn }, 'openai-chat'],
    [{ model: 'claude-x', max_tokens: 5, messages: turn }, 'anthropic-messages'],
    [{ model: 'anthropic/claude-x', messages: [{ role: 'system', content: 's' }, ...turn] }, 'openai-chat'],
    [{ model: 'x', system: 's', messages: turn }, 'anthropic-messages'],
    [{ model: 'gpt-x', input: 'hi' }, 'openai-responses'],
    [{ model: 'gpt-x', input: turn }, 'openai-responses'],
    [{ model: 'text-embedding-x', input: 'hi' }, 'openai-embeddings'],
    [{ model: 'x', input: ['a', 'b'] }, 'openai-embeddings'],
    [{ model: 'x', prompt: 'hi' }, 'openai-completions'],
    [{ contents: [{ parts: [] }] }, 'gemini'],
    [{ choices: [{ message: {} }] }, 'openai-chat'],
    [{ choices: [{ text: 'x' }] }, 'openai-completions'],
    [{ object: 'response', output: [] }, 'openai-responses'],
    [{ type: 'message', content: [] }, 'anthropic-messages'],
    [[{ candidates: [] }], 'gemini'],
    [{ object: 'list', data: [] }, 'openai-embeddings'],
  ])('%j', (body, name) => {
    expect(detectDialect(body)?.name).toBe(name);
  });

  it.each([[{}], [[]], ['text'], [null], [7], [{ model: 'x' }]])('is null for %j', (body) => {
    expect(detectDialect(body)).toBeNull();
  });
});

describe('dialectOfPath', () => {
  it.each([
    ['https://api.example.org/v1/chat/completions?x=1', 'openai-chat'],
    ['/v1/completions', 'openai-completions'],
    ['/v1/messages/', 'anthropic-messages'],
    ['/v1beta/models/g:streamGenerateContent?alt=sse', 'gemini'],
    ['/v1/models', undefined],
  ])('%s', (path, name) => {
    expect(dialectOfPath(path)?.name).toBe(name);
  });
});

/** JSON whose keys are often the ones that matter. */
const key = fc.oneof(
  fc.constantFrom(
    ...'model messages role content type text input output prompt contents parts tools tool_calls'.split(' '),
    ...'function choices message usage candidates system instructions metadata error stop data'.split(' '),
  ),
  fc.string({ maxLength: 4 }),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('user', 'text', 'tool_result'),
    ),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(key, tie('json'), { maxKeys: 5 }),
  ),
}));

describe('any JSON at all', () => {
  it('is read or refused by a PhalanxError, and what is read has the promised types', () => {
    let read = 0;
    fc.assert(
      fc.property(json, (body) => {
        detectDialect(body);
        for (const dialect of Object.values(dialects)) {
          try {
            const { messages } = dialect.readRequest(body);
            for (const message of messages) {
              expect(typeof message.text).toBe('string');
              expect(['system', 'user', 'assistant', 'tool']).toContain(message.role);
            }
            read++;
          } catch (error) {
            if (!PhalanxError.is(error, 'WIRE_BODY')) throw error;
          }
          try {
            expect(['string', 'undefined']).toContain(typeof dialect.readResponse(body).text);
          } catch (error) {
            if (!PhalanxError.is(error, 'WIRE_BODY')) throw error;
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(read).toBeGreaterThan(0);
  });
});

describe('README', () => {
  it('shows an example that runs and prints what it says', async () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const code = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
    const printed: unknown[] = [];
    const body = code.replace(/^import .*$/m, '');
    new Function('detectDialect', 'console', body)(detectDialect, {
      log: (value: unknown) => printed.push(value),
    });
    const promised = [...code.matchAll(/\/\/ (.*)$/gm)].map((match) => match[1]);
    expect(printed.map((value) => JSON.stringify(value))).toEqual(promised);
    expect(printed.length).toBe(2);
  });
});
