import { createHash } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { type FileHandle, open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { fromUtf8, PhalanxError } from '@phalanx/core';
import { BagPaths, decodePath } from './bag-path.js';
import { BAG_DECLARATION, type BagInfo, MANIFEST, PAYLOAD, TAG_MANIFEST } from './bag-writer.js';
import type { EvidenceErrorCode } from './evidence-error.js';

/** How much of a stranger's bag is read. */
export interface BagLimits {
  /** Files of all kinds; default 100,000. */
  readonly maxFiles?: number;
  /** Bytes of all files; default 64 GiB. */
  readonly maxBytes?: number;
}

/** One file that a manifest lists. */
export interface ListedFile {
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

const MAX_FILES = 100_000;
const MAX_BYTES = 64 * 2 ** 30;
const MAX_MANIFEST_BYTES = 100_000_000;
const MAX_INFO_BYTES = 1_000_000;
const MANIFEST_NAME = /^(?:tag)?manifest-[^/]*\.txt$/i;
const CHUNK_BYTES = 1 << 20;

/**
 * A BagIt 1.0 bag in a folder that a stranger may have made, read under a profile of RFC 8493: manifests are of SHA-256, lower case, two spaces
 * before the path; every file but `tagmanifest-sha256.txt` is listed; nothing is fetched from elsewhere; there are no links and no special
 * files; no two paths are one where case does not count; there is a payload. Nobody else may write in the folder meanwhile.
 */
export class Bag {
  readonly folder: string;
  /** `bag-info.txt`. */
  readonly info: BagInfo;
  /** SHA-256 of `tagmanifest-sha256.txt`, hexadecimal: every file of the bag hangs on it. */
  readonly sha256: string;
  /** Every listed file by its path, payload and others, in the order of the manifests. */
  readonly files: ReadonlyMap<string, ListedFile>;

  private constructor(folder: string, info: BagInfo, sha256: string, files: ReadonlyMap<string, ListedFile>) {
    this.folder = folder;
    this.info = info;
    this.sha256 = sha256;
    this.files = files;
  }

  /**
   * Opens a bag that is complete (RFC 8493 section 3): what is listed is there, what is there is listed, and sizes add up. The tag manifest,
   * the manifest, `bagit.txt` and `bag-info.txt` are as listed; the other files are not hashed yet.
   *
   * @throws PhalanxError `EVIDENCE_BAG`, `EVIDENCE_BAG_INCOMPLETE`, `EVIDENCE_BAG_ALTERED`, `EVIDENCE_LIMIT`, each naming the first bad file
   */
  static async open(folder: string, limits: BagLimits = {}): Promise<Bag> {
    const present = await listFiles(folder, limits);
    const paths = new BagPaths();
    for (const path of present.keys()) {
      const fault = paths.add(path);
      if (fault !== null) throw bagError(`${show(path)} ${fault}`);
      if (!path.includes('/') && MANIFEST_NAME.test(path) && path !== MANIFEST && path !== TAG_MANIFEST)
        throw bagError(`${show(path)} is a manifest of another kind`);
    }
    if (present.has('fetch.txt')) throw bagError('fetch.txt says that files lie elsewhere');
    const tagManifest = await readAll(folder, TAG_MANIFEST, MAX_MANIFEST_BYTES);
    const files = new Map<string, ListedFile>();
    parseManifest(TAG_MANIFEST, tagManifest, present, files, (path) => !path.startsWith(PAYLOAD));
    const readTag = async (path: string, maxBytes: number): Promise<Uint8Array> => {
      const bytes = await readAll(folder, path, maxBytes);
      const listed = files.get(path);
      if (listed === undefined) throw incomplete(`${path} is not listed`);
      if (hashOf(bytes) !== listed.sha256) throw altered(path);
      return bytes;
    };
    if (decode('bagit.txt', await readTag('bagit.txt', 1_000)) !== BAG_DECLARATION)
      throw bagError('bagit.txt does not declare version 1.0 in UTF-8');
    const info = parseInfo(decode('bag-info.txt', await readTag('bag-info.txt', MAX_INFO_BYTES)));
    const manifest = await readTag(MANIFEST, MAX_MANIFEST_BYTES);
    parseManifest(MANIFEST, manifest, present, files, (path) => path.startsWith(PAYLOAD));
    for (const path of present.keys())
      if (path !== TAG_MANIFEST && !files.has(path)) throw incomplete(`${show(path)} is not listed`);
    if (![...files.keys()].some((path) => path.startsWith(PAYLOAD))) throw incomplete('it has no payload');
    checkOxum(info, files);
    return new Bag(folder, info, hashOf(tagManifest), files);
  }

  /**
   * Hashes every file: a complete bag whose files are all as listed is valid (RFC 8493 section 3).
   *
   * @throws PhalanxError `EVIDENCE_BAG_ALTERED`, `EVIDENCE_BAG_INCOMPLETE`, naming the first bad file in the order of the manifests
   */
  async verify(): Promise<void> {
    for (const path of this.files.keys()) for await (const _ of this.stream(path));
  }

  /**
   * The content of a listed file in pieces. It is hashed on the way: when it is not what was listed, the end is an exception.
   *
   * @throws PhalanxError `EVIDENCE_BAG_INCOMPLETE` for a file that is not listed or not there, `EVIDENCE_BAG_ALTERED`
   */
  async *stream(path: string): AsyncGenerator<Uint8Array> {
    const listed = this.files.get(path);
    if (listed === undefined) throw incomplete(`${show(path)} is not listed`);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of readParts(this.folder, path)) {
      bytes += part.length;
      if (bytes > listed.bytes) throw altered(path);
      hash.update(part);
      yield part;
    }
    if (hash.digest('hex') !== listed.sha256) throw altered(path);
  }

  /**
   * The whole of a listed file, as it was listed.
   *
   * @throws PhalanxError as `stream`; `EVIDENCE_LIMIT` above `maxBytes`
   */
  async read(path: string, maxBytes: number): Promise<Uint8Array> {
    const { bytes = 0 } = this.files.get(path) ?? {};
    if (bytes > maxBytes) throw tooMuch(`${show(path)} has ${bytes} bytes, more than ${maxBytes}`);
    const parts: Uint8Array[] = [];
    for await (const part of this.stream(path)) parts.push(part);
    return new Uint8Array(Buffer.concat(parts));
  }
}

/** Every file below a folder with its size. */
async function listFiles(folder: string, limits: BagLimits): Promise<Map<string, number>> {
  const { maxFiles = MAX_FILES, maxBytes = MAX_BYTES } = limits;
  const found = new Map<string, number>();
  const waiting = [''];
  let bytes = 0;
  let entries = 0;
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop())
    for (const entry of await readFolder(folder, below, 2 * maxFiles)) {
      const path = below + entry.name;
      if (++entries > 2 * maxFiles) throw tooMuch(`more than ${maxFiles} files and as many folders`);
      if (entry.isDirectory()) {
        waiting.push(`${path}/`);
        continue;
      }
      if (!entry.isFile()) throw bagError(`${show(path)} is neither file nor folder`);
      const size = await sizeOf(folder, path);
      bytes += size;
      found.set(path, size);
      if (found.size > maxFiles) throw tooMuch(`more than ${maxFiles} files`);
      if (bytes > maxBytes) throw tooMuch(`more than ${maxBytes} bytes`);
    }
  return found;
}

async function readFolder(folder: string, below: string, maxEntries: number): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  try {
    for await (const entry of await opendir(join(folder, below)))
      if (entries.push(entry) > maxEntries) throw tooMuch(`more than ${maxEntries} entries in a folder`);
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    throw incomplete(`${show(below || folder)} cannot be read`, cause);
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function sizeOf(folder: string, path: string): Promise<number> {
  const file = await openFile(folder, path);
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Links are not followed, and a pipe does not make us wait. */
async function openFile(folder: string, path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(join(folder, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw incomplete(`${show(path)} cannot be read`, cause);
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw bagError(`${show(path)} is no file`);
}

async function* readParts(folder: string, path: string): AsyncGenerator<Uint8Array> {
  const file = await openFile(folder, path);
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function readAll(folder: string, path: string, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of readParts(folder, path)) {
    bytes += part.length;
    if (bytes > maxBytes) throw tooMuch(`${path} has more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function parseManifest(
  name: string,
  bytes: Uint8Array,
  present: ReadonlyMap<string, number>,
  files: Map<string, ListedFile>,
  isHere: (path: string) => boolean,
): void {
  const text = decode(name, bytes);
  if (text !== '' && !text.endsWith('\n')) throw bagError(`${name} does not end in a newline`);
  for (const [i, line] of text.split('\n').slice(0, -1).entries()) {
    const [, sha256, encoded] = /^([0-9a-f]{64}) {2}([^\r]+)$/.exec(line) ?? [];
    const path = encoded === undefined ? null : decodePath(encoded);
    if (sha256 === undefined || path === null)
      throw bagError(`line ${i + 1} of ${name} is no hash, two spaces and a path`);
    if (!isHere(path) || path === TAG_MANIFEST) throw bagError(`${show(path)} is no file for ${name}`);
    const size = present.get(path);
    if (size === undefined) throw incomplete(`${show(path)} is not there`);
    if (files.has(path)) throw bagError(`${show(path)} is listed twice`);
    files.set(path, { sha256, bytes: size });
  }
}

/** Labels and values; lines that go on are joined (RFC 8493 section 2.2.2). */
function parseInfo(text: string): BagInfo {
  const info: [string, string][] = [];
  for (const [i, line] of text.replace(/\n$/, '').split('\n').entries()) {
    const last = info.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined) {
      last[1] += ` ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1) throw bagError(`line ${i + 1} of bag-info.txt is no label and value`);
    info.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return info;
}

function checkOxum(info: BagInfo, files: ReadonlyMap<string, ListedFile>): void {
  const stated = info.filter(([label]) => label.toLowerCase() === 'payload-oxum').map(([, value]) => value);
  const payload = [...files].filter(([path]) => path.startsWith(PAYLOAD)).map(([, { bytes }]) => bytes);
  const found = `${payload.reduce((sum, bytes) => sum + bytes, 0)}.${payload.length}`;
  if (stated.some((oxum) => oxum !== found))
    throw incomplete(`Payload-Oxum is ${show(stated.join(' and '))}, the payload ${found}`);
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    // A byte order mark would be lost; RFC 8493 section 2.3 forbids it.
    if (bytes[0] === 0xef && bytes[1] === 0xbb) throw new TypeError('a byte order mark');
    return fromUtf8(bytes);
  } catch (cause) {
    throw bagError(`${name} is not UTF-8`, cause);
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Names are a stranger's: quoted, without control characters, and cut. */
function show(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}...` : path);
}

function bagError(what: string, cause?: unknown): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_BAG', `not a bag that can be used: ${what}`, { cause });
}

function incomplete(what: string, cause?: unknown): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_BAG_INCOMPLETE', `the bag is not complete: ${what}`, {
    cause,
    advice: 'Get the bag again from where it came.',
  });
}

function altered(path: string): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_BAG_ALTERED', `${show(path)} is not what the manifest lists`, {
    advice: 'Do not use it. Get the bag again from where it came.',
  });
}

function tooMuch(what: string): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_LIMIT', `the bag is too large: ${what}`, {
    advice: 'Raise the limit when the bag comes from somebody trusted.',
  });
}
