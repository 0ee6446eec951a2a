import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { type PostLimits, postJson } from './bounded-post.js';
import { refuse, requireInteger } from './suspect-error.js';
import type { Answer, AnswerStep, Passage, Prediction, SuspectModel, TextScore } from './suspect-model.js';

export interface ApiSuspectOptions {
  /** Prefix before `/completions` or `/chat/completions`, as `https://models.example/v1`; http or https. */
  readonly url: string;
  readonly model: string;
  /** `chat`: prompts are user messages. `completions`: prompts are prefixes, which `logProbabilities` needs. */
  readonly dialect: 'chat' | 'completions';
  /** Bearer token. Never shown. */
  readonly apiKey?: string;
  /** Of an answer. Default 256. */
  readonly maxTokens?: number;
  /** Default 1: the model's own distribution. */
  readonly temperature?: number;
  /** Candidates that it shall tell; 0: none. Default 0. APIs allow 5 to 20. */
  readonly topLogProbabilities?: number;
  /** Whether the host reads a text's own probabilities back (`echo`), which `scoreText` needs. Default false. `completions` only. */
  readonly echo?: boolean;
  readonly limits?: Partial<PostLimits>;
}

const LIMITS: PostLimits = {
  timeoutMs: 120_000,
  retries: 4,
  maxResponseBytes: 16 * 1024 * 1024,
  wait: async (ms) => {
    await setTimeout(ms);
  },
};

const MAX_STEPS = 100_000;
const Log = z.number().nullish();
const Completion = z.object({
  choices: z
    .array(
      z.object({
        text: z.string(),
        logprobs: z
          .object({
            tokens: z.array(z.string()).max(MAX_STEPS),
            token_logprobs: z.array(Log).max(MAX_STEPS).nullish(),
            top_logprobs: z.array(z.record(z.string(), Log).nullish()).max(MAX_STEPS).nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
});
const ChatCompletion = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish() }),
        logprobs: z
          .object({
            content: z
              .array(
                z.object({
                  token: z.string(),
                  top_logprobs: z.array(z.object({ token: z.string(), logprob: z.number() })).max(1000),
                }),
              )
              .max(MAX_STEPS)
              .nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
});

/**
 * A suspect behind an API in the dialect of OpenAI (also vLLM, SGLang, llama.cpp, LiteLLM and most hosts). Each question is one request
 * with a time, a size and a number of tries; see `postJson` for what is never shown. A host that answers another model than
 * the one named cannot be told from here.
 *
 * @throws PhalanxError `SUSPECT_ARGUMENT` for options outside their ranges
 */
export function openApiSuspect(options: ApiSuspectOptions): SuspectModel {
  const { model, dialect, apiKey, maxTokens = 256, temperature = 1, topLogProbabilities = 0, echo } = options;
  requireInteger(maxTokens, 'tokens of an answer', 1, 1_000_000);
  requireInteger(topLogProbabilities, 'candidates', 0, 1000);
  if (!(temperature >= 0 && temperature <= 2))
    refuse('SUSPECT_ARGUMENT', 'a temperature is from 0 to 2', 'Take 1.');
  const base = parseUrl(options.url);
  const limits = { ...LIMITS, ...options.limits };
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  const send = (path: string, body: object) =>
    postJson(new URL(`${base}/${path}`), headers, { model, temperature, ...body }, limits);

  const complete = async (prompt: Passage, tokens: number): Promise<Answer> => {
    const text = requireText(prompt);
    if (dialect === 'chat') {
      const asked = topLogProbabilities > 0 && { logprobs: true, top_logprobs: topLogProbabilities };
      const messages = [{ role: 'user', content: text }];
      return readChat(
        parse(
          ChatCompletion,
          await send('chat/completions', { messages, max_tokens: tokens, ...asked }),
          base,
        ),
      );
    }
    const asked = topLogProbabilities > 0 && { logprobs: topLogProbabilities };
    return readCompletion(
      parse(Completion, await send('completions', { prompt: text, max_tokens: tokens, ...asked }), base),
    );
  };

  return {
    id: `${base} ${model} ${dialect}`,
    complete: (prompt, asked) => complete(prompt, asked?.maxTokens ?? maxTokens),
    ...(dialect === 'completions' &&
      topLogProbabilities > 0 && {
        logProbabilities: async (context: Passage) => {
          const { steps } = await complete(context, 1);
          const first = steps?.[0];
          if (first === undefined) return { candidates: [], logProbabilities: new Float64Array(0) };
          return first.prediction;
        },
      }),
    ...(dialect === 'completions' &&
      echo === true && {
        scoreText: async (text: Passage) =>
          // One token is asked for, since hosts refuse none; it is told last and left out.
          readEcho(
            parse(
              Completion,
              await send('completions', { prompt: requireText(text), max_tokens: 1, echo, logprobs: 1 }),
              base,
            ),
            requireText(text),
            base,
          ),
      }),
  };
}

function readEcho({ choices }: z.infer<typeof Completion>, text: string, base: string): TextScore {
  const { tokens = [], token_logprobs } = choices[0]!.logprobs ?? {};
  let [logLikelihood, counted, spelled] = [0, 0, 0];
  for (const [i, token] of tokens.entries()) {
    const told = token_logprobs?.[i];
    // A sign that begins every text, as `<s>`, is none of its own.
    const isOwn = i > 0 || text.startsWith(token);
    if (isOwn) spelled += token.length;
    if (spelled > text.length) break;
    if (told === null || told === undefined) continue;
    logLikelihood += told;
    counted++;
  }
  if (counted > 0 && logLikelihood <= 0) return { logLikelihood, tokens: counted };
  return refuse(
    'SUSPECT_ANSWER',
    `${new URL(base).host}: reads no text back with its probabilities`,
    'It has no echo.',
  );
}

function readCompletion({ choices }: z.infer<typeof Completion>): Answer {
  const { text, logprobs } = choices[0]!;
  const tops = logprobs?.top_logprobs;
  if (logprobs === null || logprobs === undefined || tops === null || tops === undefined)
    return { passage: text };
  const steps = logprobs.tokens.map((token, i): AnswerStep => {
    const told = Object.entries(tops[i] ?? {});
    return { text: token, prediction: predict(told) };
  });
  return { passage: text, steps };
}

function readChat({ choices }: z.infer<typeof ChatCompletion>): Answer {
  const { message, logprobs } = choices[0]!;
  const passage = message.content ?? '';
  if (logprobs?.content === null || logprobs?.content === undefined) return { passage };
  const steps = logprobs.content.map(
    ({ token, top_logprobs }): AnswerStep => ({
      text: token,
      prediction: predict(top_logprobs.map((top) => [top.token, top.logprob])),
    }),
  );
  return { passage, steps };
}

function predict(told: readonly (readonly [string, number | null | undefined])[]): Prediction {
  return {
    candidates: told.map(([token]) => token),
    logProbabilities: Float64Array.from(told, ([, logP]) => logP ?? Number.NEGATIVE_INFINITY),
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, base: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  return refuse(
    'SUSPECT_ANSWER',
    `${new URL(base).host}: not an answer in this dialect`,
    'Try the other dialect: chat or completions.',
  );
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isWeb = url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
  if (!isWeb || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return refuse(
      'SUSPECT_ARGUMENT',
      'not the http or https address of an API',
      'Give its prefix, without credentials.',
    );
  return url.href.replace(/\/+$/, '');
}

function requireText(passage: Passage): string {
  if (typeof passage === 'string') return passage;
  return refuse('SUSPECT_ARGUMENT', 'an API is asked in text', 'Decode the prompt.');
}
