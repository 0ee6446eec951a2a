import { canonicalJson, fromUtf8, PhalanxError } from '@phalanx/core';
import { DetectionReport } from '@phalanx/domain';
import type { ExchangeLeaf, Statement } from '@phalanx/record';
import type { EvidenceErrorCode } from './evidence-error.js';

/** What a signed statement says of its finding. */
export interface FindingClaims {
  readonly findingId: string;
  readonly findingKind: string;
  readonly window: { readonly fromMs: number; readonly toMs: number };
}

/**
 * Reads `finding.json` and checks that it is one finding, the one that was logged and signed for.
 *
 * @throws PhalanxError `EVIDENCE_RECORD`
 */
export function readFinding(
  json: Uint8Array,
  logged: Extract<Statement, { kind: 'finding' }>,
  { findingId, findingKind, window }: FindingClaims,
): DetectionReport {
  const parsed = DetectionReport.safeParse(readJson(json));
  if (!parsed.success) throw matchError('finding.json is no detection report');
  const report = parsed.data;
  const [finding, ...more] = report.findings;
  if (finding === undefined || more.length > 0) throw matchError('finding.json holds not one finding');
  if (finding.id !== findingId || finding.kind !== findingKind || logged.findingId !== findingId)
    throw matchError('the finding is another than was signed for');
  if (report.window.fromMs !== window.fromMs || report.window.toMs !== window.toMs)
    throw matchError('the window of the finding is another than was signed for');
  const isAsLogged =
    report.alpha === logged.alpha &&
    report.poolsExamined === logged.poolsExamined &&
    finding.members.length === logged.accounts &&
    canonicalJson(report.configuration) === canonicalJson(logged.configuration);
  if (!isAsLogged) throw matchError('the finding was judged by other rules than were logged');
  return report;
}

/**
 * Ties chains to the accounts of a finding. Under pseudonyms the finding names the chains themselves. Otherwise it names accounts, and whose
 * a chain is shows where its `who` group is opened.
 */
export class AccountTies {
  readonly #members: ReadonlySet<string>;
  readonly #chains: number;
  /** Account id and its keyed hash, by chain, as far as entries are opened. */
  readonly #owners = new Map<string, string>();
  readonly #hashes = new Map<string, bigint>();
  readonly #isPseudonymous: boolean;

  /**
   * @param chains names of the listed chains
   * @throws PhalanxError `EVIDENCE_RECORD` when there are more chains than accounts, or other chains listed than the finding names
   */
  constructor(report: DetectionReport, chains: ReadonlySet<string>) {
    const members = report.findings[0]!.members.map(({ accountId }) => accountId);
    this.#members = new Set(members);
    this.#chains = chains.size;
    if (this.#members.size !== members.length) throw matchError('the finding names an account twice');
    if (chains.size > members.length)
      throw matchError('more chains are listed than the finding has accounts');
    this.#isPseudonymous = members.some((name) => chains.has(name));
    if (!this.#isPseudonymous) return;
    for (const chain of chains)
      if (!this.#members.has(chain)) throw matchError(`chain ${chain} is of no account of the finding`);
    for (const name of members)
      if (/^[0-9a-f]{32}$/.test(name) && !chains.has(name))
        throw matchError(`chain ${name} of the finding is not listed`);
  }

  /**
   * Takes account of an opened entry.
   *
   * @param record what its `detector` group holds
   * @param accountId what its `who` group says; null when it is not opened
   * @throws PhalanxError `EVIDENCE_RECORD` when it is of an account that the finding does not name, or contradicts its leaf or its chain
   */
  add(
    index: number,
    leaf: Pick<ExchangeLeaf, 'atMs'> & { readonly chain: string },
    record: { readonly account: bigint; readonly atMs: number },
    accountId: string | null,
  ): void {
    if (record.atMs !== leaf.atMs) throw matchError(`entry ${index} states two times`);
    if ((this.#hashes.get(leaf.chain) ?? record.account) !== record.account)
      throw matchError(`entry ${index} is of another account than its chain`);
    this.#hashes.set(leaf.chain, record.account);
    if (accountId === null) return;
    if ((this.#owners.get(leaf.chain) ?? accountId) !== accountId)
      throw matchError(`entry ${index} is of another account than its chain`);
    if (!this.#isPseudonymous && !this.#members.has(accountId))
      throw matchError(`entry ${index} is of an account that the finding does not name`);
    this.#owners.set(leaf.chain, accountId);
  }

  /** What is known of whose the chains are. */
  describe(): string {
    if (this.#isPseudonymous) return 'chains are those that the finding names';
    return `${this.#owners.size} of ${this.#chains} chains shown to be of accounts that the finding names`;
  }
}

function readJson(json: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(json));
  } catch (cause) {
    throw matchError('finding.json is no JSON', cause);
  }
}

function matchError(what: string, cause?: unknown): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_RECORD', what, { cause });
}
