import type { Exchange, Message } from '@phalanx/domain';
import { RowFlag } from './exchange-columns.js';
import { formatAddress } from './network-pool.js';
import { mix32, mixPair } from './random.js';
import type { World } from './world.js';

/** Past turns of a conversation that are written out; longer ones are cut to their end, as clients do. */
const MAX_PAST_TURNS = 6;

/** Exchange number `row` of a world, 0 <= row < world.size, as a provider's log would hold it. */
export function readExchange(world: World, row: number): Exchange {
  const c = world.columns;
  const account = world.accounts[c.account[row]!]!;
  const client = world.clients[c.client[row]!]!;
  const prompt = world.promptText(row);
  const system = world.systems[c.system[row]!]!;
  const tools = world.tools[c.tools[row]!]!;
  const failed = (c.flags[row]! & RowFlag.ERROR) !== 0;
  const outputTokens = c.outputTokens[row]!;
  const messages: Message[] = system === '' ? [] : [{ role: 'system', text: system }];
  pushPast(world, row, messages);
  messages.push({ role: 'user', text: prompt });
  const luck = mixPair(row + 1, c.offsetMs[row]!);
  // 0.2 to 1.2 s to the first token, then 40 to 90 tokens a second.
  const ttftMs = 200 + (luck % 1000);
  const durationMs = failed
    ? 50 + (luck % 400)
    : ttftMs + Math.round((outputTokens * 1000) / (40 + ((luck >>> 10) % 50)));
  const endUser = c.endUser[row]!;
  return {
    sourceId: `req-${mix32(row + 1)
      .toString(16)
      .padStart(8, '0')}${c.offsetMs[row]!.toString(16).padStart(8, '0')}`,
    accountId: account.accountId,
    ...(account.organisationId !== undefined && { organisationId: account.organisationId }),
    ...(endUser !== 0 && { endUserId: `user-${mixPair(endUser, 99).toString(16).padStart(8, '0')}` }),
    startedAtMs: world.startMs + c.offsetMs[row]!,
    durationMs,
    ...(!failed && { ttftMs }),
    provider: 'sonata',
    model: world.models[c.model[row]!]!,
    operation: 'chat',
    status: failed ? 'error' : 'ok',
    streamed: (c.flags[row]! & RowFlag.STREAMED) !== 0,
    messages,
    ...(tools.length > 0 && { tools: [...tools] }),
    ...(!failed && { response: writeResponse(prompt, luck), finishReason: 'stop' }),
    inputTokens: Math.max(1, Math.round(messages.reduce((sum, { text }) => sum + text.length, 0) / 4)),
    outputTokens,
    parameters: { ...world.parameters[c.parameters[row]!]! },
    client: {
      userAgent: client.userAgent,
      ip: formatAddress(c.address[row]!),
      headers: { 'user-agent': client.userAgent, ...client.headers },
    },
  };
}

/** All exchanges in time order, made one at a time. */
export function* eachExchange(world: World): Generator<Exchange, void, undefined> {
  for (let row = 0; row < world.size; row++) yield readExchange(world, row);
}

/** Earlier turns: other prompts of the same corpus with short answers; tool results when the request offers tools. */
function pushPast(world: World, row: number, messages: Message[]): void {
  const c = world.columns;
  const source = world.sources[c.source[row]!]!;
  const tools = world.tools[c.tools[row]!]!;
  const past = Math.min(MAX_PAST_TURNS, c.turns[row]! - 1);
  for (let turn = 0; turn < past; turn++) {
    const h = mixPair(c.prompt[row]! + 1, turn + 1);
    const text = source.text(h % source.size);
    messages.push({ role: 'user', text });
    messages.push({ role: 'assistant', text: writeResponse(text, h) });
    if (tools.length > 0) messages.push({ role: 'tool', text: `${tools[h % tools.length]}: exit ${h % 2}` });
  }
}

/** A short answer, never twice the same for two exchanges: a few of the prompt's words and a reference number. */
function writeResponse(prompt: string, luck: number): string {
  const words = prompt.slice(0, 400).split(/\s+/);
  const at = luck % words.length;
  return `About ${words.slice(at, at + 6).join(' ')}: see point ${1 + (luck % 9)} and ${words.slice(0, 4).join(' ')}. Ref ${luck.toString(36)}.`;
}
