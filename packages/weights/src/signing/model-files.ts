import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { refuse, requireFormat, requireWithin } from '../weights-error.js';

/** A file of a model on disk. */
export interface ModelFile {
  /** Path in the model, parts apart by `/`; `.` for a model that is one file. */
  readonly path: string;
  /** Where it is read. */
  readonly location: string;
  readonly sizeBytes: number;
}

/** What of a folder belongs to the model. */
export interface FileRules {
  /** Paths in the model that are left out, with all below; no patterns. */
  readonly ignorePaths: readonly string[];
  /** Reads links to files where they lead; otherwise a link is refused. Links to folders always are. Default false. */
  readonly allowSymlinks?: boolean;
}

/** Left out at the top of a model unless somebody lists them (OpenSSF Model Signing 1.0 section 6.2). */
export const GIT_PATHS: readonly string[] = ['.git', '.gitattributes', '.github', '.gitignore'];
/** Files, folders and depth of one model. */
export const MODEL_LIMITS = { files: 500_000, depth: 64, pathChars: 4_096 } as const;

/**
 * Whether a text is a relative path that stays in its folder on every system: parts apart by single slashes, none of them `.` or `..`,
 * no drive, backslash or control character.
 */
export function isModelPath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (path.length > MODEL_LIMITS.pathChars || /[\\\u0000-\u001f\u007f]|^[A-Za-z]:/.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** Whether `path` is one of `paths` or lies below one. */
export function isBelow(path: string, paths: ReadonlySet<string>): boolean {
  for (let at = path.length; at > 0; at = path.lastIndexOf('/', at - 1))
    if (paths.has(path.slice(0, at))) return true;
  return false;
}

/** Code points, as OpenSSF Model Signing sorts; JavaScript's own order differs beyond U+FFFF. */
export function comparePaths(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** The last part of where a model lies, whatever it was called by. */
export async function readModelName(location: string): Promise<string> {
  try {
    return basename(await realpath(location));
  } catch (cause) {
    return refuse('WEIGHTS_SOURCE', `cannot open ${location}`, cause);
  }
}

/**
 * The files of a model, a folder or a single file, in the order of `comparePaths`. Nothing that is no file, folder or permitted link is
 * passed over: a socket, a device, or a name that is not UTF-8 or no `isModelPath`, is refused.
 *
 * @throws PhalanxError `WEIGHTS_SOURCE`; `WEIGHTS_FORMAT` for a link or what is refused; `WEIGHTS_LIMIT`
 */
export async function listModelFiles(location: string, rules: FileRules): Promise<ModelFile[]> {
  const allowSymlinks = rules.allowSymlinks ?? false;
  const entry = await look(location, allowSymlinks);
  if (entry.isFile()) return [{ path: '.', location, sizeBytes: entry.size }];
  requireFormat(entry.isDirectory(), `${location} is no file and no folder`);
  const ignored = new Set(rules.ignorePaths);
  const files: ModelFile[] = [];
  const folders: { readonly path: string; readonly depth: number }[] = [{ path: '', depth: 0 }];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { path: parent, depth } = folder;
    requireWithin(depth <= MODEL_LIMITS.depth, `folders deeper than ${MODEL_LIMITS.depth}`);
    for (const name of await readNames(join(location, parent))) {
      const path = parent === '' ? name : `${parent}/${name}`;
      if (ignored.has(path)) continue;
      requireFormat(isModelPath(path), `a name that not every system can hold: ${JSON.stringify(path)}`);
      const inner = join(location, path);
      const found = await look(inner, allowSymlinks);
      if (found.isFile()) files.push({ path, location: inner, sizeBytes: found.size });
      else {
        requireFormat(found.isDirectory(), `${inner} is no file and no folder`);
        folders.push({ path, depth: depth + 1 });
      }
      requireWithin(
        files.length + folders.length <= MODEL_LIMITS.files,
        `more than ${MODEL_LIMITS.files} files`,
      );
    }
  }
  return files.sort((a, b) => comparePaths(a.path, b.path));
}

async function look(path: string, allowSymlinks: boolean) {
  try {
    const own = await lstat(path);
    if (!own.isSymbolicLink()) return own;
    requireFormat(allowSymlinks, `${path} is a symbolic link`);
    const target = await stat(path);
    // A folder could be met twice, or hold its own link.
    requireFormat(target.isFile(), `${path} is a link to something else than a file`);
    return target;
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'WEIGHTS_FORMAT') throw cause;
    return refuse('WEIGHTS_SOURCE', `cannot open ${path}`, cause);
  }
}

async function readNames(folder: string): Promise<string[]> {
  let names: Buffer[];
  try {
    names = await readdir(folder, { encoding: 'buffer' });
  } catch (cause) {
    return refuse('WEIGHTS_SOURCE', `cannot open ${folder}`, cause);
  }
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return names.map((name) => {
    try {
      return decoder.decode(name);
    } catch (cause) {
      return refuse('WEIGHTS_FORMAT', `a name in ${folder} that is not UTF-8`, cause);
    }
  });
}
