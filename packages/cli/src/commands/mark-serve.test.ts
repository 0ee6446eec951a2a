import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../program.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const VOCABULARY = new URL('../../../watermark/src/fixtures/byte-vocabulary.json', import.meta.url);
const TOKEN = 'a-token-of-some-length';
const folder = mkdtempSync(join(tmpdir(), 'phalanx-mark-serve-'));
const at = (name: string) => join(folder, name);
const env = { PATH: process.env.PATH, PHALANX_PASSPHRASE: 'correct-horse-battery' };
let server: ChildProcess;
let url = '';

async function run(...args: string[]): Promise<string> {
  let said = '';
  const out = (text: string) => (said += text);
  const screen = { outIsScreen: false, talkIsScreen: false, columns: 100 };
  expect(await runCli(args, { out, talk: () => {}, env, ...screen })).toBe(0);
  return said;
}

beforeAll(async () => {
  cpSync(VOCABULARY, at('tokenizer.json'));
  const scope = ['--key', at('secret.age'), '--tokenizer', at('tokenizer.json')];
  await run('mark', 'key', at('secret.age'));
  await run('ledger', 'key', 'new', at('sign.key'), '--name', 'marks.example');
  const making = [
    '--dialect',
    'phalanx-gumbel',
    '--model',
    'm',
    '--sign',
    at('sign.key'),
    '--out',
    at('profile.json'),
  ];
  const { signer } = JSON.parse(await run('mark', 'profile', ...scope, ...making, '--json'));
  const tokenSha256 = createHash('sha256').update(TOKEN).digest('hex');
  writeFileSync(at('callers.json'), JSON.stringify([{ name: 'press', tokenSha256 }]));
  const serving = [
    '--listen',
    '127.0.0.1:0',
    '--callers',
    at('callers.json'),
    '--questions',
    at('questions.jsonl'),
  ];
  const args = [
    MAIN,
    'mark',
    'serve',
    at('profile.json'),
    ...scope,
    '--signer',
    signer,
    ...serving,
    '--json',
  ];
  server = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [first] = await once(server.stdout!, 'data');
  url = `${JSON.parse(String(first)).url}/v1/detections`;
}, 120_000);

afterAll(async () => {
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  rmSync(folder, { recursive: true });
});

const ask = (body: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
  fetch(url, { method: 'POST', body, headers });

it('answers over HTTP in two words, to those with a token, and notes each question without its text', async () => {
  const text = Array.from({ length: 900 }, (_, i) => `word${(i * i * 7919) % 4001}`).join(' ');
  const answer = await ask(JSON.stringify({ text }));
  expect([answer.status, await answer.json()]).toEqual([200, { answer: 'no mark found' }]);
  expect(await (await ask('{"text":"the"}')).json()).toEqual({ answer: 'too short' });
  expect((await ask(JSON.stringify({ text }), {})).status).toBe(401);
  expect((await ask('not json')).status).toBe(400);
  expect((await ask(`{"text":"${'a'.repeat(2 << 20)}"}`)).status).toBe(413);
  const questions = readFileSync(at('questions.jsonl'), 'utf8');
  expect(
    questions
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).outcome),
  ).toEqual(['no mark found', 'too short']);
  expect(questions).not.toContain('word');
});
