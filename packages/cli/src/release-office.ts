import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StixObject } from '@phalanx/coalition';
import type { ReleaseContext, ReleaseDraft } from '@phalanx/coalition/policy';
import { canonicalJson, type Json, PhalanxError, utf8 } from '@phalanx/core';
import { z } from 'zod';
import type { CliErrorCode } from './cli-error.js';
import { readBytes } from './commands/ledger.js';
import { loadConfig } from './config.js';
import { readSharedKey } from './lab-trust.js';
import type { Terminal } from './terminal.js';

/** Files of the folder `coalition.office`, which hold everything that a decision rests on. */
export const OFFICE_FILES = {
  people: 'people.json',
  legalBasis: 'legal-basis.json',
  customers: 'customers.json',
  customersKey: 'customers.key',
  approvals: 'approvals',
  revocations: 'revocations',
  policies: 'policies',
} as const;

const Draft = z.strictObject({
  schema: z.literal('phalanx.release-draft.v1'),
  author: z.string().max(200),
  recipients: z.array(z.string().max(200)).max(1000),
  objects: z.array(z.looseObject({ type: z.string(), id: z.string() })).max(5000),
});
const Customers = z.strictObject({
  schema: z.literal('phalanx.customer-names.v1'),
  hashes: z.array(z.string().regex(/^[0-9a-f]{16}$/)),
  lengths: z.array(z.int().min(1).max(1000)),
});

export interface OfficeFlags {
  readonly config?: string;
}

/** The folder of the settings. */
export function officeOf(flags: OfficeFlags, terminal: Terminal): string {
  return loadConfig(terminal.env, flags.config)['coalition.office'];
}

/**
 * Reads the office. What is missing is missing in the decision too, and then nothing leaves; but a file that is there and cannot be read
 * is an error.
 *
 * @throws PhalanxError `CLI_FILE` without a register of persons or a list of customers, `COALITION_POLICY`, `COALITION_LIMIT`
 */
export async function readOffice(
  folder: string,
  nowMs: number,
): Promise<Omit<ReleaseContext, 'standingUses' | 'reportedBlocks' | 'labs'>> {
  const policy = await import('@phalanx/coalition/policy');
  const { parseJson } = await import('@phalanx/coalition');
  const path = (name: keyof typeof OFFICE_FILES) => join(folder, OFFICE_FILES[name]);
  const listFiles = (name: 'approvals' | 'revocations') =>
    existsSync(path(name))
      ? readdirSync(path(name))
          .filter((file) => file.endsWith('.json'))
          .sort()
          .map((file) => readBytes(join(path(name), file)))
      : [];
  const customers = Customers.safeParse(parseJson(readBytes(path('customers'))));
  if (!customers.success)
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path('customers')} holds no names of customers`, {
      advice: 'Make it: phalanx coalition customers, also when there are none.',
    });
  return {
    policies: existsSync(path('policies')) ? policy.loadPolicies(path('policies')) : policy.loadPolicies(),
    nowMs,
    people: policy.readPeople(parseJson(readBytes(path('people')))),
    legalBasis: existsSync(path('legalBasis')) ? policy.parseLegalBasis(readBytes(path('legalBasis'))) : null,
    approvals: listFiles('approvals').map(policy.parseApproval),
    revocations: listFiles('revocations').map(policy.parseRevocation),
    customerAlarm: policy.makeCustomerAlarm(customers.data, readSharedKey(path('customersKey'))),
  };
}

/** @throws PhalanxError `CLI_FILE` for what is no draft; `COALITION_STIX`, `COALITION_LIMIT` */
export async function readDraft(path: string): Promise<ReleaseDraft> {
  const { parseJson } = await import('@phalanx/coalition');
  const draft = Draft.safeParse(parseJson(readBytes(path)));
  if (!draft.success)
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} is no draft of a release`, {
      advice: 'phalanx coalition describe makes one.',
    });
  const { author, recipients, objects } = draft.data;
  return { author, recipients, objects: objects as unknown as StixObject[] };
}

export function formatDraft(draft: ReleaseDraft): Uint8Array {
  return utf8(`${canonicalJson({ schema: 'phalanx.release-draft.v1', ...draft } as unknown as Json)}\n`);
}
