import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type ApiSuspectOptions, openApiSuspect } from './api-suspect.js';

interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly silent?: boolean;
}

const servers: Server[] = [];
const KEY = 'sk-secret-0123456789';

/** A real server that gives the replies in turn, the last one for ever. */
async function serve(replies: readonly Reply[]) {
  const asked: { path: string; authorization: string | undefined; body: Record<string, unknown> }[] = [];
  const server = createServer(async (request, response) => {
    const reply = replies[Math.min(asked.length, replies.length - 1)]!;
    asked.push({
      path: request.url!,
      authorization: request.headers.authorization,
      body: JSON.parse(await readBody(request)),
    });
    if (reply.silent) return;
    response.writeHead(reply.status ?? 200, reply.headers);
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const waits: number[] = [];
  const open = (options: Partial<ApiSuspectOptions> = {}) =>
    openApiSuspect({
      url,
      model: 'm',
      dialect: 'chat',
      apiKey: KEY,
      ...options,
      limits: {
        timeoutMs: 500,
        retries: 2,
        wait: async (ms) => {
          waits.push(ms);
        },
        ...options.limits,
      },
    });
  return { asked, waits, open, url };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const chatReply = {
  choices: [
    {
      message: { content: 'ab' },
      logprobs: {
        content: [
          {
            token: 'a',
            top_logprobs: [
              { token: 'a', logprob: -0.1 },
              { token: 'c', logprob: -3 },
            ],
          },
          { token: 'b', top_logprobs: [{ token: 'b', logprob: -0.2 }] },
        ],
      },
    },
  ],
};
const completionReply = {
  choices: [{ text: 'a', logprobs: { tokens: ['a'], top_logprobs: [{ a: -0.5, b: -1 }] } }],
};

describe('a suspect behind an API', () => {
  it('chats, with candidates at each token when asked', async () => {
    const { asked, open, url } = await serve([{ body: chatReply }]);
    const suspect = open({ topLogProbabilities: 5, maxTokens: 7 });
    const answer = await suspect.complete('hello');
    expect(answer.passage).toBe('ab');
    expect(answer.steps!.map(({ text }) => text)).toEqual(['a', 'b']);
    expect(answer.steps![0]!.prediction.candidates).toEqual(['a', 'c']);
    expect(asked[0]).toEqual({
      path: '/v1/chat/completions',
      authorization: `Bearer ${KEY}`,
      body: {
        model: 'm',
        temperature: 1,
        messages: [{ role: 'user', content: 'hello' }],
        max_tokens: 7,
        logprobs: true,
        top_logprobs: 5,
      },
    });
    expect(suspect.id).toBe(`${url} m chat`);
    expect(suspect.logProbabilities).toBeUndefined();
  });

  it('completes prefixes, and tells what comes next', async () => {
    const { asked, open } = await serve([{ body: completionReply }]);
    const suspect = open({ dialect: 'completions', topLogProbabilities: 2 });
    const { candidates, logProbabilities } = await suspect.logProbabilities!('x');
    expect(candidates).toEqual(['a', 'b']);
    expect([...logProbabilities]).toEqual([-0.5, -1]);
    expect(asked[0]!.body).toMatchObject({ prompt: 'x', max_tokens: 1, logprobs: 2 });
  });

  it('has a text read back with its probabilities, up to where the host went on', async () => {
    const read = (tokens: string[], token_logprobs: (number | null)[]) => ({
      body: { choices: [{ text: 'ignored', logprobs: { tokens, token_logprobs, top_logprobs: null } }] },
    });
    const { asked, open } = await serve([
      read(['<s>', 'a ', 'cat', ' sat'], [null, -1, -2, -4]),
      read(['a ', 'cat', ' sat'], [null, -2, -4]),
      read(['a ', 'cat'], [null, null]),
    ]);
    const suspect = open({ dialect: 'completions', echo: true });
    expect(await suspect.scoreText!('a cat')).toEqual({ logLikelihood: -3, tokens: 2 });
    expect(await suspect.scoreText!('a cat')).toEqual({ logLikelihood: -2, tokens: 1 });
    await expect(suspect.scoreText!('a cat')).rejects.toThrow(/reads no text back/);
    expect(asked[0]!.body).toMatchObject({ prompt: 'a cat', max_tokens: 1, echo: true, logprobs: 1 });
    expect(open({ dialect: 'completions' }).scoreText).toBeUndefined();
  });

  it('tries again when that may help, as long as it was told', async () => {
    const busy = { status: 429, headers: { 'retry-after': '3' } };
    const { asked, waits, open } = await serve([busy, { status: 500 }, { body: chatReply }]);
    expect((await open().complete('x')).passage).toBe('ab');
    expect(asked).toHaveLength(3);
    expect(waits).toEqual([3000, 1000]);
  });

  it('gives up without showing key, prompt or answer', async () => {
    const leak = { body: `{"echo": "${KEY}"}` };
    const cases: [Reply, Partial<ApiSuspectOptions>, RegExp, number][] = [
      [{ status: 401, body: KEY }, {}, /status 401/, 1],
      [{ status: 503 }, {}, /status 503/, 3],
      [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, {}, /connection broke/, 3],
      [{ silent: true }, { limits: { timeoutMs: 50 } }, /no answer in 50 ms/, 3],
      [{ body: 'x'.repeat(5000) }, { limits: { maxResponseBytes: 1000 } }, /more than 1000 bytes/, 1],
      [{ body: `no JSON ${KEY}` }, {}, /no JSON/, 1],
      [leak, {}, /not an answer in this dialect/, 1],
    ];
    for (const [reply, options, message, tries] of cases) {
      const { asked, open } = await serve([reply]);
      const error = await open(options)
        .complete('a private prompt')
        .catch((caught: Error) => caught);
      expect(error).toMatchObject({ code: 'SUSPECT_ANSWER' });
      const shown = `${(error as Error).message} ${(error as Error).stack} ${JSON.stringify(error)}`;
      expect(shown).toMatch(message);
      expect(shown).not.toMatch(/sk-secret|private prompt/);
      expect(asked).toHaveLength(tries);
    }
  });

  it('has an address without secrets in it', () => {
    for (const url of ['ftp://x/v1', 'https://user:pass@x/v1', 'https://x/v1?key=1', 'nowhere'])
      expect(() => openApiSuspect({ url, model: 'm', dialect: 'chat' })).toThrow(/not the http or https/);
  });
});
