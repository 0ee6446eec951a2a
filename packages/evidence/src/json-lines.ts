import { fromUtf8, PhalanxError } from '@phalanx/core';
import type { EvidenceErrorCode } from './evidence-error.js';

/**
 * Values of a file with one JSON value a line, each line ended.
 *
 * @throws PhalanxError `EVIDENCE_RECORD` for a line that is longer, not UTF-8 or not JSON
 */
export async function* readJsonLines(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<unknown> {
  let rest = Buffer.alloc(0);
  for await (const part of content) {
    const bytes = rest.length === 0 ? Buffer.from(part) : Buffer.concat([rest, part]);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      if (end - start > maxLineBytes) throw lineError(`a line is longer than ${maxLineBytes} bytes`);
      yield parseLine(bytes.subarray(start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > maxLineBytes) throw lineError(`a line is longer than ${maxLineBytes} bytes`);
  }
  if (rest.length > 0) throw lineError('the last line is not ended');
}

function parseLine(line: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(line));
  } catch (cause) {
    throw lineError('a line is not JSON', cause);
  }
}

function lineError(what: string, cause?: unknown): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_RECORD', `a list cannot be read: ${what}`, { cause });
}
