import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { splitInnerPath } from '../formats/weight-folder.js';
import { refuse, requireWithin } from '../weights-error.js';

/** A file below a folder. */
export interface TreeFile {
  /** Relative, with slashes. */
  readonly path: string;
  readonly sizeBytes: number;
}

export const MAX_TREE_FILES = 100_000;
const MAX_DEPTH = 32;

/**
 * Files of a folder and of those below, sorted by path in UTF-16 units. Links to files are followed, as hubs keep a snapshot; a link
 * to a folder is refused, since it may lead anywhere and back.
 *
 * @throws PhalanxError `WEIGHTS_LIMIT` above 100,000 files or 32 levels, `WEIGHTS_FORMAT` for a name that not every system has,
 * `WEIGHTS_ARGUMENT` for what is neither file nor folder, `WEIGHTS_SOURCE`
 */
export async function listTree(root: string): Promise<readonly TreeFile[]> {
  const files: TreeFile[] = [];
  const walk = async (inner: string, depth: number): Promise<void> => {
    requireWithin(depth <= MAX_DEPTH, `folders nest deeper than ${MAX_DEPTH}`);
    for (const entry of await readdir(join(root, inner), { withFileTypes: true })) {
      const path = inner === '' ? entry.name : `${inner}/${entry.name}`;
      splitInnerPath(path);
      if (entry.isDirectory()) {
        await walk(path, depth + 1);
        continue;
      }
      const found = await stat(join(root, path));
      if (!found.isFile()) refuse('WEIGHTS_ARGUMENT', `${path} is neither a file nor a folder`);
      requireWithin(files.length < MAX_TREE_FILES, `a folder of more than ${MAX_TREE_FILES} files`);
      files.push({ path, sizeBytes: found.size });
    }
  };
  try {
    await walk('', 0);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT')
      refuse('WEIGHTS_SOURCE', `cannot read ${root}`, error);
    throw error;
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
