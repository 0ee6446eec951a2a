import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '@phalanx/stats';
import { buildBuiltInSources } from '@phalanx/testing';
import { NgramStudent, openTokenizer, type RadioactivityResult } from '@phalanx/watermark';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../config.js';
import { openMarkSession } from '../mark-session.js';
import { runCli } from '../program.js';
import { readLedgerFile, withRecord } from '../record-session.js';
import type { Terminal } from '../terminal.js';

const root = mkdtempSync(join(tmpdir(), 'phalanx-radioactivity-'));
const at = (name: string) => join(root, name);
const VOCABULARY = fileURLToPath(
  new URL('../../../watermark/src/fixtures/byte-vocabulary.json', import.meta.url),
);
let [out, talk] = ['', ''];
const terminal: Terminal = {
  out: (text) => (out += text),
  talk: (text) => (talk += text),
  env: { PHALANX_PASSPHRASE: 'correct horse', PHALANX_SUSPECT_KEY: 'sk-secret' },
  outIsScreen: false,
  talkIsScreen: false,
  columns: 100,
};

async function run(...args: string[]): Promise<number> {
  [out, talk] = ['', ''];
  return runCli(args, terminal);
}

const tokenizer = openTokenizer(new Uint8Array(readFileSync(VOCABULARY)));
const random = new Random(1);
const texts = buildBuiltInSources({ names: ['chat', 'instruction-synthesis'], size: 600 }).flatMap(
  (s) => s.texts,
);
const models = new Map<string, NgramStudent>();
let reader: string[] = [];

function train(id: string, lists: readonly Int32Array[]): NgramStudent {
  const student = new NgramStudent({ id, contextWidth: 2, vocabularySize: tokenizer.vocabularySize });
  for (const list of lists) student.learn(list);
  models.set(id, student);
  return student;
}

/** A server in the dialect of OpenAI whose models are students. */
const server = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { model, messages } = JSON.parse(Buffer.concat(parts).toString());
  const prompt = tokenizer.encode(messages[0].content);
  const content = tokenizer.decode(models.get(model)!.generate(120, random, null, prompt));
  response.end(JSON.stringify({ choices: [{ message: { content } }] }));
});
let url = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const key = ['--key', at('mark.key'), '--tokenizer', VOCABULARY];
  // Unencrypted: to derive a key from a passphrase takes seconds, each time.
  writeFileSync(at('mark.key'), `phalanx-mark-secret-v1 ${'5a'.repeat(32)}\n`, { mode: 0o600 });
  expect(await run('ledger', 'key', 'new', at('sign.key'), '--name', 'lab.example'), talk).toBe(0);
  const options = ['--dialect', 'phalanx-kgw', '--set', 'contextWidth=2', '--set', 'delta=4', '--json'];
  const more = ['--model', 'teacher', '--sign', at('sign.key'), '--out', at('profile.json')];
  expect(await run('mark', 'profile', ...key, ...options, ...more), talk).toBe(0);
  const { signer } = JSON.parse(out);
  reader = [at('profile.json'), ...key, '--signer', signer];
  const { mark } = await openMarkSession(
    at('profile.json'),
    { key: at('mark.key'), tokenizer: VOCABULARY, tenant: '*', epoch: '1', signer: [signer] },
    terminal,
  );
  const lists = texts.map((text) => tokenizer.encode(text));
  const teacher = train('teacher', lists.slice(0, 600));
  train(
    'thief',
    lists.slice(0, 400).map((list) => teacher.generate(150, random, mark, list.slice(0, 4))),
  );
  train('clean', lists.slice(600));
  const prompts = texts.slice(0, 60).map((text) => JSON.stringify({ prompt: text.slice(0, 8) }));
  writeFileSync(at('prompts.jsonl'), `${prompts.join('\n')}\n`);
});

afterAll(() => {
  server.close();
  rmSync(root, { recursive: true });
});

function test(id: string, model: string, ...more: string[]): Promise<number> {
  return run(
    ...['mark', 'radioactivity', reader[0]!, at('prompts.jsonl'), ...reader.slice(1)],
    ...['--data', at('data'), '--id', id, '--by', 'forensics', '--api', url, '--model', model],
    ...['--control', 'clean', '--decoys', '99', ...more],
  );
}

it('asks nothing without a log', async () => {
  expect(await test('r1', 'thief')).toBe(2);
  expect(talk).toMatch(/has no log/);
});

it('registers, asks, judges and logs the result', { timeout: 60_000 }, async () => {
  expect(
    await run('ledger', 'init', '--origin', 'log.example', '--unencrypted', '--data', at('data')),
    talk,
  ).toBe(0);
  expect(await test('r1', 'thief', '--tries', '2', '--json'), talk).toBe(1);
  const result: RadioactivityResult & { entry: number } = JSON.parse(out);
  expect(result.verdict).toBe('learned');
  expect(result.receipt).toBe('entry 0 of log.example');
  expect(result.entry).toBe(1);
  expect(result.suspect.model).toBe(`${url} thief chat`);
  const data = at('data');
  const config = loadConfig({});
  await withRecord(data, readLedgerFile(data)!, config, terminal, async ({ telemetry }) => {
    expect(telemetry.log.size).toBe(2);
  });
  expect(out + talk + readFileSync(join(data, 'radioactivity', 'r1.json'), 'utf8')).not.toMatch(/sk-secret/);
});

it('allows the tries that were registered, of the same plan', { timeout: 60_000 }, async () => {
  expect(await test('r1', 'thief')).toBe(2);
  expect(talk).toMatch(/registered with another plan/);
  expect(await test('r1', 'thief', '--tries', '2'), talk).toBe(1);
  expect(out).toMatch(/^LEARNED\n.*result is entry 2\nsuspect .*\ncontrol .*\ndecoy keys /s);
  expect(await test('r1', 'thief', '--tries', '2')).toBe(2);
  expect(talk).toMatch(/allows no further try/);
});

it('says of a clean model that nothing was shown, also from a record', { timeout: 60_000 }, async () => {
  expect(await test('r2', 'clean'), talk).toBe(0);
  expect(out).toMatch(/^NOT SHOWN\n/);
  const rows = texts.slice(0, 60).map((text) => {
    const prompt = text.slice(0, 8);
    const answer = tokenizer.decode(
      models.get('thief')!.generate(120, random, null, tokenizer.encode(prompt)),
    );
    return JSON.stringify({ prompt, answer });
  });
  writeFileSync(at('answers.jsonl'), `${rows.join('\n')}\n`);
  const recorded = [
    '--data',
    at('data'),
    '--id',
    'r3',
    '--by',
    'forensics',
    '--answers',
    at('answers.jsonl'),
  ];
  expect(await run('mark', 'radioactivity', ...reader, ...recorded, '--json'), talk).toBe(1);
  expect(JSON.parse(out).suspect.model).toMatch(/^answers.jsonl recorded [0-9a-f]{64}$/);
});

it('refuses what it does not know', async () => {
  expect(await test('r4', 'clean', '--statistic', 'luck')).toBe(2);
  expect(talk).toMatch(/Known: texts, text-contrast, mass, contrast, reading/);
  expect(await test('../r5', 'clean')).toBe(2);
});
