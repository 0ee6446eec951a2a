import { readFileSync } from 'node:fs';
import {
  type BlackBoxParts,
  commitChallenges,
  commitOrder,
  digestInputs,
  digestText,
  type PlannedTest,
  parseChallenges,
  parseOrder,
} from '@phalanx/black-box';
import { PhalanxError } from '@phalanx/core';
import { z } from 'zod';
import type { CliErrorCode } from './cli-error.js';
import { readObjectRows } from './object-rows.js';

/** How tests are laid out, as the flags say. */
export interface TestSettings {
  readonly samples: number;
  readonly permutations: number;
  readonly length: number;
  readonly answerTokens: number;
  readonly uncached: boolean;
  /** Whether both models are asked now. */
  readonly live: boolean;
  /** File of texts, and how many of them to ask for. */
  readonly texts: string | undefined;
  readonly sample: number;
}

export interface PlannedInputs {
  readonly planned: PlannedTest;
  readonly parts: Pick<BlackBoxParts, 'prompts' | 'fingerprints' | 'order' | 'challenges'>;
}

/**
 * Reads what one `--test NAME=FILE` names.
 *
 * @throws PhalanxError `CLI_USAGE` for no such test, `CLI_FILE`, `BLACK_BOX_COMMITMENT` for a file that is no opening
 */
export async function readTestInputs(flag: string, settings: TestSettings): Promise<PlannedInputs> {
  const at = flag.indexOf('=');
  const [name, file] = [flag.slice(0, at), flag.slice(at + 1)];
  if (at < 1 || file === '')
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `--test ${flag}: not NAME=FILE`, { advice: KNOWN });
  const { samples, permutations, length, answerTokens, uncached, live } = settings;
  const turns = { samples, permutations, interleaved: live, uncached: uncached && live };
  switch (name) {
    case 'equality':
    case 'drift':
    case 'provenance': {
      const rows = await readObjectRows(file, z.looseObject({ prompt: z.string().min(1) }));
      const prompts = rows.map(({ prompt }) => prompt);
      const counted = { prompts: prompts.length, promptsSha256: digestInputs(prompts) };
      const planned: PlannedTest =
        name === 'provenance'
          ? { test: name, ...counted }
          : name === 'drift'
            ? { test: name, ...counted, ...turns }
            : { test: name, ...counted, ...turns, length, answerTokens };
      return { planned, parts: { prompts: { [name]: prompts } } };
    }
    case 'fingerprints': {
      const Row = z.looseObject({ prompt: z.string().min(1), expected: z.string().min(1) });
      const fingerprints = (await readObjectRows(file, Row)).map(({ prompt, expected }) => ({
        prompt,
        expected,
      }));
      const promptsSha256 = digestInputs(fingerprints);
      const planned = { test: name, prompts: fingerprints.length, promptsSha256, answerTokens } as const;
      return { planned, parts: { fingerprints } };
    }
    case 'order':
      return readOrder(file, settings);
    case 'challenges': {
      const challenges = parseChallenges(readJson(file));
      const planned = {
        test: name,
        commitment: commitChallenges(challenges),
        questions: challenges.questions.length,
        candidates: challenges.candidates.length,
        answerTokens,
      } as const;
      return { planned, parts: { challenges } };
    }
    default:
      throw new PhalanxError<CliErrorCode>('CLI_USAGE', `--test ${name}: there is no such test`, {
        advice: KNOWN,
      });
  }
}

const KNOWN = 'Known: equality, drift, provenance, fingerprints, order, challenges.';

async function readOrder(file: string, { texts: path, sample }: TestSettings): Promise<PlannedInputs> {
  if (path === undefined)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'missing: --texts', {
      advice: 'The opening holds digests: name the texts, or those that are left of them.',
    });
  const opening = parseOrder(readJson(file));
  const texts = (await readObjectRows(path, z.looseObject({ text: z.string() }))).map(({ text }) => text);
  const planned = {
    test: 'order',
    commitment: commitOrder(opening),
    texts: Math.min(sample, texts.length),
    available: texts.length,
    availableSha256: digestInputs(texts.map(digestText).sort()),
    drawn: opening.seed !== null,
  } as const;
  return { planned, parts: { order: { opening, texts } } };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} cannot be read as JSON`, { cause });
  }
}
