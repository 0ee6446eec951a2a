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
  // Pieces of a line that is not ended are joined once: a line of megabytes would else be copied for every piece.
  let pieces: Uint8Array[] = [];
  let pending = 0;
  for await (const part of content) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      if (pending + end - start > maxLineBytes) throw tooLong(maxLineBytes);
      yield parseLine(Buffer.concat([...pieces, bytes.subarray(start, end)]));
      pieces = [];
      pending = 0;
      start = end + 1;
    }
    pieces.push(Buffer.from(bytes.subarray(start)));
    pending += bytes.length - start;
    if (pending > maxLineBytes) throw tooLong(maxLineBytes);
  }
  if (pending > 0) throw lineError('the last line is not ended');
}

function tooLong(maxLineBytes: number): PhalanxError<EvidenceErrorCode> {
  return lineError(`a line is longer than ${maxLineBytes} bytes`);
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
