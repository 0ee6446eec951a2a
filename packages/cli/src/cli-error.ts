import { PhalanxError } from '@phalanx/core';

/**
 * Why the command itself refuses.
 *
 * - `CLI_USAGE`: an argument that cannot be understood.
 * - `CLI_CONFIG`: a configuration file or environment variable with an unknown key or a value out of range.
 * - `CLI_FILE`: a file that cannot be read or written.
 * - `CLI_KEPT_FINDING`: a finding in the store that this version cannot read.
 */
export type CliErrorCode = 'CLI_USAGE' | 'CLI_CONFIG' | 'CLI_FILE' | 'CLI_KEPT_FINDING';

/** Exit codes: 0 ok, 1 found something or a check failed, 2 usage, 3 environment. */
export const ExitCode = { OK: 0, FOUND: 1, USAGE: 2, ENVIRONMENT: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Codes that the person at the keyboard causes and cures by typing something else; all others are the environment's. */
const USAGE_CODES = new Set([
  'CLI_USAGE',
  'CLI_CONFIG',
  'ATTESTATION_KEY',
  'ATTESTATION_TRUSTED_ROOT',
  'ATTRIBUTION_FIELD',
  'ATTRIBUTION_OPTIONS',
  'COALITION_TRUST',
  'BLACK_BOX_ARGUMENT',
  'BLACK_BOX_COMMITMENT',
  'BLACK_BOX_PLAN',
  'BLACK_BOX_SUSPECT',
  'COALITION_POLICY',
  'DETECT_OPTIONS',
  'EVIDENCE_RECIPIENT',
  'INGEST_FORMAT_UNKNOWN',
  'INGEST_MAPPING',
  'LEDGER_KEY',
  'LEDGER_PASSPHRASE',
  'LEDGER_POLICY',
  'MARK_ARGUMENT',
  'MARK_KEY',
  'MARK_LIMIT',
  'MARK_PROFILE',
  'RECORD_LEAF',
  'RECORD_UNKNOWN',
  'SKETCH_BENCHMARK_INDEX',
  'SUSPECT_ARGUMENT',
  'SUSPECT_BUDGET',
  'SUSPECT_UNRECORDED',
  'TESTING_PLAN',
  'TESTING_SOURCE',
  'TRIAGE_CORPUS',
  'TRIAGE_MODEL',
  'TRIAGE_OPTIONS',
  'WEIGHTS_ARGUMENT',
  'WEIGHTS_KEY',
]);

/** The exit code for a failure. */
export function exitCodeOf(error: unknown): ExitCode {
  return PhalanxError.is(error) && USAGE_CODES.has(error.code) ? ExitCode.USAGE : ExitCode.ENVIRONMENT;
}

/**
 * A failure as a person should see it: `phalanx: message (CODE)`, then the advice. The stack comes only with `debug`,
 * because it helps nobody who has not written the program.
 */
export function describeFailure(error: unknown, debug: boolean): string {
  if (debug && error instanceof Error) return `phalanx: ${error.stack ?? error.message}\n`;
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: unknown } | null)?.code;
  const advice = PhalanxError.is(error) && error.advice !== undefined ? `  ${error.advice}\n` : '';
  const known = typeof code === 'string' ? ` (${code})` : '';
  const hint = known === '' ? '  Set PHALANX_DEBUG=1 for the stack; this is likely a defect.\n' : '';
  return `phalanx: ${message}${known}\n${advice}${hint}`;
}
