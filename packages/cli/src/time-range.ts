import { DAY_MS, PhalanxError } from '@phalanx/core';
import type { TimeWindow } from '@phalanx/domain';
import type { CliErrorCode } from './cli-error.js';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z$/;

/**
 * `FROM..TO` as a half-open window, UTC. A side is a day (`2026-02-01`; as TO it is included whole) or an instant
 * (`2026-02-01T06:00Z`).
 *
 * @throws PhalanxError `CLI_USAGE` for anything else, or a window that does not end after it starts.
 */
export function parseTimeRange(text: string): TimeWindow {
  const [from, to, ...rest] = text.split('..');
  const fromMs = readSide(from);
  const toMs = readSide(to);
  if (rest.length > 0 || fromMs === null || toMs === null) throw refused(`"${text}" is not FROM..TO`);
  const window = { fromMs, toMs: DAY.test(to ?? '') ? toMs + DAY_MS : toMs };
  if (window.toMs <= window.fromMs) throw refused(`"${text}" ends before it starts`);
  return window;
}

/** One day (its first moment) or instant, UTC. @throws PhalanxError `CLI_USAGE` for anything else. */
export function parseInstant(text: string): number {
  const ms = readSide(text);
  if (ms === null) throw refused(`"${text}" is no day or instant`);
  return ms;
}

function readSide(text: string | undefined): number | null {
  if (text === undefined || !(DAY.test(text) || INSTANT.test(text))) return null;
  const ms = Date.parse(text);
  // 2026-02-30 parses in some forms and means another day.
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text.slice(0, 10) ? null : ms;
}

function refused(message: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', message, {
    advice: 'Write days or instants in UTC: 2026-02-01..2026-02-07 or 2026-02-01T06:00Z..2026-02-02T18:00Z.',
  });
}
