import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ByteSource, openFileSource } from '../formats/byte-source.js';
import { refuse } from '../weights-error.js';
import { requireRecipients } from './age-key.js';
import { listTree } from './file-tree.js';
import { openSealedStream, sealSource } from './sealed-stream.js';
import { writeWholeFile } from './whole-file.js';

/** What became of one file. */
export interface SealedFile {
  /** The file that was written. */
  readonly path: string;
  readonly bytes: number;
}

const SUFFIX = '.age';
const OPENED_MODE = 0o600;

/**
 * Seals a file as an age file, or a folder as a folder of age files: each `name` becomes `name.age`, for the same recipients. Nothing
 * binds the files of a folder to one another, and anybody can seal for a recipient: sign the folder first, and seal the signature
 * with it.
 *
 * @param out the file or folder to write
 * @throws PhalanxError `WEIGHTS_KEY`, `WEIGHTS_SOURCE`, `WEIGHTS_ARGUMENT` when a file is there already, and what `listTree` throws
 */
export async function* sealPath(
  path: string,
  out: string,
  recipients: readonly string[],
): AsyncGenerator<SealedFile> {
  requireRecipients(recipients);
  for (const { from, to } of await pairFiles(path, out, (inner) => inner + SUFFIX))
    yield await withSource(from, async (source) => ({
      path: to,
      bytes: await writeWholeFile(to, sealSource(source, recipients)),
    }));
}

/**
 * Opens what `sealPath` or `age` sealed: a file, or a folder of `.age` files. Plaintext gets mode 0600.
 *
 * @throws PhalanxError `WEIGHTS_SEAL`, `WEIGHTS_KEY`, `WEIGHTS_SOURCE`, `WEIGHTS_ARGUMENT` for a folder with another file in it
 */
export async function* openPath(
  path: string,
  out: string,
  identities: readonly string[],
): AsyncGenerator<SealedFile> {
  const unnamed = (inner: string): string =>
    inner.endsWith(SUFFIX)
      ? inner.slice(0, -SUFFIX.length)
      : refuse('WEIGHTS_ARGUMENT', `${inner} does not end in ${SUFFIX}`);
  for (const { from, to } of await pairFiles(path, out, unnamed))
    yield await withSource(from, async (source) => ({
      path: to,
      bytes: await writeWholeFile(to, openSealedStream(source, identities), OPENED_MODE),
    }));
}

/** A file with the file that it becomes, or each file of a folder. All names are looked at before anything is written. */
async function pairFiles(path: string, out: string, rename: (inner: string) => string) {
  if (!(await isFolder(path))) return [{ from: path, to: out }];
  return (await listTree(path)).map(({ path: inner }) => ({
    from: join(path, inner),
    to: join(out, ...rename(inner).split('/')),
  }));
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    return refuse('WEIGHTS_SOURCE', `cannot open ${path}`, cause);
  }
}

async function withSource<T>(path: string, work: (source: ByteSource) => Promise<T>): Promise<T> {
  const source = await openFileSource(path);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}
