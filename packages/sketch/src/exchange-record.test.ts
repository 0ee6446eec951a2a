import { type Exchange, Intent } from '@phalanx/domain';
import { describe, expect, it } from 'vitest';
import { HashDomain, sketchExchange } from './exchange-record.js';
import { createSketcher } from './sketcher.js';

const sketcher = createSketcher(new Uint8Array(32).fill(3));
const exchange: Exchange = {
  sourceId: 'req_1',
  accountId: 'acct_1',
  organisationId: 'org_1',
  startedAtMs: 1_700_000_000_000,
  provider: 'openai',
  model: 'm-1',
  operation: 'chat',
  status: 'ok',
  messages: [
    { role: 'system', text: 'Platform: linux' },
    { role: 'user', text: 'first question' },
    { role: 'assistant', text: 'first answer' },
    { role: 'user', text: 'Explain naïve Bayes.' },
  ],
  response: 'It multiplies probabilities.',
  parameters: { temperature: 0.7, seed: 1 },
  client: { userAgent: 'OpenAI/JS 4.55.0', ip: '192.0.2.9', headers: { 'x-stainless-os': 'Linux' } },
};

describe('sketchExchange', () => {
  it('fills the record from the last user message, the whole request and the client', () => {
    const prompt = sketcher.sketchPrompt('Explain naïve Bayes.');
    const answer = sketcher.sketchResponse('It multiplies probabilities.');
    expect(sketchExchange(exchange, sketcher)).toEqual({
      id: sketcher.hash128('exchange', '6:openai:req_1'),
      account: sketcher.hash64('account', 'acct_1'),
      organisation: sketcher.hash64('organisation', 'org_1'),
      endUser: 0n,
      atMs: 1_700_000_000_000,
      model: 'm-1',
      operation: 'chat',
      ok: true,
      streamed: false,
      inputTokens: 0,
      outputTokens: 0,
      promptBytes: 15 + 14 + 12 + 21,
      responseBytes: 28,
      durationMs: 0,
      turns: 2,
      promptHash: prompt.hash,
      minhash: prompt.minhash,
      topics: prompt.topics,
      shape: prompt.shape,
      intents: Intent.DIRECTIVE,
      systemHash: sketcher.hash64('system', 'Platform: linux'),
      toolsHash: 0n,
      responseHash: answer.hash,
      responseMinhash: answer.minhash,
      fingerprint: sketcher.hash64('fingerprint', 'user-agent: OpenAI/JS 4.55.0\nx-stainless-os: Linux'),
      contradiction: false,
      network: sketcher.hash64('network', '192.0.2.0/24'),
      parameters: sketcher.hash64('parameters', '{"seed":true,"temperature":0.7}'),
    });
  });

  it('keeps what the source did not say at 0', () => {
    const { response, parameters, client, organisationId, ...bare } = exchange;
    const record = sketchExchange({ ...bare, messages: [] }, sketcher);
    expect([record.organisation, record.systemHash, record.promptHash, record.responseHash]).toEqual([
      0n,
      0n,
      0n,
      0n,
    ]);
    expect([record.fingerprint, record.network, record.parameters]).toEqual([0n, 0n, 0n]);
    expect([record.promptBytes, record.responseBytes, record.turns]).toEqual([0, 0, 0]);
    expect(record.responseMinhash).toEqual(new Uint8Array(32));
  });

  it('marks tools offered or used, in any order and number', () => {
    const one = sketchExchange({ ...exchange, tools: ['b', 'a', 'b'] }, sketcher);
    const two = sketchExchange({ ...exchange, tools: ['a', 'b'] }, sketcher);
    expect(one.toolsHash).toBe(two.toolsHash);
    expect(one.toolsHash).not.toBe(0n);
    expect(one.intents & Intent.TOOLS).not.toBe(0);
    const used = sketchExchange({ ...exchange, messages: [{ role: 'tool', text: 'x' }] }, sketcher);
    expect(used.intents & Intent.TOOLS).not.toBe(0);
    expect(used.toolsHash).toBe(0n);
  });

  it('sees headers that contradict the system prompt', () => {
    const messages = [{ role: 'system' as const, text: 'Platform: darwin' }];
    expect(sketchExchange({ ...exchange, messages }, sketcher).contradiction).toBe(true);
  });

  it('scopes ids by provider and takes the caller’s id', () => {
    const id = new Uint8Array(16).fill(7);
    expect(sketchExchange(exchange, sketcher, id).id).toBe(id);
    expect(sketchExchange({ ...exchange, provider: 'other' }, sketcher).id).not.toEqual(
      sketchExchange(exchange, sketcher).id,
    );
  });

  it('refuses an exchange that cannot be told from a repetition of itself', () => {
    const { sourceId, ...nameless } = exchange;
    const refused = expect.objectContaining({ code: 'SKETCH_ID_MISSING' });
    expect(() => sketchExchange(nameless, sketcher)).toThrowError(refused);
    expect(() => sketchExchange(exchange, sketcher, new Uint8Array(8))).toThrowError(refused);
  });

  it('hashes an account alike before and after it left the bounded memory', () => {
    for (let i = 0; i < 5000; i++) sketchExchange({ ...exchange, accountId: `acct-${i}` }, sketcher);
    for (const accountId of ['acct-0', 'acct-4999', 'x'.repeat(512)])
      expect(sketchExchange({ ...exchange, accountId }, sketcher).account).toBe(
        sketcher.hash64(HashDomain.ACCOUNT, accountId),
      );
  });
});
