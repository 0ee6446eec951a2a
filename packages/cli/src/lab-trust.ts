import { createPublicKey } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Authorship, StixObject, TlpLevel } from '@phalanx/coalition';
import type { KnownMembers } from '@phalanx/coalition/trust';
import { DAY_MS, PhalanxError } from '@phalanx/core';
import type { ControlStore } from '@phalanx/store/control';
import type { CliErrorCode } from './cli-error.js';
import { type CoalitionIdentity, readCoalitionIdentity, readPublicIdentity } from './coalition-identity.js';
import { readBytes } from './commands/ledger.js';
import { loadConfig } from './config.js';
import { readMemberKeys } from './member-keys.js';
import { writeNewFile } from './new-file.js';
import type { Terminal } from './terminal.js';

export interface LabFlags {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Runs a command on a lab's own control store, in `control` of its data directory, and closes it. */
export async function withLabStore<T>(
  flags: LabFlags,
  terminal: Terminal,
  act: (store: ControlStore, dataDir: string) => Promise<T>,
): Promise<T> {
  const dataDir = flags.data ?? loadConfig(terminal.env, flags.config).data;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const { openControlStore } = await import('@phalanx/store/control');
  const store = await openControlStore({ dataDir: join(dataDir, 'control') });
  try {
    return await act(store, dataDir);
  } finally {
    await store.close();
  }
}

/**
 * Who may say something here: the files of members, and of further identities that one of them writes under (`identity--...=member`).
 *
 * @throws PhalanxError `CLI_FILE`, `CLI_USAGE`
 */
export async function readKnownMembers(
  files: readonly string[],
  aliases: readonly string[],
): Promise<KnownMembers> {
  const members = new Map(
    files.map((path) => {
      const { identity, member } = readPublicIdentity(path);
      return [identity, member];
    }),
  );
  for (const alias of aliases) {
    const [, identity, member] = /^(identity--[0-9a-f-]{36})=([a-z0-9][a-z0-9-]{0,63})$/.exec(alias) ?? [];
    if (identity === undefined || member === undefined)
      throw usage(`${alias} is no pseudonym of a member`, 'Write identity--<uuid>=<member>.');
    members.set(identity, member);
  }
  return { keys: await readMemberKeys(files), members };
}

/** This party's keys, and what its objects have in common: the day, the marking. */
export async function openAuthor(
  flags: LabFlags & { readonly tlp?: string },
  terminal: Terminal,
  atMs: number,
): Promise<{ readonly identity: CoalitionIdentity; readonly authorship: Authorship }> {
  const { makeTlpMarking, TLP_LEVELS } = await import('@phalanx/coalition');
  const tlp = flags.tlp ?? 'amber';
  if (!TLP_LEVELS.includes(tlp as TlpLevel))
    throw usage(`${tlp} is no level`, `One of ${TLP_LEVELS.join(', ')}.`);
  const identity = await readCoalitionIdentity(
    loadConfig(terminal.env, flags.config)['coalition.identity'],
    terminal,
  );
  // Times of the coalition are days.
  const authorship = {
    createdByRef: identity.identity,
    atMs: Math.floor(atMs / DAY_MS) * DAY_MS,
    markingRefs: [makeTlpMarking(tlp as TlpLevel).id] as const,
  };
  return { identity, authorship };
}

/** Signs as this party, under the name that others find its key by. */
export async function signAs(identity: CoalitionIdentity, object: StixObject): Promise<StixObject> {
  const [{ signObject }, { readPublicJwk, thumbprintOf }] = await Promise.all([
    import('@phalanx/coalition'),
    import('@phalanx/coalition/identity'),
  ]);
  const jwk = readPublicJwk(createPublicKey(identity.signingKey).export({ format: 'jwk' }));
  return signObject(object, { kid: await thumbprintOf(jwk), privateKey: identity.signingKey });
}

/** Writes objects as a bundle: to a new file, or to standard output. */
export async function writeObjects(
  objects: readonly StixObject[],
  path: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const { formatBundle } = await import('@phalanx/coalition');
  const bytes = formatBundle(objects);
  if (path === undefined) terminal.out(`${Buffer.from(bytes).toString('utf8')}\n`);
  else writeNewFile(path, bytes);
}

/** Objects of a file: a bundle, an envelope of TAXII, or one object. @throws PhalanxError `CLI_FILE`, `COALITION_STIX`, `COALITION_LIMIT` */
export async function readObjects(path: string): Promise<readonly StixObject[]> {
  const { parseBundle, parseJson } = await import('@phalanx/coalition');
  const bytes = readBytes(path);
  const value = parseJson(bytes) as { type?: unknown; id?: unknown; objects?: unknown } | null;
  if (value?.type === 'bundle') return parseBundle(bytes).objects;
  const objects = Array.isArray(value?.objects) ? value.objects : [value];
  const isObject = (one: unknown): one is StixObject =>
    typeof one === 'object' &&
    one !== null &&
    typeof (one as StixObject).type === 'string' &&
    typeof (one as StixObject).id === 'string';
  if (objects.every(isObject)) return objects;
  throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} holds no STIX objects`);
}

/** 32 bytes, or 64 hexadecimal digits. @throws PhalanxError `CLI_FILE` */
export function readSharedKey(path: string): Uint8Array {
  const bytes = readBytes(path);
  const text = bytes.length === 32 ? '' : Buffer.from(bytes).toString('latin1').trim();
  if (bytes.length === 32) return bytes;
  if (/^[0-9a-f]{64}$/.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} holds no key of 32 bytes`);
}

/** Names of accounts, one a line. */
export function readAccountList(path: string | undefined): ReadonlySet<string> {
  if (path === undefined) return new Set();
  const lines = Buffer.from(readBytes(path)).toString('utf8').split('\n');
  return new Set(lines.map((line) => line.trim()).filter((line) => line !== ''));
}

/** The lab's own telemetry where it has been ingested; texts too where they are kept. */
export function hasKeptTexts(dataDir: string): boolean {
  return existsSync(join(dataDir, 'keys'));
}

export function usage(message: string, advice: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', message, { advice });
}
