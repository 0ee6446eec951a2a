import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, type Json, PhalanxError, toHex } from '@phalanx/core';
import { toLiteLlmPayload } from '@phalanx/testing';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { digestCode } from '../detector-digest.js';
import { findMarkKey, readMarkSecret } from '../mark-session.js';
import { answerAccounts, listAccounts, stealAnswers, trainTeacher } from '../marked-world.js';
import { choosePaint, type Terminal, wrapText } from '../terminal.js';

export interface MarkDemoFlags {
  readonly data?: string;
  readonly seed: string;
}

/** Runs the `phalanx` command. */
export type RunCommand = (args: readonly string[], terminal: Terminal) => Promise<ExitCode>;

const MODEL = 'demo';
const EPOCH = '2026-02';
const REGISTRATION = 'mark-demo';
const ALPHA = 0.001;

/**
 * `phalanx mark demo`: mark, leak, mix, find, attribute, prove, each by the command that somebody would type. What a former run left in
 * its folder is removed. Exit 0 when every step ran, whatever came out.
 */
export async function markDemoCommand(
  flags: MarkDemoFlags,
  terminal: Terminal,
  run: RunCommand,
): Promise<ExitCode> {
  const story = new Story(flags.data ?? join('.phalanx', 'mark-demo'), terminal, run);
  const [tokenizer, secretFile, profile, data] = ['tokenizer.json', 'secret.age', 'profile.json', 'data'].map(
    (name) => story.path(name),
  ) as [string, string, string, string];
  const scope = ['--key', secretFile, '--tokenizer', tokenizer, '--epoch', EPOCH];
  const making = [
    '--dialect',
    'phalanx-gumbel',
    '--set',
    'contextWidth=4',
    '--model',
    MODEL,
    '--sign',
    story.path('sign.key'),
  ];

  story.tell('1. Mark', 'A provider marks each answer of his model under the key of the account that asked.');
  const teacher = trainTeacher(flags.seed);
  writeFileSync(tokenizer, teacher.tokenizerFile);
  const { verifierKey } = await story.ask('ledger', 'init', '--origin', 'marks.example', '--data', data);
  await story.run('ledger', 'key', 'new', story.path('sign.key'), '--name', 'marks.example');
  await story.run('mark', 'key', secretFile);
  const { signer } = await story.ask('mark', 'profile', ...making, ...scope, '--out', profile);
  const secret = await readMarkSecret(secretFile, story.terminal);
  const scopeOf = (tenant: string) => ({ tenant, model: MODEL, epoch: EPOCH });
  await story.state(data, {
    kind: 'mark-key',
    keyId: (await findMarkKey(secret, 'phalanx-gumbel', scopeOf('*'))).keyId,
    scheme: 'phalanx-gumbel',
    keySha256: sha256(secret.master),
    scope: `answers of ${MODEL} in ${EPOCH}; the keys of accounts follow from this secret`,
  });
  const { deriveMarkKey, openMark } = await import('@phalanx/watermark');
  const exchanges = answerAccounts(
    teacher,
    (tenant) => {
      const key = toHex(deriveMarkKey(secret.master, scopeOf(tenant)));
      return openMark('phalanx-gumbel', { contextWidth: 4 }, key);
    },
    flags.seed,
  );
  story.writeLines('answers.jsonl', exchanges.map(toLiteLlmPayload));
  await story.run('ingest', story.path('answers.jsonl'), '--data', data);

  story.tell(
    '2. Leak, 3. Mix',
    'Three accounts are one thief, who edits what they were told and mixes it with ten times as much from elsewhere.',
  );
  const loot = stealAnswers(teacher, exchanges, flags.seed);
  const dataset = story.writeLines(
    'dataset.jsonl',
    loot.rows.map((text) => ({ text })),
  );
  writeFileSync(story.path('document.txt'), loot.document);
  writeFileSync(story.path('accounts.txt'), `${listAccounts().join('\n')}\n`);
  story.tell(
    null,
    `${loot.rows.length} rows, ${loot.stolen} of them stolen through ${loot.thieves.join(', ')}.`,
  );

  story.tell('4. Find', 'The data set turns up. Which rows did we write? By the sketches of our answers:');
  await story.run('attribute', dataset, '--data', data);

  story.tell(
    '5. Attribute',
    'By the marks. What will be tested is logged first; then every account’s key is tried.',
  );
  const registrationIndex = await story.state(data, {
    kind: 'pre-registration',
    registrationId: REGISTRATION,
    hypothesis: 'a row of the data set depends on the key of an account; null: none does',
    statistic: 'phalanx mark attribute --each, all accounts, Holm: least adjusted log10 p',
    threshold: Math.log10(ALPHA),
    allowedTries: 1,
    codeSha256: digestCode(['@phalanx/watermark', '@phalanx/stats']),
    inputsSha256: sha256(readFileSync(dataset)),
    suspectSha256: sha256('whoever published dataset.jsonl'),
  });
  const reading = [...scope, '--signer', String(signer)];
  const attribution = [
    'mark',
    'attribute',
    profile,
    dataset,
    ...reading,
    '--tenants',
    story.path('accounts.txt'),
    '--each',
  ];
  await story.run(...attribution);
  story.tell(null, 'And where in a longer text, for one of them:');
  const thief = loot.thieves[0]!;
  const own = [...making, ...scope, '--tenant', thief, '--out', story.path('thief.json')];
  await story.ask('mark', 'profile', ...own);
  const page = ['--spans', '--html', story.path('document.html')];
  await story.run(
    'mark',
    'detect',
    story.path('thief.json'),
    story.path('document.txt'),
    ...reading,
    '--tenant',
    thief,
    ...page,
  );

  story.tell(
    '6. Prove',
    'The result follows in the same log: key and test stood there before it, and the log is whole.',
  );
  const result = await story.ask(...attribution);
  const named = result.named as { logAdjustedP: number }[];
  const log10P = Math.min(0, ...named.map(({ logAdjustedP }) => logAdjustedP / Math.LN10));
  await story.state(data, {
    kind: 'pre-registered-result',
    registrationId: REGISTRATION,
    registrationIndex,
    tryNumber: 1,
    value: log10P,
    log10P,
    resultSha256: sha256(canonicalJson(result as Json)),
  });
  await story.run('ledger', 'fsck', story.path('data/ledger/log'), '--key', String(verifierKey));
  return ExitCode.OK;
}

/** Runs commands as if typed, in a folder of its own with a passphrase of its own. */
class Story {
  readonly terminal: Terminal;
  readonly #folder: string;
  readonly #run: RunCommand;
  #statements = 0;

  constructor(folder: string, terminal: Terminal, run: RunCommand) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
    this.#run = run;
    const passphrase = toHex(randomBytes(16));
    this.terminal = { ...terminal, env: { ...terminal.env, PHALANX_PASSPHRASE: passphrase } };
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  tell(title: string | null, words: string): void {
    const { bold } = choosePaint(this.terminal);
    if (title !== null) this.terminal.out(`\n${bold(title)}\n`);
    this.terminal.out(wrapText(words, Math.min(this.terminal.columns, 100)));
  }

  writeLines(name: string, rows: readonly unknown[]): string {
    writeFileSync(this.path(name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return this.path(name);
  }

  /** Runs a command and shows what it says. */
  async run(...args: string[]): Promise<void> {
    this.terminal.out(`$ phalanx ${args.join(' ')}\n`);
    await this.#call(args, this.terminal);
  }

  /** Runs a command with `--json` and returns what it says. */
  async ask(...args: string[]): Promise<Record<string, unknown>> {
    let said = '';
    await this.#call([...args, '--json'], {
      ...this.terminal,
      out: (text) => (said += text),
      talk: () => {},
    });
    return JSON.parse(said);
  }

  /** Logs a statement and shows where it stands; returns its index. */
  async state(data: string, statement: { readonly kind: string } & Record<string, Json>): Promise<number> {
    const path = this.path(`statement-${++this.#statements}.json`);
    writeFileSync(path, canonicalJson({ ...statement, version: 1, atMs: Date.now(), by: 'demo' }));
    this.terminal.out(`$ phalanx ledger state ${path} --data ${data}\n`);
    const { index } = await this.ask('ledger', 'state', path, '--data', data);
    this.terminal.out(`${statement.kind} is entry ${index}\n`);
    return Number(index);
  }

  async #call(args: readonly string[], terminal: Terminal): Promise<void> {
    const code = await this.#run(args, terminal);
    if (code > ExitCode.FOUND)
      throw new PhalanxError<CliErrorCode>('CLI_FILE', `phalanx ${args[0]} ${args[1]} ended with ${code}`);
  }
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
