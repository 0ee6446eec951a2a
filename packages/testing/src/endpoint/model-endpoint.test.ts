import { Random } from '@phalanx/stats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OnlineModel } from '../language/online-model.js';
import { type ModelEndpoint, serveModels } from './model-endpoint.js';

const model = new OnlineModel({ alphabet: ' abcdefgh', contextWidth: 2, rows: 512 });
for (let i = 0; i < 20; i++) model.learn('abcabcabc');
let endpoint: ModelEndpoint;
beforeAll(async () => {
  endpoint = await serveModels(new Map([['m', model]]), new Random(1));
});
afterAll(() => endpoint.close());

async function ask(path: string, body: object): Promise<{ choices: Record<string, never>[] }> {
  const response = await fetch(`${endpoint.url}/${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()) as { choices: Record<string, never>[] };
}

it('answers in both dialects, with probabilities and texts read back', async () => {
  const asked = { model: 'm', max_tokens: 3, temperature: 0 };
  const chat = await ask('chat/completions', {
    ...asked,
    messages: [{ role: 'user', content: 'a' }],
    logprobs: true,
    top_logprobs: 2,
  });
  expect(chat.choices[0]).toMatchObject({ message: { content: 'bca' } });
  const first = (chat.choices[0]!.logprobs as { content: { token: string; top_logprobs: unknown[] }[] })
    .content[0]!;
  expect([first.token, first.top_logprobs.length]).toEqual(['b', 2]);
  const text = await ask('completions', { ...asked, prompt: 'ab', max_tokens: 1, echo: true, logprobs: 1 });
  expect(text.choices[0]).toMatchObject({
    text: 'abc',
    logprobs: { tokens: ['a', 'b', 'c'], token_logprobs: [null, expect.any(Number), expect.any(Number)] },
  });
  await expect(ask('completions', { model: 'none', prompt: '' })).rejects.toThrow('404');
  expect(endpoint.asked.get('m')).toBe(2);
});

it('learns late texts better, and rounds', () => {
  const online = new OnlineModel({ alphabet: ' abcd', contextWidth: 1, rows: 64, rate: 0.2 });
  for (const text of ['abab', 'acac', 'adad']) for (let i = 0; i < 5; i++) online.learn(text);
  const after = (of: OnlineModel) => {
    const text = of.begin();
    text.push(of.encode('a')[0]!);
    return [...text.next().logProbabilities.subarray(2)];
  };
  const [early, middle, late] = after(online) as [number, number, number];
  expect(late).toBeGreaterThan(middle);
  expect(middle).toBeGreaterThan(early);
  expect(after(online.quantise(1))).not.toEqual(after(online));
  expect(after(online.clone())).toEqual(after(online));
});
