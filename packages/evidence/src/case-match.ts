import { canonicalJson, fromUtf8, type Json, PhalanxError, toHex } from '@phalanx/core';
import type { DetectionReport } from '@phalanx/domain';
import type { Checkpoint } from '@phalanx/ledger';
import type { AggregateClaim } from './aggregate-claims.js';
import type { EvidenceErrorCode } from './evidence-error.js';
import type { ChainSummary } from './leaf-list.js';
import { CaseFile } from './report/case-file.js';

/** What the links before have shown. */
export interface ShownFacts {
  readonly claims: {
    readonly caseId: string;
    readonly findingEntry: number;
    readonly log: string;
    readonly accounts: number;
    readonly leaves: number;
    readonly sample: { readonly seed: string; readonly size: number };
  };
  readonly report: DetectionReport;
  readonly reportSha256: string;
  readonly figures: readonly AggregateClaim[];
  readonly chains: ReadonlyMap<string, ChainSummary>;
  readonly checkpoint: Checkpoint;
  readonly isStamped: boolean;
}

/**
 * Checks that `case.json`, which the report is a rendering of, says of finding, figures, chains, log and sample what the links before have
 * shown.
 *
 * @throws PhalanxError `EVIDENCE_RECORD`, naming what differs
 */
export function matchCase(json: Uint8Array, facts: ShownFacts): void {
  const file = readCase(json);
  const { claims, report, reportSha256, figures, chains, checkpoint, isStamped } = facts;
  const { window, alpha, poolsExamined, configuration } = report;
  const { detection, log, sampling } = file;
  const judged = {
    window: detection.window,
    alpha: detection.alpha,
    poolsExamined: detection.poolsExamined,
    configuration: detection.configuration,
    reportSha256: detection.reportSha256,
  };
  const sample = { seed: claims.sample.seed, size: claims.sample.size, population: claims.leaves };
  const logged = {
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: toHex(checkpoint.root),
    verifierKey: claims.log,
    finding: claims.findingEntry,
    isStamped,
  };
  same('case id', file.caseId, claims.caseId);
  same('finding', file.finding, report.findings[0]);
  same('detection', judged, { window, alpha, poolsExamined, configuration, reportSha256 });
  same('figures', file.aggregates, figures);
  same('number of entries', file.disclosure.entries, claims.leaves);
  same(
    'sample',
    sampling === null
      ? null
      : { seed: sampling.seed, size: sampling.sampleSize, population: sampling.population },
    sample,
  );
  same(
    'log',
    {
      origin: log.origin,
      size: log.size,
      root: log.root,
      verifierKey: log.verifierKey,
      finding: log.finding?.index ?? null,
      isStamped: log.timestamp !== null,
    },
    logged,
  );
  same('accounts', listSpans(file), listChains(file, chains));
}

/** Spans as the case file states them; under whichever name. */
function listSpans({ accounts }: CaseFile): Json {
  return sorted(
    accounts.map(({ accountId, exchanges, firstAtMs, lastAtMs, sequence }) => [
      accountId,
      exchanges,
      firstAtMs,
      lastAtMs,
      sequence?.first ?? null,
      sequence?.last ?? null,
    ]),
  );
}

/** Spans as the leaves show them. Where the case file names accounts, a chain takes the name of the account with the same span. */
function listChains({ accounts }: CaseFile, chains: ReadonlyMap<string, ChainSummary>): Json {
  const isPseudonymous = accounts.every(({ accountId }) => chains.has(accountId));
  const names = new Map<string, string[]>();
  for (const { accountId, firstAtMs, lastAtMs, sequence } of accounts) {
    const span = [sequence?.first, sequence?.last, firstAtMs, lastAtMs].join();
    names.set(span, [...(names.get(span) ?? []), accountId]);
  }
  return sorted(
    [...chains.values()].map(({ chain, firstSequence, lastSequence, firstAtMs, lastAtMs }) => {
      const span = [firstSequence, lastSequence, firstAtMs, lastAtMs].join();
      const name = isPseudonymous ? chain : (names.get(span)?.pop() ?? '');
      return [name, lastSequence - firstSequence + 1, firstAtMs, lastAtMs, firstSequence, lastSequence];
    }),
  );
}

function sorted(rows: readonly (readonly Json[])[]): Json {
  return rows.map((row) => canonicalJson(row)).sort();
}

function same(what: string, stated: unknown, shown: unknown): void {
  if (canonicalJson(stated as Json) !== canonicalJson(shown as Json))
    throw caseError(`the ${what} of case.json is another than was shown`);
}

function readCase(json: Uint8Array): CaseFile {
  try {
    return CaseFile.parse(JSON.parse(fromUtf8(json)));
  } catch (cause) {
    throw caseError('case.json is no case file', cause);
  }
}

function caseError(what: string, cause?: unknown): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_RECORD', what, { cause });
}
