import { PhalanxError } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { formatPlural } from '../figures.js';
import { type MarkFlags, openMarkSession } from '../mark-session.js';
import { writeAttribution, writeRowAttribution } from '../mark-text.js';
import type { Terminal } from '../terminal.js';
import { readTextRows } from '../text-rows.js';
import { readBytes } from './ledger.js';
import { parseAlpha, parseMasked } from './mark-detect.js';

export interface AttributeMarkFlags extends MarkFlags {
  readonly field: string;
  readonly mask: string[];
  readonly alpha: string;
  readonly tenants: string;
  readonly each?: boolean;
}

/**
 * `phalanx mark attribute`: which tenant's key the texts depend on, all together or with `--each` one by one. Exit 1 when a tenant is named.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, and what `openMarkSession` throws
 */
export async function attributeMarkCommand(
  profilePath: string,
  files: string[],
  flags: AttributeMarkFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { attributeKeys, attributeRows, gatherTexts, readText } = await import('@phalanx/watermark');
  const alpha = parseAlpha(flags.alpha);
  const masked = parseMasked(flags.mask);
  const session = await openMarkSession(profilePath, flags, terminal);
  const { rows, rejected } = await readTextRows(files, { field: flags.field });
  const tenants = readTenants(flags.tenants);
  const texts = rows.map(({ text }) => readText(session.tokenizer, text, masked));
  const unread = texts.filter((text) => text.unread !== null).length;
  if (unread > 0)
    terminal.talk(
      `${formatPlural(unread, 'text')} could not be read with this vocabulary and counted for nothing\n`,
    );
  const ring = tenants.map((id) => ({ id, open: () => session.openTenant(id) }));
  if (flags.each) {
    const gathered = texts.map((text) => gatherTexts(session.mark, [text]));
    const found = attributeRows(gathered, ring, { alpha });
    terminal.out(flags.json ? `${JSON.stringify(found)}\n` : writeRowAttribution(found, rows));
    return found.named.length > 0 || rejected > 0 ? ExitCode.FOUND : ExitCode.OK;
  }
  const attribution = attributeKeys(gatherTexts(session.mark, texts), ring, { alpha });
  terminal.out(flags.json ? `${JSON.stringify(attribution)}\n` : writeAttribution(attribution));
  return attribution.verdicts.some(({ named }) => named) || rejected > 0 ? ExitCode.FOUND : ExitCode.OK;
}

/** One id a line; each once. */
function readTenants(path: string): string[] {
  const tenants = Buffer.from(readBytes(path))
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '');
  if (tenants.length === 0)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${path} names no tenant`, {
      advice: 'Write one id a line.',
    });
  if (new Set(tenants).size !== tenants.length)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${path} names a tenant twice`, {
      advice: 'Each key is tried once, or the correction for their number is wrong.',
    });
  return tenants;
}
