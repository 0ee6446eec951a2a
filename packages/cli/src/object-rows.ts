import { PhalanxError } from '@phalanx/core';
import { z } from 'zod';
import type { CliErrorCode } from './cli-error.js';
import { readLines } from './text-rows.js';

const MAX_ROWS = 1_000_000;
const MAX_LINE_BYTES = 8_388_608;

/**
 * Objects of a JSONL file, all or none: for what is tested as a whole. Empty lines are passed over.
 *
 * @throws PhalanxError `CLI_FILE` naming the first line that does not fit, or when there are none or more than a million
 */
export async function readObjectRows<Row>(file: string, schema: z.ZodType<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const { line, bytes } of readLines(file)) {
    if (bytes.length > MAX_LINE_BYTES) throw rowError(`${file}, line ${line}: longer than 8 MiB`);
    const text = Buffer.from(bytes).toString('utf8').trim();
    if (text === '') continue;
    const parsed = schema.safeParse(parseJson(text));
    if (!parsed.success)
      throw rowError(`${file}, line ${line}: ${z.prettifyError(parsed.error).split('\n')[0]}`);
    if (rows.length === MAX_ROWS) throw rowError(`${file} has more than ${MAX_ROWS} rows`);
    rows.push(parsed.data);
  }
  if (rows.length === 0) throw rowError(`${file} has no rows`);
  return rows;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function rowError(what: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_FILE', what, { advice: 'One JSON object a line.' });
}
