import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from '@phalanx/stats';
import type { NextTokens } from '../language/ngram-model.js';

/** A text under way. */
export interface Continuation {
  /** What may come next. */
  next(): NextTokens;
  push(token: number): void;
}

/** A model as an endpoint serves it. */
export interface ServedModel {
  encode(text: string): Int32Array;
  decode(tokens: Int32Array): string;
  begin(): Continuation;
}

export interface ModelEndpoint {
  /** Prefix before `/chat/completions` and `/completions`. */
  readonly url: string;
  /** Requests that were answered, by model. */
  readonly asked: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

interface Asked {
  readonly model: string;
  readonly prompt?: string;
  readonly messages?: readonly { readonly content: string }[];
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly echo?: boolean;
  readonly logprobs?: number | boolean;
  readonly top_logprobs?: number;
}

interface Step {
  readonly token: number;
  readonly logP: number | null;
  readonly top: readonly (readonly [number, number])[];
}

/**
 * Models behind a real HTTP server on the loopback interface, in the dialect of OpenAI: chat and text completions, temperature, log-probabilities of
 * the likeliest candidates, and `echo`. A model that it has not answers 404.
 *
 * @param random decides what is sampled
 */
export async function serveModels(
  models: ReadonlyMap<string, ServedModel>,
  random: Random,
): Promise<ModelEndpoint> {
  const asked = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = JSON.parse(Buffer.concat(parts).toString()) as Asked;
    const model = models.get(body.model);
    if (model === undefined) {
      response.writeHead(404).end('{"error": {"message": "no such model"}}');
      return;
    }
    asked.set(body.model, (asked.get(body.model) ?? 0) + 1);
    const isChat = request.url!.endsWith('/chat/completions');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(isChat ? answerChat(model, body, random) : answerText(model, body, random)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function answerChat(model: ServedModel, body: Asked, random: Random): object {
  const prompt = body.messages!.at(-1)!.content;
  const { steps } = run(model, prompt, body, body.top_logprobs ?? 0, random);
  const content = steps.map(({ token, logP, top }) => ({
    token: spell(model, token),
    logprob: logP,
    top_logprobs: top.map(([candidate, value]) => ({ token: spell(model, candidate), logprob: value })),
  }));
  const message = { role: 'assistant', content: textOf(model, steps) };
  return { choices: [{ index: 0, message, ...(body.logprobs === true && { logprobs: { content } }) }] };
}

function answerText(model: ServedModel, body: Asked, random: Random): object {
  const told = Number(body.logprobs ?? 0);
  const { echoed, steps } = run(model, body.prompt!, body, told, random);
  const all = [...echoed, ...steps];
  const logprobs = {
    tokens: all.map(({ token }) => spell(model, token)),
    token_logprobs: all.map(({ logP }) => logP),
    top_logprobs: all.map(({ top }) =>
      Object.fromEntries(top.map(([token, logP]) => [spell(model, token), logP])),
    ),
  };
  return { choices: [{ index: 0, text: textOf(model, all), ...(told > 0 && { logprobs }) }] };
}

function run(model: ServedModel, prompt: string, body: Asked, told: number, random: Random) {
  const { max_tokens: length = 16, temperature = 1, echo = false } = body;
  const text = model.begin();
  const echoed: Step[] = [];
  for (const [i, token] of model.encode(prompt).entries()) {
    if (echo) echoed.push(i === 0 ? { token, logP: null, top: [] } : step(text.next(), token, told));
    text.push(token);
  }
  const steps: Step[] = [];
  while (steps.length < length) {
    const next = text.next();
    const token = draw(next, temperature, random);
    steps.push(step(next, token, told));
    text.push(token);
  }
  return { echoed, steps };
}

/** ln of what is told for a token that the model left out of its candidates. */
const LEFT_OUT = -30;

function step({ tokens, logProbabilities }: NextTokens, token: number, told: number): Step {
  const at = tokens.indexOf(token);
  const top =
    told === 0
      ? []
      : Array.from(tokens, (candidate, i) => [candidate, logProbabilities[i]!] as const)
          .sort((a, b) => b[1] - a[1])
          .slice(0, told);
  return { token, logP: at < 0 ? LEFT_OUT : logProbabilities[at]!, top };
}

function draw({ tokens, logProbabilities }: NextTokens, temperature: number, random: Random): number {
  let most = 0;
  for (let i = 1; i < tokens.length; i++) if (logProbabilities[i]! > logProbabilities[most]!) most = i;
  if (temperature === 0) return tokens[most]!;
  const mass = logProbabilities.map((logP) => Math.exp((logP - logProbabilities[most]!) / temperature));
  let left = random.uniform() * mass.reduce((sum, value) => sum + value, 0);
  for (let i = 0; i < mass.length; i++) {
    left -= mass[i]!;
    if (left < 0) return tokens[i]!;
  }
  return tokens[most]!;
}

function spell(model: ServedModel, token: number): string {
  return model.decode(Int32Array.of(token));
}

function textOf(model: ServedModel, steps: readonly Step[]): string {
  return model.decode(Int32Array.from(steps, ({ token }) => token));
}
