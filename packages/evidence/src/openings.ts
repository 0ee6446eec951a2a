import { fromBase64, fromUtf8, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import {
  commitmentOf,
  type ExchangeLeaf,
  GROUPS,
  type Group,
  type OpenedExchange,
  SALT_BYTES,
  verifyOpening,
} from '@phalanx/record';
import { z } from 'zod';
import type { EvidenceErrorCode } from './evidence-error.js';
import { readJsonLines } from './json-lines.js';

/** Opened groups of one entry, by name. */
export type OpenedGroups = Readonly<Partial<Record<Group, Uint8Array>>>;

/** Groups that say how a request was made and what detection saw of it, but neither who nor what. */
export const METADATA_GROUPS = ['request', 'response', 'detector'] as const satisfies readonly Group[];
export const TEXT_GROUPS = ['prompt', 'completion'] as const satisfies readonly Group[];

/** A row of eight megabytes may be one prompt; JSON may double it. */
const MAX_LINE_BYTES = 1 << 26;

const Line = z.strictObject({
  index: z.number().int().min(0),
  groups: z.partialRecord(z.enum(GROUPS), z.strictObject({ salt: z.string().length(24), value: z.string() })),
});

/**
 * One line of a file of openings, or null when none of these groups can still be opened.
 *
 * Values are UTF-8 text; the salt is Base64.
 */
export function formatOpeningLine(
  index: number,
  { salts, values }: OpenedExchange,
  groups: readonly Group[],
): Uint8Array | null {
  const shown = groups.flatMap((group) => {
    const i = GROUPS.indexOf(group);
    const value = values[i];
    // What the source never said was committed to as no bytes, and cannot be told here from what was not kept.
    if (!value) return [];
    const salt = toBase64(salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES));
    return [[group, { salt, value: fromUtf8(value) }]];
  });
  return shown.length === 0
    ? null
    : utf8(`${JSON.stringify({ index, groups: Object.fromEntries(shown) })}\n`);
}

/**
 * Reads openings and checks each against its leaf.
 *
 * @param leaves by index
 * @throws PhalanxError `EVIDENCE_RECORD` for a malformed line, an entry that is not listed or comes twice, and a value that is not what was
 *   logged
 */
export async function* readOpenings(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  leaves: { get(index: number): Pick<ExchangeLeaf, 'commitments'> | undefined },
): AsyncGenerator<{ readonly index: number; readonly groups: OpenedGroups }> {
  let last = -1;
  for await (const line of readJsonLines(content, MAX_LINE_BYTES)) {
    const parsed = Line.safeParse(line);
    if (!parsed.success) throw openingError('a line is malformed');
    const { index, groups } = parsed.data;
    if (index <= last) throw openingError(`entry ${index} is out of order`);
    last = index;
    const leaf = leaves.get(index);
    if (leaf === undefined) throw openingError(`entry ${index} is not in the list of leaves`);
    const opened: Partial<Record<Group, Uint8Array>> = {};
    for (const group of GROUPS) {
      const shown = groups[group];
      if (shown === undefined) continue;
      try {
        const value = utf8(shown.value);
        verifyOpening(commitmentOf(leaf, group), { group, salt: fromBase64(shown.salt), value });
        opened[group] = value;
      } catch (cause) {
        throw openingError(`the ${group} group of entry ${index} is not what was logged`, cause);
      }
    }
    yield { index, groups: opened };
  }
}

function openingError(what: string, cause?: unknown): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_RECORD', `an opening does not hold: ${what}`, { cause });
}
