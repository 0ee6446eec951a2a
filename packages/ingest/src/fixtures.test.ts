import { readFileSync } from 'node:fs';
import { PhalanxError } from '@phalanx/core';
import { Exchange } from '@phalanx/domain';
import { describe, expect, it } from 'vitest';
import { parseCsvRecords, readCsvHeader } from './containers/csv.js';
import type { Ingested, Row, RowContext } from './formats/format.js';
import { formatOfMapping, parseMapping, readMappingFile } from './formats/mapping.js';
import { detectFormat, formatByName, formats } from './formats/registry.js';

const path = (name: string): string => new URL(`fixtures/${name}`, import.meta.url).pathname;

function rowsOf(name: string): Row[] {
  const bytes = readFileSync(path(name));
  if (!name.endsWith('.csv'))
    return bytes
      .toString('utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
  const header = readCsvHeader(bytes, bytes.indexOf(10) + 1, name);
  return parseCsvRecords(bytes.subarray(header.bytes), header).map(({ row }) => row!);
}

/** Every record of a fixture: exchanges checked against the schema, errors as their message. */
function readFixture(name: string, context: RowContext = {}): unknown[] {
  const rows = rowsOf(name);
  const format = detectFormat(rows, name);
  return rows.flatMap((row) => readAll(() => format.read(row, context)));
}

function readAll(read: () => readonly Ingested[]): unknown[] {
  try {
    return read().map((part) => {
      if (part.kind !== 'exchange') return part;
      expect(Exchange.safeParse(part.exchange).error).toBeUndefined();
      return part.exchange;
    });
  } catch (error) {
    if (!PhalanxError.is(error)) throw error;
    return [error.message];
  }
}

describe('detection', () => {
  it.each([
    ['litellm.jsonl', 'litellm'],
    ['otel.jsonl', 'otel'],
    ['langfuse.jsonl', 'langfuse'],
    ['langfuse.csv', 'langfuse'],
    ['helicone.jsonl', 'helicone'],
    ['openai-batch-input.jsonl', 'openai-batch'],
    ['openai-batch-output.jsonl', 'openai-batch'],
    ['openai-pairs.jsonl', 'openai-pairs'],
    ['anthropic-pairs.jsonl', 'anthropic-pairs'],
    ['gemini-pairs.jsonl', 'gemini-pairs'],
    ['phalanx-exchanges.jsonl', 'phalanx-exchanges'],
    ['phalanx-accounts.csv', 'phalanx-accounts'],
    ['phalanx-interventions.jsonl', 'phalanx-interventions'],
  ])('%s is %s, by each of its rows too', (file, name) => {
    const rows = rowsOf(file);
    expect(detectFormat(rows, file).name).toBe(name);
    for (const row of rows)
      expect(formats.find((format) => format.name === name)!.detect(row)).toBeGreaterThan(0.2);
  });

  it('lists what it saw when nothing fits, and how to say what it is', () => {
    const attempt = (): unknown => detectFormat(rowsOf('mapping.jsonl'), 'mine.jsonl');
    expect(attempt).toThrow(
      /mine\.jsonl: no known format fits the first 2 rows; fields seen: when, who, q, a/,
    );
    try {
      attempt();
    } catch (error) {
      expect(PhalanxError.is(error, 'INGEST_FORMAT_UNKNOWN') && error.advice).toMatch(
        /--format .*litellm.*--mapping/,
      );
    }
    expect(() => formatByName('nonesuch')).toThrow('no format is called "nonesuch"');
  });

  it('refuses to choose between two formats that fit alike', () => {
    const mixed = [rowsOf('litellm.jsonl')[0]!, rowsOf('otel.jsonl')[0]!];
    expect(() => detectFormat(mixed, 'mixed.jsonl')).toThrow('more than one format fits');
  });
});

describe('litellm', () => {
  const [first, failed, text, redacted] = readFixture('litellm.jsonl') as Exchange[];

  it('reads a payload whole', () => {
    expect(first).toEqual({
      sourceId: 'chatcmpl-a1',
      accountId: 'key-1',
      organisationId: 'org-1',
      endUserId: 'eu-1',
      startedAtMs: 1_770_000_000_250,
      durationMs: 2500,
      ttftMs: 500,
      provider: 'openai',
      model: 'gpt-x',
      operation: 'chat',
      status: 'ok',
      streamed: true,
      messages: [
        { role: 'system', text: 'Be brief.' },
        { role: 'user', text: 'Name the tallest heron.' },
      ],
      tools: ['look'],
      response: 'The goliath heron.',
      finishReason: 'stop',
      inputTokens: 12,
      outputTokens: 9,
      reasoningTokens: 2,
      parameters: { temperature: 0.2 },
      client: {
        userAgent: 'OpenAI/Python 1.60.0',
        ip: '192.0.2.7',
        // The credential among the custom headers is gone.
        headers: { 'x-stainless-lang': 'python' },
      },
    });
  });

  it('reads nested payloads, failures, text completions and withheld text', () => {
    expect(failed).toMatchObject({ sourceId: 'c2', status: 'error' });
    expect(text).toMatchObject({
      operation: 'completion',
      messages: [{ role: 'user', text: 'Once upon a time' }],
      response: ' a fox',
    });
    expect(redacted).toMatchObject({ sourceId: 'c4', messages: [] });
    expect(redacted!.response).toBeUndefined();
  });
});

describe('otel', () => {
  const [parts, openllmetry, events, openinference, bad, log, ...rest] = readFixture(
    'otel.jsonl',
  ) as Exchange[];

  it('reads both generations, OpenLLMetry, OpenInference, events and log records; tool spans yield nothing', () => {
    expect(parts).toMatchObject({
      sourceId: '5b8efff798038103d269b633813fc60c/eee19b7ec3c1b171',
      accountId: 'acct-9',
      organisationId: 'org-9',
      endUserId: 'u-3',
      startedAtMs: 1_770_000_000_000,
      durationMs: 1500,
      provider: 'openai',
      messages: [
        { role: 'system', text: 'Be a guide.' },
        { role: 'user', text: 'Where is Ulm?' },
        { role: 'assistant', text: 'map({"q":"Ulm"})' },
        { role: 'tool', text: '48.4 N' },
      ],
      response: 'On the Danube.',
      finishReason: 'stop',
      inputTokens: 5,
      parameters: { temperature: 0.5 },
      client: { userAgent: 'curl/8', ip: '198.51.100.4' },
    });
    expect(openllmetry).toMatchObject({
      accountId: 'acct-8',
      messages: [
        { role: 'system', text: 'Be kind.' },
        { role: 'user', text: 'How old is the tree?' },
      ],
      response: 'Four hundred years.',
      outputTokens: 3,
    });
    expect(events).toMatchObject({
      accountId: 'acct-7',
      messages: [{ role: 'user', text: 'Sing a round.' }],
      response: 'Row your boat.',
    });
    expect(openinference).toMatchObject({
      accountId: 'acct-6',
      messages: [{ role: 'user', text: 'What is in it?\n[image]' }],
      response: 'A loom.',
      parameters: { temperature: 1 },
    });
    expect(log).toMatchObject({
      sourceId: 'aa/b1',
      accountId: 'acct-5',
      messages: [{ role: 'user', text: 'Count the bells.' }],
    });
    expect(rest).toEqual([]);
  });

  it('rejects a span without an account and keeps its neighbours', () => {
    expect(bad).toMatchObject({ kind: 'rejected', reason: expect.stringContaining('no account id') });
  });
});

describe('langfuse', () => {
  it('reads observations, traces with observations and events_full', () => {
    expect(readFixture('langfuse.jsonl')).toMatchObject([
      {
        sourceId: 'tr1/o1',
        accountId: 'lf-user',
        durationMs: 1500,
        ttftMs: 400,
        messages: [{ role: 'user', text: 'Why do kettles sing?' }],
        response: 'Steam.',
        inputTokens: 6,
      },
      { sourceId: 'tr2/o3', accountId: 'lf-2' },
      {
        sourceId: 'tr4/e4',
        startedAtMs: Date.parse('2026-02-02T03:00:05.250Z'),
        status: 'error',
        response: 'Plain answer.',
      },
    ]);
  });

  it('reads the CSV export: quotes, commas and line breaks inside fields', () => {
    expect(readFixture('langfuse.csv')).toMatchObject([
      {
        messages: [{ text: 'A quote "here",\nand a line?' }],
        response: 'Steam, "mostly"\nand air.',
        outputTokens: 4,
      },
    ]);
  });
});

describe('the other sources', () => {
  it('helicone', () => {
    expect(readFixture('helicone.jsonl')).toMatchObject([
      {
        sourceId: 'q1',
        accountId: 'hel-1',
        startedAtMs: Date.parse('2026-02-02T03:00:00.123Z'),
        durationMs: 1000,
        ttftMs: 200,
        provider: 'anthropic',
        messages: [{ role: 'user', text: 'Is tin heavy?' }],
        response: 'Rather.',
        status: 'ok',
      },
      { accountId: 'pk', status: 'error', finishReason: 'rate_limit_exceeded' },
    ]);
  });

  it('openai-batch: inputs yield nothing, outputs need an account, requests are joined', () => {
    expect(readFixture('openai-batch-input.jsonl')).toEqual([]);
    expect(readFixture('openai-batch-output.jsonl')[0]).toContain('no account id');
    const inputs = rowsOf('openai-batch-input.jsonl');
    const joined = readFixture('openai-batch-output.jsonl', {
      defaultAccountId: 'b',
      findBatchRequest: (id) => inputs.find((row) => row.custom_id === id) ?? null,
    });
    expect(joined).toMatchObject([
      {
        sourceId: 'batch_req_1',
        accountId: 'b',
        startedAtMs: 1_770_000_000_000,
        model: 'gpt-x',
        messages: [{ role: 'user', text: 'Define a fjord.' }],
        response: 'A drowned valley.',
        parameters: { temperature: 0 },
      },
      // An expired request has no time: nothing is guessed.
      'no start time',
    ]);
    expect(readFixture('openai-batch-output.jsonl', { defaultAccountId: 'b' })[0]).toMatchObject({
      messages: [],
      response: 'A drowned valley.',
    });
  });

  it('pairs', () => {
    expect(readFixture('openai-pairs.jsonl')).toMatchObject([
      {
        sourceId: 'chatcmpl-p1',
        accountId: 'pair-1',
        startedAtMs: 1_770_000_000_000,
        durationMs: 800,
        response: '5',
        parameters: { seed: 4 },
        client: { ip: '203.0.113.9' },
      },
    ]);
    expect(readFixture('anthropic-pairs.jsonl')).toMatchObject([
      { sourceId: 'x1', messages: [{ role: 'system', text: 'Be odd.' }, { role: 'user' }], response: 'Moo.' },
    ]);
    expect(readFixture('gemini-pairs.jsonl')).toMatchObject([
      { model: 'gemini-x', messages: [{ role: 'user', text: 'Which moss?' }], response: 'Sphagnum.' },
    ]);
  });

  it('phalanx exchanges, accounts and interventions', () => {
    expect(readFixture('phalanx-exchanges.jsonl')).toMatchObject([
      {
        sourceId: 's1',
        messages: [{ role: 'user', text: 'Who tuned the bell?' }],
        tools: ['t'],
        client: { ip: '192.0.2.1' },
      },
    ]);
    expect(readFixture('phalanx-accounts.csv')).toEqual([
      {
        kind: 'account',
        account: {
          accountId: 'acct-9',
          organisationId: 'org-9',
          createdAtMs: Date.UTC(2026, 0, 1),
          paymentFingerprint: 'card-1',
          signupIp: '192.0.2.1',
          emailDomain: 'example.org',
          declaration: 'aggregator',
        },
      },
      { kind: 'account', account: { accountId: 'acct-8' } },
      'declaration is wrong',
    ]);
    expect(readFixture('phalanx-interventions.jsonl')).toMatchObject([
      { kind: 'intervention', intervention: { id: 'i1', arm: 'treated' } },
      'kind is none of delay, throttle, verify, suspend',
    ]);
  });
});

describe('mapping', () => {
  it('reads any rows by a TOML file', () => {
    const format = formatOfMapping(readMappingFile(path('mapping.toml')));
    const read = rowsOf('mapping.jsonl').flatMap((row) => readAll(() => format.read(row, {})));
    expect(read).toMatchObject([
      {
        accountId: 'k1',
        startedAtMs: 1_770_000_000_000,
        durationMs: 12.5,
        provider: 'in-house',
        model: 'm',
        status: 'ok',
        messages: [{ role: 'user', text: 'What is a quern?' }],
        response: 'A hand mill.',
        outputTokens: 4,
      },
      'startedAtMs is not a time',
    ]);
  });

  it.each([
    [{ fields: {} }, 'startedAtMs must be mapped'],
    [{ fields: { startedAtMs: 'a', colour: 'b' } }, 'colour'],
    [{ fields: { startedAtMs: { path: 'a', unit: 'weeks' } } }, 'startedAtMs'],
    [{}, 'fields'],
  ])('refuses %j', (value, message) => {
    expect(() => parseMapping(value)).toThrow(message);
  });
});
