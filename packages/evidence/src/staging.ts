import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BagFile } from './bag-writer.js';

/** A file by its path in the bundle. */
export interface StagedFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Files of a bundle before there is one: a statement names their hashes, and is itself in the bundle. Small ones stay in memory, streams go
 * to a temporary folder.
 */
export class Staging {
  readonly #folder: string;
  readonly #contents = new Map<string, StagedFile & { readonly content: BagFile['content'] }>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param beside folder on the same disk as the bundle */
  static async open(beside: string): Promise<Staging> {
    return new Staging(await mkdtemp(join(beside, '.phalanx-evidence-')));
  }

  put(path: string, content: Uint8Array): StagedFile {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const file = { path, sha256, bytes: content.length, content };
    this.#contents.set(path, file);
    return file;
  }

  async putStream(path: string, content: AsyncIterable<Uint8Array>): Promise<StagedFile> {
    const place = join(this.#folder, String(this.#contents.size));
    const hash = createHash('sha256');
    let bytes = 0;
    const file = await open(place, 'wx', 0o600);
    try {
      for await (const part of content) {
        hash.update(part);
        for (let at = 0; at < part.length; ) at += (await file.write(part, at)).bytesWritten;
        bytes += part.length;
      }
    } finally {
      await file.close();
    }
    const staged = { path, sha256: hash.digest('hex'), bytes };
    this.#contents.set(path, {
      ...staged,
      content: { [Symbol.asyncIterator]: () => createReadStream(place)[Symbol.asyncIterator]() },
    });
    return staged;
  }

  /** In the order in which they were put. */
  get files(): readonly StagedFile[] {
    return [...this.#contents.values()];
  }

  /** `manifest-sha256.txt` as the bag will have it, for the files so far. */
  manifest(): string {
    return [...this.#contents.values()]
      .filter(({ path }) => path.startsWith('data/'))
      .map(({ sha256, path }) => `${sha256}  ${path}\n`)
      .sort()
      .join('');
  }

  contents(): BagFile[] {
    return [...this.#contents.values()].map(({ path, content }) => ({ path, content }));
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
