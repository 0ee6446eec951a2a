import { createHash } from 'node:crypto';
import { DAY_MS, HOUR_MS } from '@phalanx/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeDetectionHandler, type QuestionRecord } from './detection-endpoint.js';
import { OracleGuard, type OracleGuardSettings } from './oracle-guard.js';

const TOKEN = 'a-token-of-some-length';
let nowMs = 0;
const clock = { nowMs: () => nowMs };
const asked: QuestionRecord[] = [];

/** Words are tokens; the score falls with the number of words that begin with m. */
function open(settings: Partial<OracleGuardSettings> = {}) {
  return makeDetectionHandler({
    callers: [
      { name: 'other', tokenSha256: '00'.repeat(32) },
      { name: 'press', tokenSha256: createHash('sha256').update(TOKEN).digest('hex') },
    ],
    guard: new OracleGuard({ clock, ...settings }),
    encode: (text) => Int32Array.from(text.split(' '), (word) => Number(word.slice(1))),
    detect: (tokens) => ({ logP: tokens[0] === 0 ? -500 : -3, scored: tokens.length }),
    onQuestion: (record) => asked.push(record),
  });
}

const ask = (text: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
  new Request('http://localhost/v1/detections', { method: 'POST', body: JSON.stringify({ text }), headers });
const words = (first: number, size = 300, seed = 1) =>
  Array.from(
    { length: size },
    (_, i) => `w${i === 0 ? first : (Math.imul(i + 1, seed * 7919) >>> 8) % 5000}`,
  ).join(' ');

beforeEach(() => {
  nowMs = 0;
  asked.length = 0;
});

describe('detection endpoint', () => {
  it('says two words and nothing that varies with the score', async () => {
    const handler = open();
    expect(await (await handler(ask(words(0)))).text()).toBe('{"answer":"marked"}');
    expect(await (await handler(ask(words(1, 300, 2)))).text()).toBe('{"answer":"no mark found"}');
    expect(await (await handler(ask(words(0, 20, 3)))).text()).toBe('{"answer":"too short"}');
    expect(asked.map(({ caller, outcome }) => [caller, outcome])).toEqual([
      ['press', 'marked'],
      ['press', 'no mark found'],
      ['press', 'too short'],
    ]);
    expect(JSON.stringify(asked)).not.toContain('w0');
  });

  it('answers nobody without a token, and nothing else', async () => {
    const handler = open();
    const status = async (request: Request) => (await handler(request)).status;
    expect(await status(ask('w1', {}))).toBe(401);
    expect(await status(ask('w1', { authorization: 'Bearer another-token-altogether' }))).toBe(401);
    expect(await status(new Request('http://localhost/v1/detections'))).toBe(405);
    expect(await status(new Request('http://localhost/'))).toBe(404);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const post = (body: string) =>
      new Request('http://localhost/v1/detections', { method: 'POST', body, headers });
    for (const body of ['', '{}', '{"text":1}', '{"text":"a","key":1}', `{"text":"${'a'.repeat(1 << 20)}"}`])
      expect(await status(post(body))).toBe(400);
  });

  it('stops somebody who edits a text and asks again', async () => {
    const handler = open({ perCallerHour: 1000 });
    const text = words(0).split(' ');
    const outcomes: number[] = [];
    for (let i = 1; i <= 6; i++) {
      text[i * 10] = `w${9000 + i}`;
      outcomes.push((await handler(ask(text.join(' ')))).status);
    }
    expect(outcomes).toEqual([200, 200, 200, 429, 429, 429]);
    text[10] = 'w9001';
    expect((await handler(ask(words(1, 300, 9)))).status).toBe(200);
    nowMs = DAY_MS;
    expect((await handler(ask(text.join(' ')))).status).toBe(200);
  });

  it('stops a caller, and all callers, after so many in an hour', async () => {
    const one = open({ perCallerHour: 2 });
    const all = open({ perHour: 2 });
    for (const handler of [one, all]) {
      nowMs = 0;
      const statuses: number[] = [];
      for (let i = 0; i < 3; i++) statuses.push((await handler(ask(words(1, 300, 20 + i)))).status);
      nowMs = HOUR_MS;
      statuses.push((await handler(ask(words(1, 300, 30)))).status);
      expect(statuses).toEqual([200, 200, 429, 200]);
    }
  });

  it('takes the same text again as no new version', async () => {
    const handler = open();
    for (let i = 0; i < 8; i++) expect((await handler(ask(words(0)))).status).toBe(200);
  });
});
