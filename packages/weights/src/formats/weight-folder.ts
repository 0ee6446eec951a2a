import { readdir, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { refuse, requireFormat } from '../weights-error.js';
import { type ByteSource, openFileSource } from './byte-source.js';
import { type HttpSourceSettings, openHttpSource } from './http-source.js';

/** Where the files that a file names may lie: beside it. */
export interface WeightFolder {
  /**
   * A file of this folder or below, by a path with `/` that a stranger wrote.
   *
   * @throws PhalanxError `WEIGHTS_FORMAT` for a path that leads out of the folder, `WEIGHTS_SOURCE`
   */
  open(path: string): Promise<ByteSource>;
}

const MAX_PATH = 1_024;

/**
 * The parts of a relative path that stays below where it begins, on every system that reads it.
 *
 * @throws PhalanxError `WEIGHTS_FORMAT` for an absolute path, a drive, `..`, `.`, an empty part, a backslash, a colon or a control character
 */
export function splitInnerPath(path: string): readonly string[] {
  requireFormat(path.length <= MAX_PATH, 'a path of more than 1,024 characters');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  requireFormat(!/[\\:\u0000-\u001f\u007f]/.test(path), 'a path with what no file of a folder has');
  const parts = path.split('/');
  for (const part of parts)
    requireFormat(part !== '' && part !== '.' && part !== '..', 'a path that leads out of its folder');
  return parts;
}

/**
 * The folder of a file on disk. Links are followed where they end in this folder, or in that of the file's own target: hubs keep
 * a snapshot as links into one folder of contents.
 */
export async function openFolderOf(file: string): Promise<WeightFolder> {
  const folder = dirname(file);
  const roots = [await realpath(folder), dirname(await realpath(file))];
  return {
    async open(path) {
      const wanted = join(folder, ...splitInnerPath(path));
      let target: string;
      try {
        target = await realpath(wanted);
      } catch (cause) {
        return refuse('WEIGHTS_SOURCE', `cannot open ${wanted}`, cause);
      }
      requireFormat(
        roots.some((root) => target.startsWith(root.endsWith(sep) ? root : root + sep)),
        'a link that leads out of its folder',
      );
      return openFileSource(target);
    },
  };
}

/** The folder of an address: what stands before its last slash, with the same query. */
export function openFolderOfUrl(url: string, settings: HttpSourceSettings = {}): WeightFolder {
  return {
    async open(path) {
      const address = new URL(url);
      const parts = splitInnerPath(path).map(encodeURIComponent);
      address.pathname = address.pathname.replace(/[^/]*$/, parts.join('/'));
      return openHttpSource(address.href, settings);
    },
  };
}

/** Names of the files of a folder on disk, sorted. @throws PhalanxError `WEIGHTS_SOURCE` */
export async function listFiles(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map(({ name }) => name)
      .sort();
  } catch (cause) {
    return refuse('WEIGHTS_SOURCE', `cannot list ${folder}`, cause);
  }
}
