import { PhalanxError } from '@phalanx/core';
import type { Masked } from '@phalanx/watermark';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { type MarkFlags, openMarkSession } from '../mark-session.js';
import { writeDetection } from '../mark-text.js';
import type { Terminal } from '../terminal.js';
import { readTextRows } from '../text-rows.js';

export interface DetectMarkFlags extends MarkFlags {
  readonly field: string;
  readonly mask: string[];
  readonly alpha: string;
  readonly each?: boolean;
  readonly spans?: boolean;
  readonly html?: string;
}

const MASKED = ['code', 'json', 'tool-calls'] as const satisfies readonly Masked[];

/** Keys that nobody used, tried on the same texts beside the one in question. */
const DECOYS = 200;

/**
 * `phalanx mark detect`: whether texts depend on a profile's key: all together, with `--each` one by one, with `--spans` where in each.
 * Exit 1 when something was found at alpha, or rows were rejected.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, and what `openMarkSession` throws
 */
export async function detectMarkCommand(
  profilePath: string,
  files: string[],
  flags: DetectMarkFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { detectMark } = await import('@phalanx/watermark');
  const alpha = parseAlpha(flags.alpha);
  const masked = parseMasked(flags.mask);
  const session = await openMarkSession(profilePath, flags, terminal);
  const { rows, rejected } = await readTextRows(files, { field: flags.field });
  const wantsSpans = flags.spans || flags.html !== undefined;
  const detection = detectMark({
    ...session,
    texts: rows.map(({ text }) => text),
    masked,
    alpha,
    depth: wantsSpans ? 'spans' : flags.each ? 'each' : 'all',
    decoys: session.openDecoys(DECOYS),
  });
  const { report } = detection;
  if (flags.html !== undefined) {
    const { writeMarkPage } = await import('../mark-page.js');
    await writeMarkPage(flags.html, detection, rows);
    terminal.talk(`page: ${flags.html}\n`);
  }
  terminal.out(flags.json ? `${JSON.stringify(report)}\n` : writeDetection(report, rows));
  const level = Math.log10(alpha);
  const isFound =
    report.log10P <= level ||
    report.each.some(({ log10AdjustedP, spans = [] }) => log10AdjustedP <= level || spans.length > 0);
  return isFound || rejected > 0 ? ExitCode.FOUND : ExitCode.OK;
}

/** @throws PhalanxError `CLI_USAGE` */
export function parseAlpha(text: string): number {
  const alpha = Number(text);
  if (!(alpha > 0 && alpha < 1))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `--alpha is between 0 and 1, not ${text}`);
  return alpha;
}

/** @throws PhalanxError `CLI_USAGE` */
export function parseMasked(kinds: readonly string[]): Masked[] {
  return kinds.map((kind) => {
    const known = MASKED.find((each) => each === kind);
    if (known === undefined)
      throw new PhalanxError<CliErrorCode>('CLI_USAGE', `nothing to mask is called ${kind}`, {
        advice: `Known: ${MASKED.join(', ')}.`,
      });
    return known;
  });
}
