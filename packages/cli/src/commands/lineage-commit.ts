import { readFileSync } from 'node:fs';
import { PhalanxError } from '@phalanx/core';
import { z } from 'zod';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatPlural } from '../figures.js';
import { logStatement } from '../log-statement.js';
import { writeNewFile } from '../new-file.js';
import { readObjectRows } from '../object-rows.js';
import { readLedgerFile } from '../record-session.js';
import type { Terminal } from '../terminal.js';

/** Mode of what whoever has it could answer from. */
const SECRET = 0o600;

export interface CommitFlags {
  readonly out: string;
  readonly by: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * `phalanx lineage commit order TEXTS`: an order of training that nobody picked, its opening in a file of mode 0600, its commitment in the log.
 *
 * @throws PhalanxError `CLI_FILE`; `BLACK_BOX_ARGUMENT` for a text that stands twice
 */
export async function commitOrderCommand(
  path: string,
  flags: CommitFlags & { readonly ordered?: string; readonly recorded?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  if (flags.recorded && flags.ordered !== undefined)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', '--recorded draws no order', {
      advice: 'Leave --ordered out: the file is in the order already.',
    });
  const { commitOrder, digestText, drawOrder, recordOrder } = await import('@phalanx/black-box');
  const rows = await readObjectRows(path, z.looseObject({ text: z.string() }));
  const digests = rows.map(({ text }) => digestText(text));
  const opening = flags.recorded ? recordOrder(digests) : drawOrder(digests);
  writeNewFile(flags.out, `${JSON.stringify(opening)}\n`, SECRET);
  if (flags.ordered !== undefined) {
    const byDigest = new Map(digests.map((digest, i) => [digest, rows[i]!]));
    writeNewFile(
      flags.ordered,
      `${opening.texts.map((digest) => JSON.stringify(byDigest.get(digest))).join('\n')}\n`,
      SECRET,
    );
  }
  return finish(commitOrder(opening), 'order', formatPlural(rows.length, 'text'), flags, terminal);
}

/**
 * `phalanx lineage commit challenges QUESTIONS`: answers that nobody picked, their opening in a file of mode 0600, the commitment in the log.
 *
 * @throws PhalanxError `CLI_FILE`; `BLACK_BOX_COMMITMENT` for questions or words that stand twice
 */
export async function commitChallengesCommand(
  path: string,
  flags: CommitFlags & { readonly candidates: string; readonly pairs?: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const { commitChallenges, deriveAnswers, drawChallenges } = await import('@phalanx/black-box');
  const rows = await readObjectRows(path, z.looseObject({ prompt: z.string() }));
  const candidates = readText(flags.candidates)
    .split('\n')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const opening = drawChallenges(
    rows.map(({ prompt }) => prompt),
    candidates,
  );
  writeNewFile(flags.out, `${JSON.stringify(opening)}\n`, SECRET);
  if (flags.pairs !== undefined) {
    const answers = deriveAnswers(opening);
    const pairs = opening.questions.map((prompt, i) => JSON.stringify({ prompt, answer: answers[i] }));
    writeNewFile(flags.pairs, `${pairs.join('\n')}\n`, SECRET);
  }
  return finish(
    commitChallenges(opening),
    'challenges',
    formatPlural(rows.length, 'question'),
    flags,
    terminal,
  );
}

async function finish(
  commitment: string,
  what: 'order' | 'challenges',
  counted: string,
  flags: CommitFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  const file = readLedgerFile(dataDir);
  const statement = {
    kind: 'configuration',
    version: 1,
    atMs: Date.now(),
    by: flags.by,
    name: `lineage commitment: ${what}`,
    configurationSha256: commitment,
  };
  const entry = file === null ? null : await logStatement({ config, dataDir, file, terminal }, statement);
  if (flags.json) terminal.out(`${JSON.stringify({ commitment, entry, opening: flags.out })}\n`);
  else terminal.out(`${commitment}\n`);
  terminal.talk(
    entry === null
      ? `${counted}. ${dataDir} has no log: have this digest dated elsewhere before the release, or it proves nothing.\n`
      : `${counted}, committed to in entry ${entry} of ${file!.origin}. Keep ${flags.out} secret, and do not lose it.\n`,
  );
  return ExitCode.OK;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} cannot be read`, { cause });
  }
}
