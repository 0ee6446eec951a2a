import { open, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import type { RejectedRow } from './chunk-result.js';
import type { IngestErrorCode } from './error.js';
import { STDIN_PATH } from './source.js';

/** Where the rejected rows of a source go: beside it, or under `directory`; "stdin.rejected" for standard input. */
export function rejectedPath(path: string, directory: string | undefined): string {
  const name = path === STDIN_PATH ? 'stdin' : path;
  return directory === undefined ? `${name}.rejected` : join(directory, `${basename(name)}.rejected`);
}

/**
 * Writes rejected rows as JSON lines `{file, line, offset, reason, row}`, in the order of the source. The file is made
 * with the first row.
 *
 * Rows reach the disk before the progress that covers them, so after a crash the file may be ahead: on opening, rows
 * at or past the offset where reading resumes are cut off, because they will be met again.
 */
export class RejectedFile {
  readonly path: string;
  readonly #source: string;

  constructor(path: string, source: string) {
    this.path = path;
    this.#source = source;
  }

  /** Drops rows at or past `offset`, and a torn last line. An empty file is removed. */
  async rewind(offset: number): Promise<void> {
    const size = await stat(this.path).then(
      (found) => found.size,
      () => null,
    );
    if (size === null) return;
    if (offset === 0) {
      await rm(this.path);
      return;
    }
    const handle = await open(this.path, 'r+');
    try {
      let keep = 0;
      let torn: Buffer = Buffer.alloc(0);
      scan: for await (const piece of handle.createReadStream({ autoClose: false, start: 0 })) {
        torn = Buffer.concat([torn, piece as Buffer]);
        for (let end = torn.indexOf(0x0a); end !== -1; end = torn.indexOf(0x0a)) {
          if (readOffset(torn.toString('utf8', 0, end)) >= offset) break scan;
          keep += end + 1;
          torn = torn.subarray(end + 1);
        }
      }
      await handle.truncate(keep);
    } finally {
      await handle.close();
    }
  }

  /**
   * Appends rows and syncs. `lineNumber` counts from 1 in the whole source.
   *
   * @throws PhalanxError `INGEST_REJECTED_FILE` when the disk does not take it.
   */
  async append(rows: readonly (RejectedRow & { readonly lineNumber: number })[]): Promise<void> {
    if (rows.length === 0) return;
    const lines = rows.map(({ lineNumber, offset, reason, excerpt }) =>
      JSON.stringify({ file: this.#source, line: lineNumber, offset, reason, row: excerpt }),
    );
    try {
      const handle = await open(this.path, 'a', 0o600);
      try {
        await handle.writeFile(`${lines.join('\n')}\n`);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    } catch (cause) {
      throw new PhalanxError<IngestErrorCode>('INGEST_REJECTED_FILE', `cannot write ${this.path}`, {
        cause,
        advice: 'Name another directory for rejected rows.',
      });
    }
  }
}

function readOffset(line: string): number {
  try {
    return Number((JSON.parse(line) as { offset?: unknown }).offset ?? 0);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
