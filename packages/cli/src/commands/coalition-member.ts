import { X509Certificate } from 'node:crypto';
import { TLP_LEVELS, type TlpLevel } from '@phalanx/coalition';
import { PhalanxError, systemClock } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { withCoalitionStore } from '../coalition-data.js';
import { readPublicIdentity } from '../coalition-identity.js';
import { readPem } from '../coalition-peers.js';
import type { Terminal } from '../terminal.js';

/** How long a key or certificate counts unless it is ended before: as `coalition-hub.md` has it. */
const VALID_MS = 400 * 86_400_000;

export interface AddMemberFlags {
  readonly role: string[];
  readonly clearance: string;
  readonly certificate?: string;
  readonly certificateName?: string;
  readonly password?: boolean;
}

/**
 * `phalanx coalition hub member add`: admits those whom the files describe, with their keys and, where one is given, its certificate. Whoever may
 * write the store may do this alone; acts that two operators sign go over HTTP.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `COALITION_IDENTITY`, `STORE_ROW_INVALID` for a key that is another member's
 */
export async function addMemberCommand(
  files: readonly string[],
  flags: AddMemberFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const identity = await import('@phalanx/coalition/identity');
  const roles = identity.MEMBER_ROLES.filter((role) => flags.role.includes(role));
  if (roles.length !== flags.role.length || roles.length === 0)
    throw usageError('no such role', `One or more of ${identity.MEMBER_ROLES.join(', ')}.`);
  if (!(TLP_LEVELS as readonly string[]).includes(flags.clearance))
    throw usageError(`no clearance is called ${flags.clearance}`, `One of ${TLP_LEVELS.join(', ')}.`);
  if (files.length > 1 && (flags.certificate !== undefined || flags.certificateName !== undefined))
    throw usageError('one certificate for several members', 'Admit them one by one.');
  const clearance = flags.clearance as TlpLevel;
  const nowMs = systemClock.nowMs();
  const validity = { fromMs: nowMs, untilMs: nowMs + VALID_MS, revokedAtMs: null };
  const pem = readPem(flags.certificate ?? '');
  const thumbprint = pem === null ? null : identity.certificateThumbprint(new X509Certificate(pem).raw);
  const read = files.map(readPublicIdentity);
  await withCoalitionStore(terminal, async ({ members }) => {
    for (const { member: id, identity: stixId, clientKey, signingKey } of read) {
      const x = Buffer.from(signingKey, 'base64').toString('base64url');
      const jwks = [clientKey, { kty: 'OKP', crv: 'Ed25519', x }].map(identity.readPublicJwk);
      const kids = await Promise.all(jwks.map(identity.thumbprintOf));
      await members.admit(
        { id, identity: stixId, clearance, roles, suspendedAtMs: null },
        {
          keys: jwks.map((jwk, i) => ({ ...validity, kid: kids[i]!, jwk, memberId: id })),
          certificates: thumbprint === null ? [] : [{ ...validity, thumbprint, memberId: id }],
          certificateNames: flags.certificateName === undefined ? [] : [flags.certificateName],
        },
      );
      const password = flags.password ? identity.makePassword() : null;
      if (password !== null) await members.setPassword(id, await identity.hashPassword(password));
      terminal.out(
        `${JSON.stringify({ member: id, roles, clearance, kid: kids[0], ...(password !== null && { password }) })}\n`,
      );
    }
  });
  return ExitCode.OK;
}

/** `phalanx coalition hub member suspend` and `reinstate`. @throws PhalanxError `CLI_USAGE` when nobody is called so */
export async function suspendMemberCommand(
  id: string,
  isSuspended: boolean,
  terminal: Terminal,
): Promise<ExitCode> {
  await withCoalitionStore(terminal, async ({ members }) => {
    const member = await members.findMember(id);
    if (member === null)
      throw usageError(`no member is called ${id}`, 'See phalanx coalition hub member list.');
    await members.putMember({ ...member, suspendedAtMs: isSuspended ? systemClock.nowMs() : null });
  });
  return ExitCode.OK;
}

/** `phalanx coalition hub member list`: a line of JSON each. */
export async function listMembersCommand(terminal: Terminal): Promise<ExitCode> {
  const members = await withCoalitionStore(terminal, (store) => store.members.listMembers());
  for (const member of members) terminal.out(`${JSON.stringify(member)}\n`);
  return ExitCode.OK;
}

function usageError(message: string, advice: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', message, { advice });
}
