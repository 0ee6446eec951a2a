import { createHash, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SignedDocument } from '@phalanx/coalition/policy';
import { HOUR_MS, showInvisible, systemClock } from '@phalanx/core';
import { ExitCode } from '../cli-error.js';
import { formatInstant, formatPlural } from '../figures.js';
import { readSharedKey, usage } from '../lab-trust.js';
import { writeNewFile } from '../new-file.js';
import { OFFICE_FILES, officeOf, readDraft, readOffice } from '../release-office.js';
import { replaceFile } from '../replaced-file.js';
import { readPrivateKey } from '../signing-key.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';
import { parseCount } from './weights-seal.js';

export interface ApproveFlags {
  readonly config?: string;
  readonly role?: string;
  readonly key: string;
  readonly kid: string;
  readonly clear: string[];
  readonly hours: string;
  readonly out: string;
  readonly json?: boolean;
}

/**
 * `phalanx coalition approve`: one person's signature: on the exact bytes of a draft, as releaser or counsel; or on a legal basis, a standing
 * approval or a revocation that lies in a file.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `COALITION_POLICY`, and what reading the key throws
 */
export async function approveCommand(
  path: string,
  flags: ApproveFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const policy = await import('@phalanx/coalition/policy');
  const { parseJson } = await import('@phalanx/coalition');
  const document = parseJson(readBytes(path)) as { readonly schema?: unknown } | null;
  const key = await readPrivateKey(flags.key, terminal);
  const signer = { kid: flags.kid, privateKey: key };
  const signed =
    document?.schema === 'phalanx.release-draft.v1'
      ? policy.signDocument(await makeApproval(path, flags, terminal), signer)
      : policy.signDocument(policy.requireSignable(document), signer);
  writeNewFile(flags.out, policy.formatSigned(signed));
  tellSigned(signed, policy.digestDocument(signed), flags, terminal);
  return ExitCode.OK;
}

async function makeApproval(path: string, flags: ApproveFlags, terminal: Terminal) {
  const { decideRelease, encodeEnvelope, requireSignable } = await import('@phalanx/coalition/policy');
  if (flags.role === undefined)
    throw usage('in which role is not said', 'Give --role releaser or --role counsel.');
  const draft = await readDraft(path);
  const nowMs = systemClock.nowMs();
  const office = await readOffice(officeOf(flags, terminal), nowMs);
  const context = { ...office, standingUses: new Map(), reportedBlocks: new Map(), labs: 1 };
  // Whoever signs sees first what the machine sees.
  for (const { code, object, place, detail } of decideRelease(draft, context).reasons)
    terminal.talk(
      `${code}  object ${object ?? 'any'} ${showInvisible(place)}: ${showInvisible(detail).slice(0, 120)}\n`,
    );
  return requireSignable({
    schema: 'phalanx.release-approval.v1',
    role: flags.role,
    envelopeSha256: createHash('sha256').update(encodeEnvelope(draft.objects)).digest('hex'),
    recipients: draft.recipients,
    policySha256: office.policies.digest,
    clears: flags.clear,
    notBeforeMs: nowMs,
    notAfterMs: nowMs + parseCount(flags.hours, '--hours') * HOUR_MS,
  });
}

function tellSigned(signed: SignedDocument, sha256: string, flags: ApproveFlags, terminal: Terminal): void {
  const document = signed.document as { readonly schema: string; readonly notAfterMs?: number };
  if (flags.json) terminal.out(`${JSON.stringify({ out: flags.out, schema: document.schema, sha256 })}\n`);
  else {
    const until = document.notAfterMs === undefined ? '' : `  until ${formatInstant(document.notAfterMs)}`;
    terminal.out(`signed  ${document.schema}  ${sha256}${until}\n`);
  }
}

export interface PersonFlags {
  readonly id: string;
  readonly kid: string;
  readonly role: string[];
}

/** `phalanx coalition person`: the entry of a person in the register, out of a private key. */
export async function personCommand(path: string, flags: PersonFlags, terminal: Terminal): Promise<ExitCode> {
  const { readPeople } = await import('@phalanx/coalition/policy');
  const key: KeyObject = createPublicKey(await readPrivateKey(path, terminal));
  const publicKey = key.export({ format: 'pem', type: 'spki' }).toString();
  const entry = { id: flags.id, roles: flags.role, kid: flags.kid, publicKey };
  readPeople({ schema: 'phalanx.people.v1', people: [entry] });
  terminal.out(`${JSON.stringify(entry)}\n`);
  return ExitCode.OK;
}

export interface CustomersFlags {
  readonly config?: string;
}

/** `phalanx coalition customers`: the names of the lab's own customers, one a line, as keyed hashes into the office. */
export async function customersCommand(
  path: string,
  flags: CustomersFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { hashCustomerNames } = await import('@phalanx/coalition/policy');
  const folder = officeOf(flags, terminal);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keyPath = join(folder, OFFICE_FILES.customersKey);
  if (!existsSync(keyPath)) writeNewFile(keyPath, randomBytes(32), 0o600);
  const lines = Buffer.from(readBytes(path)).toString('utf8').split('\n');
  const names = lines.map((line) => line.trim()).filter((line) => line !== '');
  const hashed = hashCustomerNames(names, readSharedKey(keyPath));
  await replaceFile(join(folder, OFFICE_FILES.customers), Buffer.from(`${JSON.stringify(hashed)}\n`));
  terminal.out(`hashed  ${formatPlural(names.length, 'name')}\n`);
  return ExitCode.OK;
}
