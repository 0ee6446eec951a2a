import * as crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBase64, utf8 } from '@phalanx/core';
import { createSketcher, HashDomain } from '@phalanx/sketch';
import { openAccountDayKeys, openSketchKey } from '@phalanx/store';
import { listFiles } from './bundle-flips.js';
import type { BundleLaboratory } from './bundle-laboratory.js';
import type { Checks } from './checks.js';

const GROUPS = ['who', 'request', 'response', 'prompt', 'completion', 'detector'];
const GUESSES = 10_000_000;
/** Account 8 bytes, nonce 12, sealed key 32, tag 16. */
const KEY_RECORD_BYTES = 68;
const KEY_FOLDERS = ['record-keys', 'keys'] as const;

/** One entry as a bundle opens it. */
interface OpenedEntry {
  readonly index: number;
  readonly groups: Readonly<Record<string, { readonly salt: string; readonly value: string }>>;
}

/** What was known of an account before it was erased, to be searched for after. */
export interface KnownAccount {
  readonly accountId: string;
  readonly hash: bigint;
  readonly entries: readonly OpenedEntry[];
  /** Commitments of its leaves, as strings of bytes. */
  readonly commitments: ReadonlySet<string>;
  /** Where its key records lie. */
  readonly records: readonly { readonly path: string; readonly at: number; readonly bytes: Buffer }[];
  /** Its keys, unsealed. */
  readonly keys: readonly Uint8Array[];
  readonly chain: Buffer;
}

/** @param bundle with names and metadata disclosed */
export async function learnAccount(
  { dataDir, members }: BundleLaboratory,
  bundle: string,
): Promise<KnownAccount> {
  const accountId = members[0]!;
  const sketcher = createSketcher(await openSketchKey(dataDir));
  const hash = sketcher.hash64(HashDomain.ACCOUNT, accountId);
  const lines = <T>(path: string): T[] =>
    readFileSync(join(bundle, path), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const entries = lines<OpenedEntry>('data/record/openings.jsonl').filter(
    ({ groups }) => JSON.parse(groups.who!.value).accountId === accountId,
  );
  const own = new Set(entries.map(({ index }) => index));
  const leaves = lines<{ index: number; leaf: string }>('data/record/leaves.jsonl')
    .filter(({ index }) => own.has(index))
    .map(({ leaf }) => Buffer.from(leaf, 'base64'));
  const commitments = new Set(
    leaves.flatMap((leaf) => GROUPS.map((_, g) => leaf.toString('latin1', 65 + 32 * g, 97 + 32 * g))),
  );
  const name = Buffer.alloc(8);
  name.writeBigUInt64LE(hash);
  const records = [];
  const keys: Uint8Array[] = [];
  for (const folder of KEY_FOLDERS) {
    const dayKeys = await openAccountDayKeys(dataDir, folder);
    for (const file of listFiles(join(dataDir, folder))) {
      const path = join(folder, file);
      const bytes = readFileSync(join(dataDir, path));
      for (let at = 0; at < bytes.length; at += KEY_RECORD_BYTES)
        if (bytes.subarray(at, at + 8).equals(name))
          records.push({ path, at, bytes: Buffer.from(bytes.subarray(at, at + KEY_RECORD_BYTES)) });
      const found = await dayKeys.find(hash, Number(file.slice(0, 10).replaceAll('-', '')));
      if (found !== null) keys.push(found.key);
    }
  }
  return { accountId, hash, entries, commitments, records, keys, chain: leaves[0]!.subarray(1, 17) };
}

/** Checks that nothing in a data directory opens an erased account, and that guessing does not either. */
export function checkErased(checks: Checks, dataDir: string, known: KnownAccount): void {
  const { records, keys, entries } = known;
  checks.check('the account had keys', records.length > 0 && keys.length === records.length);
  for (const { path, at } of records) {
    const record = readFileSync(join(dataDir, path)).subarray(at, at + KEY_RECORD_BYTES);
    checks.check(
      `${path}: the key record at ${at} is zero`,
      record.every((byte) => byte === 0),
    );
  }
  const salts = entries.flatMap(({ groups }) => Object.values(groups).map(({ salt }) => fromBase64(salt)));
  const sealed = records.map(({ bytes }) => bytes.subarray(8));
  const patterns = [...keys, ...sealed, ...salts];
  const { bytes, files, found } = searchFiles(dataDir, patterns);
  checks.check('no file holds a key, a sealed key or a salt of the account', found.length === 0, () =>
    found.join(', '),
  );
  checks.note(
    `${salts.length} salts, ${keys.length} keys and as many sealed ones searched for in ${files} files, ${bytes} bytes: found in ${found.length}`,
  );
  const id = Buffer.from(known.accountId);
  const hash = Buffer.alloc(8);
  hash.writeBigUInt64BE(known.hash);
  const chains = readFileSync(join(dataDir, 'ledger/log/chains'));
  checks.check(
    'the table of chains has neither its hash nor its chain',
    !chains.includes(hash) && !chains.includes(known.chain),
  );
  const where = searchFiles(join(dataDir, 'ledger'), [id]).found;
  checks.check('the folder of the log holds its id nowhere', where.length === 0, () => where.join(', '));
}

/** The search finds what is there: before the erasure the sealed keys are. */
export function checkSearchFinds(checks: Checks, dataDir: string, known: KnownAccount): void {
  const { found } = searchFiles(
    dataDir,
    known.records.map(({ bytes }) => bytes.subarray(8)),
  );
  const expected = new Set(known.records.map(({ path }) => path));
  checks.equal(
    'before the erasure its sealed keys are found',
    found.sort().join(),
    [...expected].sort().join(),
  );
}

/**
 * A guesser who knows every value of the account, but not the salts, of 128 random bits each: against N commitments, G guesses match with
 * probability N * G / 2^128. Values are those that were logged; salts are random, zero, counted, or those of other groups.
 */
export function checkGuesses(checks: Checks, { entries, commitments }: KnownAccount): void {
  const values = entries.flatMap(({ groups }) =>
    Object.entries(groups).map(([group, { salt, value }]) => ({
      group,
      salt: fromBase64(salt),
      value: utf8(value),
    })),
  );
  const matched = values.filter(({ group, salt, value }) => commitments.has(digest(salt, group, value)));
  checks.equal('with their salts all values match', String(matched.length), String(values.length));
  const used = values.slice(0, 64).map(({ group, value }) => {
    const message = Buffer.concat([Buffer.alloc(16), Buffer.from(`${group}\0`), value]);
    return { group, message };
  });
  const salts = new Uint8Array(1 << 20);
  let hits = 0;
  let guesses = 0;
  const guess = (message: Buffer): void => {
    guesses++;
    if (commitments.has(crypto.hash('sha256', message, 'binary'))) hits++;
  };
  for (const { group, message } of used) {
    message.fill(0, 0, 16);
    guess(message);
    for (const other of values)
      if (other.group !== group) {
        message.set(other.salt);
        guess(message);
      }
    for (let counter = 0; counter < 1000; counter++) {
      message.fill(0, 0, 16);
      message.writeUInt32BE(counter, 12);
      guess(message);
    }
  }
  for (let i = 0; guesses < GUESSES; i++) {
    const at = (16 * i) % salts.length;
    if (at === 0) crypto.randomFillSync(salts);
    const { message } = used[i % used.length]!;
    message.set(salts.subarray(at, at + 16));
    guess(message);
  }
  checks.check('no guess without the salt matches', hits === 0, () => `${hits} of ${guesses}`);
  checks.note(
    `${guesses} guesses of known values against ${commitments.size} commitments of the erased account: ${hits} match`,
  );
}

function digest(salt: Uint8Array, group: string, value: Uint8Array): string {
  return crypto.createHash('sha256').update(salt).update(`${group}\0`).update(value).digest('binary');
}

/** Files below a folder that hold any of these byte strings, of at least 4 bytes. */
function searchFiles(
  folder: string,
  patterns: readonly Uint8Array[],
): { readonly bytes: number; readonly files: number; readonly found: string[] } {
  const byStart = new Map<number, Buffer[]>();
  for (const pattern of patterns) {
    const whole = Buffer.from(pattern);
    const start = whole.readUInt32LE();
    byStart.set(start, [...(byStart.get(start) ?? []), whole]);
  }
  const found: string[] = [];
  let total = 0;
  const paths = listFiles(folder);
  for (const path of paths) {
    const bytes = readFileSync(join(folder, path));
    total += bytes.length;
    const isAt = (at: number): boolean =>
      byStart
        .get(bytes.readUInt32LE(at))
        ?.some((whole) => bytes.subarray(at, at + whole.length).equals(whole)) ?? false;
    for (let at = 0; at + 4 <= bytes.length; at++)
      if (isAt(at)) {
        found.push(path);
        break;
      }
  }
  return { bytes: total, files: paths.length, found };
}
