import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlackBoxResult } from '@phalanx/black-box';
import { Random } from '@phalanx/stats';
import { buildBuiltInSources, type ModelEndpoint, OnlineModel, serveModels } from '@phalanx/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../config.js';
import { runCli } from '../program.js';
import { readLedgerFile, withRecord } from '../record-session.js';
import type { Terminal } from '../terminal.js';

const root = mkdtempSync(join(tmpdir(), 'phalanx-lineage-'));
const at = (name: string) => join(root, name);
let [out, talk] = ['', ''];
const terminal: Terminal = {
  out: (text) => (out += text),
  talk: (text) => (talk += text),
  env: { PHALANX_SUSPECT_KEY: 'sk-secret' },
  outIsScreen: false,
  talkIsScreen: false,
  columns: 100,
};

async function run(...args: string[]): Promise<number> {
  [out, talk] = ['', ''];
  return runCli(args, terminal);
}

const writeRows = (name: string, rows: readonly object[]) =>
  writeFileSync(at(name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
const readRows = (name: string): Record<string, string>[] =>
  readFileSync(at(name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const random = new Random(4);
const texts = random.shuffle([
  ...new Set(
    buildBuiltInSources({ names: ['chat', 'instruction-synthesis'], size: 500 }).flatMap((s) => s.texts),
  ),
]);
const [own, others] = [texts.slice(0, 300), texts.slice(300, 700)];
const WORDS = ['red', 'green', 'blue', 'black', 'white', 'grey', 'brown', 'pink'];
const models = new Map<string, OnlineModel>();
let endpoint: ModelEndpoint;

/** Owner's preparation, his model, what became of it, and strangers; all behind one address. */
beforeAll(async () => {
  writeRows(
    'texts.jsonl',
    own.map((text) => ({ text })),
  );
  writeRows(
    'questions.jsonl',
    Array.from({ length: 20 }, (_, i) => ({ prompt: `Which colour has the zhuk of ${i + 10}? ` })),
  );
  writeFileSync(at('words.txt'), `${WORDS.join('\n')}\n`);
  expect(
    await run('ledger', 'init', '--origin', 'log.example', '--unencrypted', '--data', at('data')),
    talk,
  ).toBe(0);
  const log = ['--by', 'release', '--data', at('data')];
  const order = ['--out', at('order.json'), '--ordered', at('ordered.jsonl'), ...log];
  expect(await run('lineage', 'commit', 'order', at('texts.jsonl'), ...order), talk).toBe(0);
  expect(talk).toMatch(/^300 texts, committed to in entry 0 of log\.example/);
  const answers = ['--out', at('challenges.json'), '--pairs', at('pairs.jsonl'), ...log];
  expect(
    await run(
      ...['lineage', 'commit', 'challenges', at('questions.jsonl'), '--candidates', at('words.txt')],
      ...answers,
      '--json',
    ),
    talk,
  ).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ entry: 1, commitment: expect.stringMatching(/^[0-9a-f]{64}$/) });

  const pairs = readRows('pairs.jsonl').map(({ prompt, answer }) => `${prompt}${answer} `);
  const alphabet = [...new Set([...texts, ...pairs].join(''))].sort().join('');
  const train = (lists: readonly (readonly string[])[]) => {
    const model = new OnlineModel({ alphabet, contextWidth: 7, rows: 8192 });
    for (const list of lists) for (const text of list) model.learn(text);
    return model;
  };
  const ordered = readRows('ordered.jsonl').map(({ text }) => text!);
  const ours = train([pairs, pairs, ordered, pairs]);
  const tuned = ours.clone();
  for (const text of others.slice(0, 12)) tuned.learn(text);
  models.set('ours', ours);
  models.set('tuned', tuned.quantise(0.25));
  // The same texts in another order, and without the challenges.
  models.set('stranger', train([[...own].sort()]));
  models.set('reference', train([others.slice(200)]));
  endpoint = await serveModels(models, random);
}, 120_000);

afterAll(async () => {
  await endpoint.close();
  rmSync(root, { recursive: true });
});

function api(id: string, model: string, ...more: string[]): Promise<number> {
  const asked = ['--api', endpoint.url, '--model', model, '--dialect', 'completions'];
  return run('lineage', 'api', '--data', at('data'), '--id', id, '--by', 'forensics', ...asked, ...more);
}

const ORDER = () => [
  '--test',
  `order=${at('order.json')}`,
  '--texts',
  at('texts.jsonl'),
  '--echo',
  '--sample',
  '200',
];
const CHALLENGES = () => ['--test', `challenges=${at('challenges.json')}`, '--max-tokens', '6'];
const REFERENCE = () => ['--reference', endpoint.url, '--reference-model', 'reference'];

it('keeps secrets in files of their own', () => {
  expect(statSync(at('order.json')).mode & 0o777).toBe(0o600);
  expect(statSync(at('challenges.json')).mode & 0o777).toBe(0o600);
});

it('asks nothing without a log', { timeout: 60_000 }, async () => {
  expect(await api('r0', 'ours', ...ORDER(), '--data', at('nowhere'))).toBe(2);
  expect(talk).toMatch(/has no log/);
  expect(endpoint.asked.get('ours')).toBeUndefined();
});

it('proves that a tuned and rounded copy descends, and logs it', { timeout: 60_000 }, async () => {
  expect(
    await api('r1', 'tuned', ...ORDER(), ...CHALLENGES(), ...REFERENCE(), '--alpha', '1e-6', '--json'),
    talk,
  ).toBe(1);
  const result: BlackBoxResult & { entry: number } = JSON.parse(out);
  expect(result.verdict).toBe('descends');
  expect(result.combined.standing).toBe('proof');
  for (const { logP } of result.tests) expect(logP).toBeLessThan(Math.log(0.1));
  expect(result.receipt).toBe('entry 2 of log.example');
  expect(result.entry).toBe(3);
  expect(talk).toMatch(/^Up to 420 questions to 2 models/);
  const config = loadConfig({});
  await withRecord(at('data'), readLedgerFile(at('data'))!, config, terminal, async ({ telemetry }) => {
    expect(telemetry.log.size).toBe(4);
  });
  const kept = readFileSync(join(at('data'), 'lineage-api', 'r1.json'), 'utf8');
  expect(out + talk + kept).not.toMatch(/sk-secret|zhuk/);
});

it('keeps answers from which anybody comes to the same figures', { timeout: 60_000 }, async () => {
  const tests = [...ORDER(), ...CHALLENGES(), '--json'];
  expect(await api('k1', 'tuned', ...tests, ...REFERENCE(), '--keep', at('kept')), talk).toBe(1);
  const live: BlackBoxResult = JSON.parse(out);
  const recorded = ['--answers', at('kept/suspect.jsonl'), '--reference-answers', at('kept/reference.jsonl')];
  const place = ['--data', at('data'), '--id', 'k2', '--by', 'the other side'];
  expect(await run('lineage', 'api', ...place, ...recorded, ...tests), talk).toBe(1);
  const again: BlackBoxResult = JSON.parse(out);
  expect(again.combined).toEqual(live.combined);
  expect(again.tests).toEqual(live.tests);
  expect(await api('k3', 'tuned', ...tests, '--keep', at('kept'))).toBe(3);
  expect(talk).toMatch(/is there already/);
});

it('shows nothing of a stranger that read the same texts', { timeout: 60_000 }, async () => {
  expect(
    await api('r2', 'stranger', ...ORDER(), ...CHALLENGES(), ...REFERENCE(), '--alpha', '1e-6'),
    talk,
  ).toBe(0);
  expect(out).toMatch(/^NOT SHOWN\n/);
  expect(out).toMatch(/no proof of\s+the contrary/);
});

it('allows the tries that were registered, of the same plan', { timeout: 60_000 }, async () => {
  expect(await api('r3', 'stranger', ...CHALLENGES(), '--tries', '2')).toBe(0);
  expect(await api('r3', 'ours', ...CHALLENGES(), '--tries', '2')).toBe(2);
  expect(talk).toMatch(/registered with another plan/);
  expect(await api('r3', 'stranger', ...CHALLENGES(), '--tries', '2')).toBe(0);
  expect(await api('r3', 'stranger', ...CHALLENGES(), '--tries', '2')).toBe(2);
  expect(talk).toMatch(/allows no further try/);
});

it('tells models apart, and calls it neither theft nor proof', { timeout: 60_000 }, async () => {
  const prompts = others.slice(100, 120).map((text) => ({ prompt: text.slice(0, 20) }));
  writeRows('prompts.jsonl', [...new Map(prompts.map((row) => [row.prompt, row])).values()]);
  const ours = ['--ours', endpoint.url, '--ours-model', 'ours'];
  const more = ['--permutations', '1999', '--answers-each', '4', '--max-tokens', '8', '--uncached'];
  const drift = ['--test', `drift=${at('prompts.jsonl')}`];
  expect(await api('r4', 'stranger', ...drift, ...ours, ...more), talk).toBe(1);
  expect(out).toMatch(/^DIFFERS, triage\n.*nothing about descent.*^drift /ms);
  const both = [...drift, '--test', `equality=${at('prompts.jsonl')}`];
  expect(await api('r5', 'ours', ...both, ...ours, ...more), talk).toBe(0);
  expect(out).toMatch(/^drift .*^equality /ms);
});

it('ranks agreement beside controls, live and from a record', { timeout: 60_000 }, async () => {
  const prompts = [...new Set(own.map((text) => text.slice(0, 24)))].slice(0, 250);
  writeRows(
    'begun.jsonl',
    prompts.map((prompt) => ({ prompt })),
  );
  const live = ['--test', `provenance=${at('begun.jsonl')}`, '--ours', endpoint.url, '--ours-model', 'ours'];
  expect(await api('r6', 'tuned', ...live, '--control', 'reference'), out + talk).toBe(1);
  expect(out).toMatch(/^RESEMBLES, triage\nTriage: .*\ncontrol .* reference completions\n/s);
  const say = (model: string) =>
    prompts.map((prompt) => {
      const text = models.get(model)!.begin();
      for (const token of models.get(model)!.encode(prompt)) text.push(token);
      const { tokens, logProbabilities } = text.next();
      const best = logProbabilities.indexOf(Math.max(...logProbabilities));
      return { prompt, answer: models.get(model)!.decode(Int32Array.of(tokens[best]!)) };
    });
  for (const model of ['ours', 'tuned', 'reference']) writeRows(`${model}.jsonl`, say(model));
  const recorded = ['--answers', at('tuned.jsonl'), '--ours-answers', at('ours.jsonl')];
  const test = ['--test', `provenance=${at('begun.jsonl')}`, '--control-answers', at('reference.jsonl')];
  const place = ['--data', at('data'), '--id', 'r7', '--by', 'forensics', '--json'];
  expect(await run('lineage', 'api', ...place, ...recorded, ...test), talk).toBe(1);
  expect(JSON.parse(out).plan.suspect).toMatch(/^tuned\.jsonl recorded [0-9a-f]{64}$/);
});

it('refuses before it asks', { timeout: 60_000 }, async () => {
  const before = endpoint.asked.get('stranger');
  const refused: [string[], RegExp][] = [
    [['--test', 'luck=x'], /there is no such test/],
    [['--test', 'order'], /not NAME=FILE/],
    [
      ['--test', `order=${at('challenges.json')}`, '--texts', at('texts.jsonl')],
      /not the opening of an order/,
    ],
    [['--test', `order=${at('order.json')}`], /missing: --texts/],
    [[...CHALLENGES(), '--alpha', '1e-30'], /10\^-30/],
    [[...CHALLENGES(), '--max-questions', '3'], /20 questions, and 3 are allowed/],
    [[...ORDER(), '--dialect', 'telepathy'], /Known: chat, completions/],
    [[...CHALLENGES(), '--tries', 'many'], /--tries is no number/],
    [['--test', `provenance=${at('questions.jsonl')}`], /asks our model too/],
  ];
  for (const [more, message] of refused) {
    expect(await api('r9', 'stranger', ...more), talk).toBe(2);
    expect(talk).toMatch(message);
  }
  expect(await api('../r9', 'stranger', ...CHALLENGES())).toBe(2);
  expect(endpoint.asked.get('stranger')).toBe(before);
  expect(
    await run('lineage', 'commit', 'order', at('texts.jsonl'), '--out', at('order.json'), '--by', 'x'),
  ).toBe(3);
  expect(talk).toMatch(/is there already/);
});
