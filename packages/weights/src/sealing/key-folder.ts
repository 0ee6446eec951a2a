import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import { refuse } from '../weights-error.js';
import { MAX_HEADER_BYTES } from './age-header.js';
import { isThere, writeWholeFile } from './whole-file.js';

const NAME = /^([0-9]{6})\.header$/;
/** Digest of the manifest whose keys they are, and a line break. */
const ARTIFACT_NAME = 'artifact.sha256';

/** Released headers on a recipient's disk: `000012.header` is segment 12's. They are of use to nobody else. */
export class KeyFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Makes the folder that of one container: keys of another would have the same names, and a manifest that was exchanged together
   * with its segments would go unseen.
   *
   * @throws PhalanxError `WEIGHTS_LEASE` when it is another's
   */
  async bind(artifactSha256: string): Promise<void> {
    await this.requireArtifact(artifactSha256);
    const path = join(this.#folder, ARTIFACT_NAME);
    if (!(await isThere(path))) await writeWholeFile(path, once(Buffer.from(`${artifactSha256}\n`)));
  }

  /** @throws PhalanxError `WEIGHTS_LEASE` when the folder was bound to another container */
  async requireArtifact(artifactSha256: string): Promise<void> {
    const bound = await this.#read(ARTIFACT_NAME);
    if (bound !== null && Buffer.from(bound).toString('latin1').trimEnd() !== artifactSha256)
      refuse('WEIGHTS_LEASE', `the keys in ${this.#folder} are of another container`);
  }

  /** Null when it was not released. @throws PhalanxError `WEIGHTS_LIMIT`, `WEIGHTS_SOURCE` */
  find(segment: number): Promise<Uint8Array | null> {
    return this.#read(nameOf(segment));
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
    const path = join(this.#folder, nameOf(segment));
    if (!(await isThere(path))) await writeWholeFile(path, once(header), 0o600);
  }

  /** Null when it is not there. */
  async #read(name: string): Promise<Uint8Array | null> {
    const path = join(this.#folder, name);
    if (!(await isThere(path))) return null;
    try {
      if ((await stat(path)).size > MAX_HEADER_BYTES) refuse('WEIGHTS_LIMIT', `${path} is too long`);
      return await readFile(path);
    } catch (error) {
      if (PhalanxError.is(error)) throw error;
      return refuse('WEIGHTS_SOURCE', `cannot read ${path}`, error);
    }
  }
}

function nameOf(segment: number): string {
  return `${String(segment).padStart(6, '0')}.header`;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
