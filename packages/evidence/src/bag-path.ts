/** Longest path in a bag, in characters; file systems and archives take longer ones, people do not. */
const MAX_CHARS = 512;
const MAX_DEPTH = 16;
const CONTROL = /\p{Cc}/u;
/** Names that mean a device on Windows, whatever their extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

/**
 * Why a path is not let into a bag; null when it is. Paths are relative, with slashes, and mean the same file on every system: nobody who
 * unpacks a bag shall write outside of it, nor one file over another.
 */
export function findPathFault(path: string): string | null {
  if (path === '' || path.length > MAX_CHARS) return `is empty or longer than ${MAX_CHARS} characters`;
  if (CONTROL.test(path)) return 'has a control character';
  if (path !== path.normalize('NFC')) return 'is not in Unicode normal form C';
  if (/[\\:*?"<>|]/.test(path)) return 'has a character that some systems do not allow';
  const parts = path.split('/');
  if (parts.length > MAX_DEPTH) return `is deeper than ${MAX_DEPTH} folders`;
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..') return 'leads elsewhere';
    if (part.startsWith('~')) return 'may be read as somebody’s home folder';
    if (/[. ]$/.test(part) || DEVICE.test(part)) return 'cannot be a file everywhere';
  }
  return null;
}

/** What two paths have in common that are one file where case does not count. */
export function foldPath(path: string): string {
  return path.normalize('NFKC').toLowerCase().toUpperCase().normalize('NFC');
}

/** As manifests write a path: line breaks and percent signs encoded, and nothing else (RFC 8493 section 2.1.3). */
export function encodePath(path: string): string {
  return path.replace(
    /[\n\r%]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** Null for a percent sign that begins none of the three sequences that manifests have. */
export function decodePath(text: string): string | null {
  if (/%(?!0A|0D|25)/i.test(text)) return null;
  return text.replace(/%(0A|0D|25)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The paths of one bag: tells of every new one whether it can be a file beside the others on every system. */
export class BagPaths {
  /** By `foldPath`, folders too. */
  readonly #known = new Map<string, { readonly spelling: string; readonly isFile: boolean }>();

  /** Why the path is not let in; null when it is, which is remembered. */
  add(path: string): string | null {
    const fault = findPathFault(path);
    if (fault !== null) return fault;
    const parts = path.split('/');
    for (let i = 1; i <= parts.length; i++) {
      const spelling = parts.slice(0, i).join('/');
      const isFile = i === parts.length;
      const key = foldPath(spelling);
      const known = this.#known.get(key);
      if (known === undefined) this.#known.set(key, { spelling, isFile });
      else if (known.spelling !== spelling)
        return `differs from ${JSON.stringify(known.spelling)} in case alone`;
      else if (isFile || known.isFile) return 'is there twice, or is a file and a folder';
    }
    return null;
  }
}
