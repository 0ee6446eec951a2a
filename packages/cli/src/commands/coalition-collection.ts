import { randomUUID } from 'node:crypto';
import { PhalanxError } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { withCoalitionStore } from '../coalition-data.js';
import type { Terminal } from '../terminal.js';

const RIGHTS = ['read', 'write', 'read-write'] as const;
type Rights = (typeof RIGHTS)[number];

export interface AddRootFlags {
  readonly title: string;
  readonly default?: boolean;
  readonly open?: boolean;
}

/** `phalanx coalition hub root add`: a TAXII API root. @throws PhalanxError `STORE_ROW_INVALID` */
export async function addRootCommand(
  path: string,
  flags: AddRootFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  await withCoalitionStore(terminal, ({ taxii }) =>
    taxii.putApiRoot(
      { path, title: flags.title, description: null, isDefault: flags.default ?? false },
      flags.open ?? false,
    ),
  );
  return ExitCode.OK;
}

export interface AddCollectionFlags {
  readonly title: string;
  readonly alias?: string;
  readonly id?: string;
  readonly grant: string[];
  readonly announced?: boolean;
}

/**
 * `phalanx coalition hub collection add`: a collection, with rights as `MEMBER=read-write` or `group:ID=read`.
 *
 * @throws PhalanxError `CLI_USAGE`, `STORE_ROW_INVALID`
 */
export async function addCollectionCommand(
  root: string,
  flags: AddCollectionFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const id = flags.id ?? randomUUID();
  const rights = Object.fromEntries(flags.grant.map(readGrant));
  await withCoalitionStore(terminal, ({ taxii }) =>
    taxii.putCollection(root, {
      id,
      title: flags.title,
      rights,
      isAnnounced: flags.announced ?? false,
      ...(flags.alias !== undefined && { alias: flags.alias }),
    }),
  );
  terminal.out(`${id}\n`);
  return ExitCode.OK;
}

/** `phalanx coalition hub collection grant`: sets or takes away rights; `MEMBER=none` takes them away. @throws PhalanxError `CLI_USAGE`, `STORE_ROW_INVALID` */
export async function grantCollectionCommand(
  id: string,
  grants: string[],
  terminal: Terminal,
): Promise<ExitCode> {
  await withCoalitionStore(terminal, async ({ taxii }) => {
    for (const grant of grants) {
      const principal = /^(.+)=none$/.exec(grant)?.[1];
      if (principal !== undefined) await taxii.setRights(id, principal, null);
      else await taxii.setRights(id, ...readGrant(grant));
    }
  });
  return ExitCode.OK;
}

export interface AddGroupFlags {
  readonly name: string;
  readonly hidden?: boolean;
  readonly days: string;
  readonly member: string[];
}

/** `phalanx coalition hub group add`: members who exchange among themselves. @throws PhalanxError `CLI_USAGE` */
export async function addGroupCommand(flags: AddGroupFlags, terminal: Terminal): Promise<ExitCode> {
  const epochDays = Number(flags.days);
  if (!Number.isInteger(epochDays) || epochDays < 1 || epochDays > 366)
    throw usageError(`${flags.days} days`, 'Give 1 to 366.');
  const id = randomUUID();
  await withCoalitionStore(terminal, async ({ groups }) => {
    const visibility = flags.hidden ? 'hidden' : 'visible';
    await groups.putGroup({ id, name: flags.name, visibility, epochDays });
    for (const member of flags.member) await groups.addToGroup(id, member);
  });
  terminal.out(`${id}\n`);
  return ExitCode.OK;
}

function readGrant(text: string): [principal: string, rights: Rights] {
  const [, principal, rights] = /^((?:group:)?[a-z0-9-]{1,64})=([a-z-]+)$/.exec(text) ?? [];
  if (principal === undefined || !(RIGHTS as readonly (string | undefined)[]).includes(rights))
    throw usageError(`no rights can be read from ${text}`, 'As lab-a=read-write, group:<id>=read.');
  return [principal, rights as Rights];
}

function usageError(message: string, advice: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', message, { advice });
}
