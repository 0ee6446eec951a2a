import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PhalanxError, toHex, utf8 } from '@phalanx/core';
import { BagPaths } from './bag-path.js';
import type { EvidenceErrorCode } from './evidence-error.js';

/** A file to be put into a bag. */
export interface BagFile {
  /** Relative, with slashes. Below `data/` it is what the bag is for, elsewhere it is about the bag. */
  readonly path: string;
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
}

/** Lines of `bag-info.txt` in their order; RFC 8493 section 2.2.2 names labels. Bagging-Date and Payload-Oxum are added. */
export type BagInfo = readonly (readonly [label: string, value: string])[];

export const BAG_DECLARATION = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n';
export const MANIFEST = 'manifest-sha256.txt';
export const TAG_MANIFEST = 'tagmanifest-sha256.txt';
export const PAYLOAD = 'data/';

/** What was written. */
export interface WrittenBag {
  /** SHA-256 of `tagmanifest-sha256.txt`, hexadecimal: every file of the bag hangs on it. */
  readonly sha256: string;
  readonly payloadFiles: number;
  readonly payloadBytes: number;
}

/**
 * Writes a BagIt 1.0 bag (RFC 8493) as a folder, whole or not at all: it is made beside its place, synced, and renamed. `sha256sum -c` reads
 * both manifests.
 *
 * @param folder must not exist; its parent must
 * @param date its day in UTC is the `Bagging-Date`
 * @param beforePublishing what must have happened before the bag is there, and knows its hash
 * @throws PhalanxError `EVIDENCE_EXISTS`; `EVIDENCE_BAG` for a path or a line that cannot be in one; and what the file system throws
 */
export async function writeBag(
  folder: string,
  files: Iterable<BagFile> | AsyncIterable<BagFile>,
  info: BagInfo,
  date: Date,
  beforePublishing?: (written: WrittenBag) => Promise<void>,
): Promise<WrittenBag> {
  await refuseExisting(folder);
  const beside = join(dirname(folder), `.${basename(folder)}.${toHex(randomBytes(6))}.tmp`);
  await mkdir(beside, { mode: 0o700 });
  try {
    const written = await fill(beside, files, info, date);
    await beforePublishing?.(written);
    // Renaming replaces an empty folder without a word.
    await refuseExisting(folder);
    await rename(beside, folder);
    await syncFolder(dirname(folder));
    return written;
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}

async function fill(
  root: string,
  files: Iterable<BagFile> | AsyncIterable<BagFile>,
  info: BagInfo,
  date: Date,
): Promise<WrittenBag> {
  const paths = new BagPaths();
  for (const own of ['bagit.txt', 'bag-info.txt', 'fetch.txt', MANIFEST, TAG_MANIFEST]) paths.add(own);
  const folders = new Set([root]);
  const payload: string[] = [];
  const tags: string[] = [];
  let payloadBytes = 0;
  const add = async (path: string, content: BagFile['content']): Promise<void> => {
    const { sha256, bytes } = await writeFile(root, path, content, folders);
    const isPayload = path.startsWith(PAYLOAD);
    (isPayload ? payload : tags).push(`${sha256}  ${path}\n`);
    if (isPayload) payloadBytes += bytes;
  };
  await makeFolders(root, PAYLOAD.slice(0, -1), folders);
  for await (const { path, content } of files) {
    // Encoded, the name would be right, but `sha256sum -c` takes it as it stands.
    const fault = path.includes('%') ? 'has a percent sign' : paths.add(path);
    if (fault !== null) throw bagError(`the path ${JSON.stringify(path)} ${fault}`);
    await add(path, content);
  }
  if (payload.length === 0) throw bagError('no file lies below data/');
  await add('bagit.txt', utf8(BAG_DECLARATION));
  await add('bag-info.txt', utf8(formatInfo(info, date, `${payloadBytes}.${payload.length}`)));
  await add(MANIFEST, utf8(payload.sort().join('')));
  const { sha256 } = await writeFile(root, TAG_MANIFEST, utf8(tags.sort().join('')), folders);
  for (const made of folders) await syncFolder(made);
  return { sha256, payloadFiles: payload.length, payloadBytes };
}

function formatInfo(info: BagInfo, date: Date, oxum: string): string {
  const lines = [...info, ['Bagging-Date', date.toISOString().slice(0, 10)], ['Payload-Oxum', oxum]] as const;
  for (const [label, value] of lines.slice(0, info.length)) {
    if (!/^[A-Za-z0-9][A-Za-z0-9 _-]{0,63}$/.test(label) || /^(?:bagging-date|payload-oxum)$/i.test(label))
      throw bagError(`the label ${JSON.stringify(label)} cannot be given`);
    if (/\p{Cc}/u.test(value) || value !== value.trim() || value === '' || value.length > 1_000)
      throw bagError(`the value of ${label} is not one line of text`);
  }
  return lines.map(([label, value]) => `${label}: ${value}\n`).join('');
}

async function writeFile(
  root: string,
  path: string,
  content: BagFile['content'],
  folders: Set<string>,
): Promise<{ sha256: string; bytes: number }> {
  await makeFolders(root, dirname(path), folders);
  const file = await open(join(root, path), 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of content instanceof Uint8Array ? [content] : content) {
      hash.update(part);
      for (let at = 0; at < part.length; ) at += (await file.write(part, at)).bytesWritten;
      bytes += part.length;
    }
    await file.sync();
    return { sha256: hash.digest('hex'), bytes };
  } finally {
    await file.close();
  }
}

async function makeFolders(root: string, path: string, folders: Set<string>): Promise<void> {
  const whole = join(root, path);
  if (folders.has(whole)) return;
  await makeFolders(root, dirname(path), folders);
  await mkdir(whole, { mode: 0o700 });
  folders.add(whole);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function refuseExisting(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  throw new PhalanxError<EvidenceErrorCode>('EVIDENCE_EXISTS', `${path} is there already`, {
    advice: 'Choose another name; evidence is not written over.',
  });
}

function bagError(what: string): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_BAG', `no bag can be made: ${what}`);
}
