import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, type Json, PhalanxError, toHex, utf8 } from '@phalanx/core';
import type { RadioactivityPlan, RadioactivityResult } from '@phalanx/watermark';
import { z } from 'zod';
import type { CliErrorCode } from './cli-error.js';
import { dateLog, readAuthority } from './dated-log.js';
import { digestCode } from './detector-digest.js';
import { type LedgerFile, withRecord } from './record-session.js';
import type { Config } from './setting.js';
import type { Terminal } from './terminal.js';

/** What stays beside the log: the plan whose digest was logged, and what each try gave. For its owner alone. */
const KeptTest = z.strictObject({
  schema: z.literal('phalanx.radioactivity.v1'),
  registrationId: z.string(),
  registrationIndex: z.int().min(0),
  /** Salt of the digests in the statements, hex. */
  salt: z.string(),
  plan: z.unknown(),
  results: z.array(z.unknown()),
});
export type KeptTest = z.infer<typeof KeptTest>;

/** Where a test is logged, and who is answerable. */
export interface RecordPlace {
  readonly config: Config;
  readonly dataDir: string;
  readonly file: LedgerFile;
  readonly terminal: Terminal;
  readonly by: string;
}

/** What decides over a result. */
const PACKAGES = ['@phalanx/watermark', '@phalanx/stats'] as const;
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The test kept under an id, or null. @throws PhalanxError `CLI_USAGE` for no id, `CLI_FILE` for a file that cannot be read */
export function readKeptTest(dataDir: string, registrationId: string): KeptTest | null {
  if (!ID.test(registrationId))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'no id of a registration', {
      advice: 'Up to 64 letters, digits, points, dashes.',
    });
  const path = pathOf(dataDir, registrationId);
  if (!existsSync(path)) return null;
  try {
    return KeptTest.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} cannot be read`, { cause });
  }
}

/**
 * Logs a plan as a pre-registration, has the log stamped if the settings name an authority, and keeps the plan. The log is closed
 * afterwards, so that a test of hours blocks nobody.
 */
export async function registerPlan(
  place: RecordPlace,
  registrationId: string,
  plan: RadioactivityPlan,
): Promise<KeptTest> {
  const salt = toHex(randomBytes(16));
  const index = await logStatement(place, {
    kind: 'pre-registration',
    version: 1,
    atMs: Date.now(),
    by: place.by,
    registrationId,
    hypothesis: plan.hypothesis,
    statistic: `radioactivity, ${plan.statistic}, ${plan.stopping}: log10 p`,
    threshold: Math.log10(plan.alpha / plan.allowedTries),
    allowedTries: plan.allowedTries,
    codeSha256: digestCode(PACKAGES),
    inputsSha256: digestSalted(salt, plan as Json),
    suspectSha256: digestSalted(salt, plan.suspect),
  });
  const kept: KeptTest = {
    schema: 'phalanx.radioactivity.v1',
    registrationId,
    registrationIndex: index,
    salt,
    plan,
    results: [],
  };
  keep(place.dataDir, kept);
  return kept;
}

/** Logs what a try gave, whatever it is, and keeps it. Returns the index of the statement. */
export async function logResult(
  place: RecordPlace,
  kept: KeptTest,
  result: RadioactivityResult,
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
    value: result.suspect.scored,
    log10P: result.suspect.logP / Math.LN10,
    resultSha256: digestSalted(kept.salt, shown),
  });
  keep(place.dataDir, { ...kept, results: [...kept.results, shown] });
  return index;
}

async function logStatement(place: RecordPlace, statement: object): Promise<number> {
  const { config, dataDir, file, terminal } = place;
  const { parseStatement } = await import('@phalanx/record');
  const checked = parseStatement(utf8(canonicalJson(statement as Json)));
  const authority = await readAuthority(config);
  return withRecord(dataDir, file, config, terminal, async (session) => {
    const index = await session.telemetry.appendStatement(checked);
    await session.telemetry.publish();
    if (authority !== null) await dateLog(dataDir, session, authority);
    return index;
  });
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

function keep(dataDir: string, kept: KeptTest): void {
  mkdirSync(join(dataDir, 'radioactivity'), { recursive: true, mode: 0o700 });
  writeFileSync(pathOf(dataDir, kept.registrationId), `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
}

function pathOf(dataDir: string, registrationId: string): string {
  return join(dataDir, 'radioactivity', `${registrationId}.json`);
}
