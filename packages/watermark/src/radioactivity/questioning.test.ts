import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openApiSuspect } from '@phalanx/suspect';
import { expect, it } from 'vitest';
import { openGreenMark } from './green-mark.test.support.js';
import { OpenTest } from './open-test.js';
import { askOpen } from './questioning.js';

const chatReply = {
  choices: [
    {
      message: { content: 'ab' },
      logprobs: {
        content: [
          { token: 'a', top_logprobs: [{ token: 'a', logprob: -0.1 }] },
          { token: 'b', top_logprobs: [{ token: 'b', logprob: -0.2 }] },
        ],
      },
    },
  ],
};

/** One token a character. */
const letters = {
  encode: (text: string) => Int32Array.from(text, (letter) => letter.charCodeAt(0)),
  decode: (tokens: Int32Array) => String.fromCharCode(...tokens),
  locate: (text: string) => Uint32Array.from({ length: text.length + 1 }, (_, i) => i),
};

it('tests a suspect behind an API by the probabilities of its answers', async () => {
  const server = createServer((_, response) => response.end(JSON.stringify(chatReply)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const test = new OpenTest(openGreenMark(1n));
  const questioning = { prompts: ['x', 'y'], vocabulary: letters, contexts: 'answers' } as const;
  const suspect = openApiSuspect({ url, model: 'm', dialect: 'chat', topLogProbabilities: 5 });
  await askOpen(suspect, test, questioning, Number.POSITIVE_INFINITY);
  server.close();
  const figures = test.test(() => openGreenMark(2n), 1);
  // After "a" once; the second answer is the same, and before "a" there is no context.
  expect(figures.contexts).toBe(1);
  expect(figures.coverage).toBeCloseTo(Math.exp(-0.2), 12);
});
