import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, type Json, PhalanxError, toHex, utf8 } from '@phalanx/core';
import { z } from 'zod';
import type { CliErrorCode } from './cli-error.js';
import { digestCode } from './detector-digest.js';
import { type LogPlace, logStatement } from './log-statement.js';

export { logStatement } from './log-statement.js';

/** One command's tests: where they are kept, and what code decides over a result. */
export interface TestKind {
  /** Folder in the data directory, and first word of the statistic in the log. */
  readonly name: 'radioactivity' | 'lineage-api';
  readonly packages: readonly string[];
}

/** What is fixed before the first question. */
export interface RegisteredPlan {
  /** Whole; only its salted digest is logged. */
  readonly plan: Json;
  /** In words, with the null. */
  readonly hypothesis: string;
  readonly statistic: string;
  /** log10 of the p-value that one try has to reach. */
  readonly threshold: number;
  readonly allowedTries: number;
  /** Id of the model in question. */
  readonly suspect: string;
}

/** What stays beside the log: the plan whose digest was logged, and what each try gave. For its owner alone. */
const KeptTest = z.strictObject({
  schema: z.enum(['phalanx.radioactivity.v1', 'phalanx.lineage-api.v1']),
  registrationId: z.string(),
  registrationIndex: z.int().min(0),
  /** Salt of the digests in the statements, hex. */
  salt: z.string(),
  plan: z.unknown(),
  results: z.array(z.unknown()),
});
export type KeptTest = z.infer<typeof KeptTest>;

/** Where a test is logged, and who is answerable. */
export interface RecordPlace extends LogPlace {
  readonly by: string;
  readonly kind: TestKind;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * The test that was registered under an id, with another try left; null when there is none.
 *
 * @throws PhalanxError `CLI_USAGE` for no id, another plan than was registered, or no try left; `CLI_FILE` for a file that cannot be read
 */
export function findRegistered(place: RecordPlace, registrationId: string, plan: Json): KeptTest | null {
  const earlier = readKept(place, registrationId);
  if (earlier === null) return null;
  if (canonicalJson(earlier.plan as Json) !== canonicalJson(plan))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${registrationId} was registered with another plan`, {
      advice: 'A new plan needs a new --id, and is a new test.',
    });
  if (earlier.results.length >= (plan as { allowedTries: number }).allowedTries)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${registrationId} allows no further try`, {
      advice: 'Its result stands.',
    });
  return earlier;
}

/**
 * Logs a plan as a pre-registration, has the log stamped if the settings name an authority, and keeps the plan. The log is closed
 * afterwards, so that a test of hours blocks nobody.
 */
export async function registerPlan(
  place: RecordPlace,
  registrationId: string,
  { plan, suspect, ...shown }: RegisteredPlan,
): Promise<KeptTest> {
  const salt = toHex(randomBytes(16));
  const index = await logStatement(place, {
    kind: 'pre-registration',
    version: 1,
    atMs: Date.now(),
    by: place.by,
    registrationId,
    ...shown,
    codeSha256: digestCode(place.kind.packages),
    inputsSha256: digestSalted(salt, plan),
    suspectSha256: digestSalted(salt, suspect),
  });
  const kept: KeptTest = {
    schema: `phalanx.${place.kind.name}.v1`,
    registrationId,
    registrationIndex: index,
    salt,
    plan,
    results: [],
  };
  keep(place, kept);
  return kept;
}

/**
 * Logs what a try gave, whatever it is, and keeps it. Returns the index of the statement.
 *
 * @param value the effect size, in the statistic's unit
 * @param logP ln
 */
export async function logResult(
  place: RecordPlace,
  kept: KeptTest,
  { result, value, logP }: { readonly result: object; readonly value: number; readonly logP: number },
): Promise<number> {
  const shown: Json = JSON.parse(JSON.stringify(result));
  const index = await logStatement(place, {
    kind: 'pre-registered-result',
    version: 1,
    atMs: Date.now(),
    by: place.by,
    registrationId: kept.registrationId,
    registrationIndex: kept.registrationIndex,
    tryNumber: kept.results.length + 1,
    value,
    log10P: logP / Math.LN10,
    resultSha256: digestSalted(kept.salt, shown),
  });
  keep(place, { ...kept, results: [...kept.results, shown] });
  return index;
}

/** The test that was registered under an id, or null. @throws PhalanxError `CLI_USAGE` for no id, `CLI_FILE` for a file that cannot be read */
export function readKept(place: RecordPlace, registrationId: string): KeptTest | null {
  if (!ID.test(registrationId))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'no id of a registration', {
      advice: 'Up to 64 letters, digits, points, dashes.',
    });
  const path = pathOf(place, registrationId);
  if (!existsSync(path)) return null;
  try {
    return KeptTest.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} cannot be read`, { cause });
  }
}

/** SHA-256, hex, of the salt, a line feed and the canonical JSON. */
function digestSalted(salt: string, value: Json): string {
  return toHex(
    createHash('sha256')
      .update(`${salt}\n`)
      .update(utf8(canonicalJson(value)))
      .digest(),
  );
}

function keep(place: RecordPlace, kept: KeptTest): void {
  mkdirSync(join(place.dataDir, place.kind.name), { recursive: true, mode: 0o700 });
  writeFileSync(pathOf(place, kept.registrationId), `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
}

function pathOf({ dataDir, kind }: RecordPlace, registrationId: string): string {
  return join(dataDir, kind.name, `${registrationId}.json`);
}
