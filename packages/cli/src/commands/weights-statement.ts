import { PhalanxError, showInvisible } from '@phalanx/core';
import type { WeightStatement } from '@phalanx/weights';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';
import { readReference, readSigner, type SignerFlags, writeWhole } from './weights-sign.js';
import { describeSigner, isVerdict, readTrust, type TrustFlags } from './weights-verify.js';

export interface SignStatementFlags extends SignerFlags {
  readonly deliveredTo?: string;
  readonly copy?: string;
  readonly commitment?: string;
  readonly withdrawn?: string;
  readonly replacement?: string;
  readonly out: string;
  readonly json?: boolean;
}

/**
 * `phalanx weights statement sign`: that a copy of a signed model went to somebody, or that the model is no longer to be used. A recipient who signs
 * the same statement gives a receipt. `weights sign --derived-from` states descent.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `WEIGHTS_FORMAT`, `ATTESTATION_KEY`
 */
export async function signStatementCommand(
  model: string,
  flags: SignStatementFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { modelSignerOf, readModelReference, signWeightStatement } = await import('@phalanx/weights');
  const said = readPredicate(flags);
  const { root, name = root } = readReference(model, readModelReference);
  const statement = { ...said, root, name } as WeightStatement;
  const signer = await readSigner(flags, terminal, modelSignerOf);
  writeWhole(flags.out, await signWeightStatement(statement, signer));
  terminal.out(
    flags.json
      ? `${JSON.stringify({ file: flags.out, ...statement })}\n`
      : `signed      ${statement.kind}: ${flags.out}\n`,
  );
  return ExitCode.OK;
}

/**
 * `phalanx weights statement verify`: what a statement about a model says and who signed it. Exit 1 when it is not by whom is trusted.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`; `ATTESTATION_KEY`, `ATTESTATION_TRUSTED_ROOT` for what is to be trusted
 */
export async function verifyStatementCommand(
  file: string,
  flags: TrustFlags & { readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const { verifyWeightStatement } = await import('@phalanx/weights');
  const trust = readTrust(flags);
  const bundle = readBytes(file);
  try {
    const { statement, signer } = verifyWeightStatement(bundle, trust);
    if (flags.json) terminal.out(`${JSON.stringify({ verdict: 'verified', ...statement, signer })}\n`);
    else {
      const line = (name: string, text: string) => terminal.out(`${name.padEnd(12)}${text}\n`);
      line('verified', `${statement.kind}, about ${showInvisible(statement.name.slice(0, 100))}`);
      line('signer', describeSigner(signer));
      line('root', statement.root);
      line('says', showInvisible(JSON.stringify(statement.predicate)));
    }
    return ExitCode.OK;
  } catch (error) {
    if (!isVerdict(error)) throw error;
    const { code, message } = error;
    if (flags.json) terminal.out(`${JSON.stringify({ verdict: 'refused', code, reason: message })}\n`);
    else terminal.out(`refused     ${showInvisible(message.slice(0, 300))} (${code})\n`);
    return ExitCode.FOUND;
  }
}

function readPredicate(flags: SignStatementFlags): Pick<WeightStatement, 'kind' | 'predicate'> {
  const { deliveredTo, copy, commitment, withdrawn, replacement } = flags;
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  if ((deliveredTo === undefined) === (withdrawn === undefined))
    throw usage('say --delivered-to NAME with --copy ID, or --withdrawn REASON');
  if (withdrawn !== undefined) {
    if (copy !== undefined || commitment !== undefined)
      throw usage('--copy and --commitment are for --delivered-to');
    const predicate = {
      reason: withdrawn,
      withdrawnAt: now,
      ...(replacement !== undefined && { replacement }),
    };
    return { kind: 'withdrawn', predicate };
  }
  if (copy === undefined || replacement !== undefined)
    throw usage('--delivered-to needs --copy, and no --replacement');
  const predicate = {
    recipient: deliveredTo!,
    copy,
    deliveredAt: now,
    ...(commitment !== undefined && { commitment }),
  };
  return { kind: 'delivered-to', predicate };
}

function usage(message: string): PhalanxError<CliErrorCode> {
  return new PhalanxError<CliErrorCode>('CLI_USAGE', message);
}
