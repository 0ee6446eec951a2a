import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import { refuse } from '../weights-error.js';
import { MAX_HEADER_BYTES } from './age-header.js';
import { isThere, writeWholeFile } from './whole-file.js';

const NAME = /^([0-9]{6})\.header$/;

/** Released headers on a recipient's disk: `000012.header` is segment 12's. They are of use to nobody else. */
export class KeyFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Null when it was not released. @throws PhalanxError `WEIGHTS_LIMIT`, `WEIGHTS_SOURCE` */
  async find(segment: number): Promise<Uint8Array | null> {
    const path = this.#pathOf(segment);
    if (!(await isThere(path))) return null;
    try {
      if ((await stat(path)).size > MAX_HEADER_BYTES) refuse('WEIGHTS_LIMIT', `${path} is no header`);
      return await readFile(path);
    } catch (error) {
      if (PhalanxError.is(error)) throw error;
      return refuse('WEIGHTS_SOURCE', `cannot read ${path}`, error);
    }
  }

  /** Segments whose header is there. */
  async list(): Promise<ReadonlySet<number>> {
    await mkdir(this.#folder, { recursive: true });
    const found = new Set<number>();
    for (const name of await readdir(this.#folder)) {
      const digits = NAME.exec(name)?.[1];
      if (digits !== undefined) found.add(Number(digits));
    }
    return found;
  }

  /** Keeps a header; one that is there stays. */
  async keep(segment: number, header: Uint8Array): Promise<void> {
    const path = this.#pathOf(segment);
    if (await isThere(path)) return;
    await writeWholeFile(
      path,
      (async function* () {
        yield header;
      })(),
      0o600,
    );
  }

  #pathOf(segment: number): string {
    return join(this.#folder, `${String(segment).padStart(6, '0')}.header`);
  }
}
