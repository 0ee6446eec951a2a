import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StixObject } from '@phalanx/coalition';
import type { ReadCheckpoint, RelayVerdict } from '@phalanx/coalition/taxii';
import { type Json, PhalanxError, showInvisible, utf8 } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { parseJson } from '../coalition-identity.js';
import { formatPlural } from '../figures.js';
import { readMemberKeys } from '../member-keys.js';
import { replaceFile } from '../replaced-file.js';
import { stopSignal } from '../serving.js';
import { openTaxii } from '../taxii-access.js';
import type { Terminal } from '../terminal.js';

export interface PullFlags {
  readonly out: string;
  readonly access?: string;
  readonly member: string[];
  readonly json?: boolean;
}

const CHECKPOINT = 'checkpoint.json';
const TOLD = 10;

/**
 * `phalanx coalition pull`: what was added to a collection since the last time, as bundles in a folder. Each bundle is durable before the
 * checkpoint says so; after a crash some objects come twice. With members, objects are taken that are theirs by signature, or nobody's.
 *
 * Exit 1 when something was refused.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `COALITION_TAXII`, `COALITION_LIMIT`, and what `openTaxii` throws
 */
export async function pullCommand(address: string, flags: PullFlags, terminal: Terminal): Promise<ExitCode> {
  const [{ formatBundle }, { formatCheckpoint, judgeSigner, parseCheckpoint }] = await Promise.all([
    import('@phalanx/coalition'),
    import('@phalanx/coalition/taxii'),
  ]);
  const keys = flags.member.length === 0 ? null : await readMemberKeys(flags.member);
  const { client, collection } = await openTaxii(address, flags.access ?? null, terminal, stopSignal());
  mkdirSync(flags.out, { recursive: true, mode: 0o700 });
  const path = join(flags.out, CHECKPOINT);
  const since = existsSync(path) ? parseCheckpoint(readKept(path, collection)) : null;
  let files = countBundles(flags.out);
  const count = { objects: 0, files: 0, refused: 0 };
  const tell = (id: string, why: string) => {
    if (count.refused++ < TOLD) terminal.talk(`not taken  ${showInvisible(id)}: ${showInvisible(why)}\n`);
  };
  for await (const page of client.readAll(collection, since)) {
    for (const { id, why } of page.refused) tell(id ?? 'an object without id', why);
    const taken = page.objects.filter((object) =>
      isTaken(object, keys === null ? null : judgeSigner(object, keys), tell),
    );
    if (taken.length > 0) {
      files++;
      count.files++;
      count.objects += taken.length;
      await replaceFile(join(flags.out, `objects-${`${files}`.padStart(6, '0')}.json`), formatBundle(taken));
    }
    await replaceFile(path, utf8(JSON.stringify(keep(collection, page.checkpoint, formatCheckpoint))));
  }
  if (flags.json) terminal.out(`${JSON.stringify(count)}\n`);
  else {
    const refused = count.refused === 0 ? '' : `, ${formatPlural(count.refused, 'object')} not taken`;
    terminal.out(
      `${formatPlural(count.objects, 'object')} in ${formatPlural(count.files, 'bundle')}${refused}\n`,
    );
  }
  return count.refused === 0 ? ExitCode.OK : ExitCode.FOUND;
}

function isTaken(
  object: StixObject,
  verdict: RelayVerdict | null,
  tell: (id: string, why: string) => void,
): boolean {
  if (verdict === null || verdict.verdict === 'go') return true;
  tell(object.id, verdict.why);
  return false;
}

function keep(collection: URL, checkpoint: ReadCheckpoint, format: (one: ReadCheckpoint) => Json): Json {
  return { collection: collection.href, checkpoint: format(checkpoint) };
}

function readKept(path: string, collection: URL): Json {
  const kept = parseJson(path) as { collection?: unknown; checkpoint?: Json } | null;
  if (kept?.collection === collection.href && kept.checkpoint !== undefined) return kept.checkpoint;
  throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} is of another collection`, {
    advice: 'Give another folder.',
  });
}

/** The number of the last bundle in a folder. */
function countBundles(folder: string): number {
  const numbers = readdirSync(folder).map((name) =>
    Number(/^objects-([0-9]{6,9})\.json$/.exec(name)?.[1] ?? 0),
  );
  return Math.max(0, ...numbers);
}
