import type { KeyObject } from 'node:crypto';
import { createPublicKey, randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { showInvisible } from '@phalanx/core';
import type { SignedLease } from '@phalanx/weights';
import { ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatCount, formatInstant, formatPlural } from '../figures.js';
import { writeNewFile } from '../new-file.js';
import { readPassphrase } from '../record-session.js';
import type { Terminal } from '../terminal.js';
import { parseTimeRange } from '../time-range.js';
import { readBytes } from './ledger.js';
import { parseCount, usageError } from './weights-seal.js';

export interface OfferFlags {
  readonly recipient: string;
  readonly segments: string;
  readonly keysPerHour: string;
  readonly during: string;
  readonly purpose: string;
  readonly out: string;
  readonly json?: boolean;
}

/**
 * `phalanx weights release offer`: a lease of a container, for two people to approve.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `WEIGHTS_LEASE`, `WEIGHTS_KEY`, `WEIGHTS_FORMAT`
 */
export async function offerLeaseCommand(
  container: string,
  flags: OfferFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { digestTerms, formatSigned, makeLease, readManifest } = await import('@phalanx/weights');
  const { fromMs, toMs } = parseTimeRange(flags.during);
  const lease = makeLease(await readManifest(container), {
    recipient: flags.recipient,
    segments: parseSegments(flags.segments),
    keysPerHour: parseCount(flags.keysPerHour, '--keys-per-hour'),
    notBeforeMs: fromMs,
    notAfterMs: toMs,
    purpose: flags.purpose,
  });
  writeNewFile(flags.out, formatSigned({ schema: 'phalanx.signed-lease.v1', lease, approvals: [] }));
  const leaseSha256 = digestTerms(lease);
  terminal.out(flags.json ? `${JSON.stringify({ leaseSha256 })}\n` : `lease  ${leaseSha256}\n`);
  return ExitCode.OK;
}

export interface ApproveFlags {
  readonly key: string;
  readonly json?: boolean;
}

/**
 * `phalanx weights release approve`: shows the terms of a lease, and adds a signature over them to its file.
 *
 * @throws PhalanxError `CLI_FILE`, `WEIGHTS_FORMAT`, `WEIGHTS_KEY`, `LEDGER_KEY`, `LEDGER_KEY_FILE`, `LEDGER_PASSPHRASE`
 */
export async function approveLeaseCommand(
  path: string,
  flags: ApproveFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { addApproval, approve, digestTerms, formatSigned } = await import('@phalanx/weights');
  const signed = await readLease(path);
  terminal.talk(describe(signed));
  const approval = approve(signed.lease, await readApproverKey(flags.key, terminal));
  const next = addApproval(signed, approval);
  const draft = `${path}.${randomUUID()}`;
  writeNewFile(draft, formatSigned(next));
  renameSync(draft, path);
  const answer = {
    leaseSha256: digestTerms(signed.lease),
    keyId: approval.keyId,
    approvals: next.approvals.length,
  };
  if (flags.json) terminal.out(`${JSON.stringify(answer)}\n`);
  else terminal.out(`approved  ${answer.leaseSha256}  ${formatPlural(answer.approvals, 'signature')}\n`);
  return ExitCode.OK;
}

export interface ApproverFlags {
  readonly name: string;
}

/**
 * `phalanx weights release approver`: the entry of an approver in the service's list, out of a private key.
 *
 * @throws PhalanxError `WEIGHTS_KEY`, `LEDGER_KEY`, `LEDGER_KEY_FILE`, `LEDGER_PASSPHRASE`
 */
export async function showApproverCommand(
  key: string,
  flags: ApproverFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const publicKey = createPublicKey(await readApproverKey(key, terminal)).export({
    type: 'spki',
    format: 'pem',
  });
  terminal.out(`${JSON.stringify({ name: flags.name, publicKey })}\n`);
  return ExitCode.OK;
}

export interface WithdrawFlags {
  readonly key: string;
  readonly reason: string;
  readonly to?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/**
 * `phalanx weights release withdraw`: an approver's word that a lease is over, to its service (`--to`) or into a file (`--out`).
 *
 * @throws PhalanxError `CLI_USAGE` without either, `CLI_FILE`, `WEIGHTS_LEASE`, `WEIGHTS_SOURCE`, and what reading the key throws
 */
export async function withdrawLeaseCommand(
  path: string,
  flags: WithdrawFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { approve, digestTerms, formatSigned, sendWithdrawal } = await import('@phalanx/weights');
  if (flags.to === undefined && flags.out === undefined)
    throw usageError('nobody would be told', 'Give --to with the address of the service, or --out.');
  const { lease } = await readLease(path);
  const withdrawal = {
    schema: 'phalanx.lease-withdrawal.v1',
    leaseSha256: digestTerms(lease),
    artifactSha256: lease.artifactSha256,
    reason: flags.reason,
  } as const;
  const signed = {
    schema: 'phalanx.signed-lease-withdrawal.v1',
    withdrawal,
    approvals: [approve(withdrawal, await readApproverKey(flags.key, terminal))],
  } as const;
  const document = { ...signed, approvals: [...signed.approvals] };
  if (flags.out !== undefined) writeNewFile(flags.out, formatSigned(document));
  if (flags.to !== undefined) await sendWithdrawal(flags.to, document);
  const answer = { leaseSha256: withdrawal.leaseSha256, sent: flags.to !== undefined };
  if (flags.json) terminal.out(`${JSON.stringify(answer)}\n`);
  else terminal.out(`${answer.sent ? 'withdrawn' : 'signed'}  ${answer.leaseSha256}\n`);
  return ExitCode.OK;
}

/** @throws PhalanxError `CLI_FILE`, `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT`, `WEIGHTS_KEY` */
export async function readLease(path: string): Promise<SignedLease> {
  const { parseSignedLease } = await import('@phalanx/weights');
  return parseSignedLease(readBytes(path));
}

/** What an approver signs, in words. */
function describe({ lease, approvals }: SignedLease): string {
  const segments =
    lease.segments === 'all'
      ? 'all segments'
      : `segments ${lease.segments.map(([first, last]) => `${first}-${last}`).join(', ')}`;
  return [
    `artifact   ${lease.artifactSha256}`,
    `recipient  ${lease.recipient}`,
    `what       ${segments}, ${formatCount(lease.keysPerHour)} keys an hour`,
    `when       ${formatInstant(lease.notBeforeMs)} to ${formatInstant(lease.notAfterMs)}`,
    `purpose    ${showInvisible(lease.purpose)}`,
    `signed by  ${formatPlural(approvals.length, 'key')} so far`,
    '',
  ].join('\n');
}

/** `all`, or runs of numbers: `0-9,20`. */
function parseSegments(text: string): 'all' | [number, number][] {
  if (text === 'all') return 'all';
  return text.split(',').map((part) => {
    const [, first, last = first] = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(part) ?? [];
    if (first === undefined) throw usageError(`${text} names no segments`, 'Give all, or runs: 0-9,20.');
    return [Number(first), Number(last)];
  });
}

/** A private key of Ed25519 or P-256: PKCS#8 PEM, encrypted as age does or of mode 0600. */
async function readApproverKey(path: string, terminal: Terminal): Promise<KeyObject> {
  const { readKeyFile, readUnencryptedKeyFile } = await import('@phalanx/ledger');
  const isPlain = Buffer.from(readBytes(path).subarray(0, 10)).toString('latin1') === '-----BEGIN';
  return isPlain
    ? readUnencryptedKeyFile(path)
    : readKeyFile(path, readPassphrase(loadConfig(terminal.env), terminal));
}
