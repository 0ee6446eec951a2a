import type { Decision, ReleaseStatement } from '@phalanx/coalition/policy';
import { showInvisible, systemClock } from '@phalanx/core';
import { ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatPlural } from '../figures.js';
import { usage, withLabStore } from '../lab-trust.js';
import { logStatement } from '../log-statement.js';
import { writeNewFile } from '../new-file.js';
import { readLedgerFile } from '../record-session.js';
import { officeOf, readDraft, readOffice } from '../release-office.js';
import type { Terminal } from '../terminal.js';
import { parseCount } from './weights-seal.js';

export interface ReleaseFlags {
  readonly data?: string;
  readonly config?: string;
  readonly out?: string;
  readonly labs: string;
  readonly reported: string[];
  readonly json?: boolean;
}

/** Reasons that are shown; a draft that is wrong in each of its objects says the same for each. */
const TOLD = 30;

/**
 * `phalanx coalition release`: whether a draft may leave, and why not. With `--out` the decision is written into the lab's log, and when it may
 * leave, the exact bytes to send into the file. Exit 1 when it is held or refused.
 *
 * @throws PhalanxError `CLI_USAGE` without a log, `CLI_FILE`, `COALITION_POLICY`, and what the log and the store throw
 */
export async function releaseCommand(
  path: string,
  flags: ReleaseFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { decideRelease, releaseIndicators } = await import('@phalanx/coalition/policy');
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  const draft = await readDraft(path);
  const nowMs = systemClock.nowMs();
  const context = {
    ...(await readOffice(officeOf(flags, terminal), nowMs)),
    labs: parseCount(flags.labs, '--labs'),
    reportedBlocks: new Map(flags.reported.map(readReported)),
  };
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const { out } = flags;
  if (out === undefined) {
    const isStanding = context.approvals.some(
      ({ document }) => document.schema === 'phalanx.standing-approval.v1',
    );
    const standingUses = isStanding
      ? await withLabStore(flags, terminal, (store) => store.releases.countUses(day))
      : new Map<string, number>();
    const decision = decideRelease(draft, { ...context, standingUses });
    tell(decision, null, flags, terminal);
    return decision.verdict === 'released' ? ExitCode.OK : ExitCode.FOUND;
  }
  const file = readLedgerFile(dataDir);
  if (file === null)
    throw usage('there is no log to write the receipt into', 'Begin one: phalanx ledger init.');
  const outcome = await withLabStore(flags, terminal, (store) =>
    releaseIndicators(draft, context, {
      store: store.releases,
      by: file.origin,
      record: async (statement: ReleaseStatement) => {
        await logStatement({ config, dataDir, file, terminal }, statement);
      },
    }),
  );
  if (outcome.envelope !== null) writeNewFile(out, outcome.envelope);
  tell(outcome.decision, outcome, flags, terminal);
  return outcome.decision.verdict === 'released' ? ExitCode.OK : ExitCode.FOUND;
}

function tell(
  decision: Decision,
  receipt: { readonly releaseId: string; readonly sequence: number } | null,
  flags: ReleaseFlags,
  terminal: Terminal,
): void {
  const { verdict, reasons, categories, envelopeSha256, policySha256, legalBasisSha256 } = decision;
  if (flags.json) {
    const { releaseId = null, sequence = null } = receipt ?? {};
    const told = {
      verdict,
      reasons,
      categories,
      envelopeSha256,
      policySha256,
      legalBasisSha256,
      releaseId,
      sequence,
    };
    terminal.out(`${JSON.stringify(told)}\n`);
    return;
  }
  terminal.out(`${verdict}  ${envelopeSha256 ?? 'too large'}  ${categories.join(', ')}\n`);
  for (const { code, object, place, detail } of reasons.slice(0, TOLD)) {
    const where = object === null ? 'the draft' : `object ${object} ${place}`;
    terminal.out(`  ${code}  ${showInvisible(where)}: ${showInvisible(detail).slice(0, 120)}\n`);
  }
  if (reasons.length > TOLD) terminal.out(`  and ${formatPlural(reasons.length - TOLD, 'more reason')}\n`);
  if (receipt !== null) terminal.out(`receipt  ${receipt.sequence}  ${receipt.releaseId}\n`);
}

function readReported(text: string): [string, number] {
  const [, block, labs] = /^([0-9a-f.:]{2,45}\/[0-9]{1,3})=([0-9]{1,4})$/.exec(text) ?? [];
  if (block === undefined) throw usage(`${text} is no block that labs reported`, 'Write 203.0.113.64/26=3.');
  return [block, Number(labs)];
}
