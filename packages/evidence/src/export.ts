import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import {
  formatCertificates,
  formatEnvelope,
  formatPublicKeyPem,
  formatStatement,
  formatStatementBundle,
  makeStatementLeaf,
  requestTimestamp,
  STATEMENT_TYPE,
  signEnvelope,
} from '@phalanx/attestation';
import { canonicalJson, type Json, PhalanxError, toHex, utf8 } from '@phalanx/core';
import type { DetectionReport } from '@phalanx/domain';
import {
  checkPolicy,
  formatTlogProof,
  gatherCosignatures,
  parseCheckpoint,
  parseNote,
  parseTrustPolicy,
  witnessesOf,
} from '@phalanx/ledger';
import { formatStatement as formatLeaf, type TelemetryLog } from '@phalanx/record';
import { AggregateCounts } from './aggregate-claims.js';
import { type WrittenBag, writeBag } from './bag-writer.js';
import { BUNDLE, CLAIMS_TYPE, WHOLE_TYPE } from './bundle-layout.js';
import { writeCaseFile } from './case-writer.js';
import { type DatedCheckpoint, proveDates } from './dated-checkpoint.js';
import { type DisclosureRequest, type OpenedCounts, stageOpenings } from './disclosure-files.js';
import { formatProofLine } from './entry-proofs.js';
import type { EvidenceErrorCode } from './evidence-error.js';
import { drawSample } from './random-sample.js';
import { findRecordedPool, type RecordedPool, withPseudonyms, writeLeaves } from './recorded-pool.js';
import type { CaseParty } from './report/case-file.js';
import { writeCustodyGraph } from './report/custody.js';
import { renderDeclarationPdf } from './report/declaration.js';
import { signPdf } from './report/pdf-signature.js';
import { renderReportHtml } from './report/report-html.js';
import { renderReportPdf } from './report/report-pdf.js';
import { Staging } from './staging.js';
import { type StampRequest, stageStamps } from './stamp-files.js';
import { readVerifyScript, writeGuide } from './verify-guide.js';

/** What a bundle is made from. */
export interface ExportRequest extends DisclosureRequest, StampRequest {
  /** The log's key as text, for people. */
  readonly logKeyText: string;
  /** Whose signatures a verifier shall ask for (tlog-policy); it must name the log. Witnesses with an address are asked. */
  readonly policy: Uint8Array;
  /** DER, see `PdfSigning.certificates`. */
  readonly certificates: readonly Uint8Array[];
  /** The finding, with all that judges it; other findings are left out. */
  readonly report: DetectionReport;
  readonly ranAtMs: number;
  readonly detector: { readonly version: string; readonly codeSha256: string };
  readonly accountOf: (accountId: string) => bigint;
  readonly caseId: string;
  readonly madeBy: CaseParty;
  readonly software: { readonly name: string; readonly version: string };
  readonly sample: { readonly size: number; readonly seed: string | null };
  /** Checkpoints that the same authority stamped as the log grew, oldest first. */
  readonly dated: readonly DatedCheckpoint[];
}

/** What was made. */
export interface ExportedBundle extends WrittenBag {
  readonly leaves: number;
  readonly sampled: number;
  readonly opened: OpenedCounts;
  /** Entry of the log that holds the signed statement. */
  readonly statementIndex: number;
  readonly pool: RecordedPool;
}

const CONFIDENCE = 0.95;

/**
 * Writes an evidence bundle about a finding: logs the finding and a signed statement about it, proves them, opens what is to be disclosed,
 * and puts all of it into a bag. What is disclosed, and to whom, is logged before the bag is there.
 *
 * @param folder must not exist
 * @throws PhalanxError `EVIDENCE_RECORD` when no account of the finding is on record; `EVIDENCE_RECIPIENT` when something must be encrypted and
 *   there is nobody to encrypt it for; and what the parts throw
 */
export async function exportEvidence(folder: string, request: ExportRequest): Promise<ExportedBundle> {
  const { telemetry, report, disclose, clock, recipients } = request;
  if ((disclose === 'aggregates' || disclose === 'text') && recipients.length === 0)
    throw new PhalanxError<EvidenceErrorCode>(
      'EVIDENCE_RECIPIENT',
      `disclosing ${disclose} needs a recipient`,
      {
        advice: 'Name the age key of the expert.',
      },
    );
  const [finding] = report.findings;
  if (finding === undefined) throw new RangeError('a report without a finding');
  const pool = findRecordedPool(telemetry, finding, report.window, request.accountOf);
  if (pool.indices.length === 0)
    throw new PhalanxError<EvidenceErrorCode>('EVIDENCE_RECORD', 'no account of the finding is on record', {
      advice: 'Only what was ingested after the log was begun can be proved.',
    });
  const staging = await Staging.open(dirname(folder));
  try {
    const made = await stageAll(staging, request, pool);
    const info = [
      ['Source-Organization', request.madeBy.organisation],
      ['External-Identifier', request.caseId],
      ['Bag-Software-Agent', `${request.software.name} ${request.software.version}`],
    ] as const;
    const discloseTo = async ({ sha256 }: WrittenBag): Promise<void> => {
      await telemetry.appendStatement({
        kind: 'disclosure',
        version: 1,
        atMs: clock.nowMs(),
        by: nameOf(request.madeBy),
        bundleSha256: sha256,
        level: disclose,
        recipient: recipients.length === 0 ? 'the holder of the bundle' : recipients.join(' ').slice(0, 4096),
        legalBasis: `case ${request.caseId}`,
        leaves: pool.indices.length,
      });
      await telemetry.publish();
    };
    const bag = await writeBag(folder, staging.contents(), info, new Date(clock.nowMs()), discloseTo);
    return { ...bag, ...made, leaves: pool.indices.length, pool };
  } finally {
    await staging.close();
  }
}

async function stageAll(
  staging: Staging,
  request: ExportRequest,
  pool: RecordedPool,
): Promise<Pick<ExportedBundle, 'sampled' | 'statementIndex' | 'opened'>> {
  const { telemetry, clock, statements } = request;
  const report = request.names ? request.report : withPseudonyms(request.report, pool);
  const finding = report.findings[0]!;
  const reportBytes = utf8(JSON.stringify(report));
  staging.put(BUNDLE.finding, reportBytes);

  const findingLeaf = formatLeaf({
    kind: 'finding',
    version: 1,
    atMs: clock.nowMs(),
    by: nameOf(request.madeBy),
    findingId: finding.id,
    reportSha256: createHash('sha256').update(reportBytes).digest('hex'),
    detector: request.detector,
    configuration: report.configuration,
    alpha: report.alpha,
    poolsExamined: report.poolsExamined,
    accounts: finding.members.length,
  });
  staging.put(BUNDLE.findingLeaf, findingLeaf);
  const findingIndex = await telemetry.appendEntry(findingLeaf);
  const seedRoot = parseCheckpoint(parseNote(await telemetry.publish()).text).root;

  await staging.putStream(BUNDLE.leaves, writeLeaves(telemetry, pool.indices));
  const seed = request.sample.seed ?? toHex(seedRoot);
  const places = drawSample(seed, pool.indices.length, request.sample.size);
  const sample = places.map((place) => pool.indices[place]!);
  const counts = new AggregateCounts();
  const opened = await stageOpenings(staging, request, pool.indices, new Set(sample), counts);
  const claims = counts.claims();
  staging.put(BUNDLE.claims, utf8(`${canonicalJson(claims as unknown as Json)}\n`));

  const payload = formatStatement({
    subjects: staging.files.map(({ path, sha256 }) => ({ name: path, sha256 })),
    predicateType: CLAIMS_TYPE,
    predicate: {
      caseId: request.caseId,
      findingId: finding.id,
      findingKind: finding.kind,
      findingEntry: findingIndex,
      log: request.logKeyText,
      window: { fromMs: request.report.window.fromMs, toMs: request.report.window.toMs },
      accounts: pool.chains.size,
      leaves: pool.indices.length,
      disclosed: request.disclose,
      sample: { seed, size: sample.length },
    },
  });
  const envelope = await signEnvelope(STATEMENT_TYPE, payload, statements);
  staging.put(BUNDLE.envelope, formatEnvelope(envelope));
  const leaf = makeStatementLeaf(envelope, statements.publicKey);
  staging.put(BUNDLE.statementLeaf, leaf);
  const statementIndex = await telemetry.appendEntry(leaf);
  await telemetry.publish();
  const { note, witnesses } = await gatherWitnesses(telemetry, request.policy);
  staging.put(BUNDLE.checkpoint, note);

  const { log } = telemetry;
  const within = { note, checkpoint: parseCheckpoint(parseNote(note).text) };
  const prove = (index: number) => log.prove(index, null, within);
  const statementProof = await prove(statementIndex);
  staging.put(BUNDLE.statementProof, formatTlogProof(statementProof));
  staging.put(BUNDLE.findingProof, formatTlogProof(await prove(findingIndex)));
  const heads = [...pool.chains.values()].map(({ headIndex }) => headIndex);
  const proved = [...new Set([...heads, ...sample])].sort((a, b) => a - b);
  await staging.putStream(
    BUNDLE.entryProofs,
    (async function* () {
      for (const index of proved) yield formatProofLine(index, (await prove(index)).inclusion);
    })(),
  );

  if (request.dated.length > 0)
    await staging.putStream(BUNDLE.dates, proveDates(log, request.dated, within.checkpoint.size));
  const checkpointStamp = await stageStamps(staging, request, envelope, note, (stamp) =>
    formatStatementBundle({
      envelope,
      publicKey: statements.publicKey,
      logKey: request.logKey,
      proof: statementProof,
      timestamps: [stamp],
    }),
  );
  staging.put(BUNDLE.policy, request.policy);
  staging.put(BUNDLE.statementKey, utf8(formatPublicKeyPem(statements.publicKey)));
  staging.put(BUNDLE.certificate, utf8(formatCertificates(request.certificates)));

  const caseFile = writeCaseFile({
    request,
    report,
    pool,
    claims,
    opened,
    findingIndex,
    checkpoint: within.checkpoint,
    witnesses,
    stamp: checkpointStamp,
    sample: { seed, size: sample.length, confidence: CONFIDENCE },
    files: staging.files,
  });
  staging.put(BUNDLE.caseFile, utf8(`${JSON.stringify(caseFile, null, 1)}\n`));
  staging.put(BUNDLE.custody, utf8(writeCustodyGraph(caseFile)));
  staging.put(BUNDLE.reportHtml, utf8(renderReportHtml(caseFile)));
  const objects = staging.files.map(({ path, sha256, bytes }) => ({ name: path, sha256, sizeBytes: bytes }));
  staging.put(BUNDLE.declaration, await renderDeclarationPdf(caseFile, objects));
  const authority = request.timestamps;
  const pdf = await signPdf(await renderReportPdf(caseFile, utf8(staging.manifest())), {
    key: statements,
    certificates: request.certificates,
    signedAtMs: clock.nowMs(),
    name: nameOf(request.madeBy),
    reason: `Evidence bundle of case ${request.caseId}`,
    timestamp:
      authority === null ? null : async (message) => (await requestTimestamp(message, authority)).response,
  });
  staging.put(BUNDLE.reportPdf, pdf);
  staging.put(BUNDLE.script, readVerifyScript());
  staging.put(BUNDLE.guide, utf8(writeGuide(caseFile)));
  const whole = formatStatement({
    subjects: staging.files.map(({ path, sha256 }) => ({ name: path, sha256 })),
    predicateType: WHOLE_TYPE,
    predicate: { caseId: request.caseId },
  });
  staging.put(BUNDLE.wholeEnvelope, formatEnvelope(await signEnvelope(STATEMENT_TYPE, whole, statements)));
  return { sampled: sample.length, statementIndex, opened };
}

/**
 * The last checkpoint, with the cosignatures that the policy asks for, and who gave them when.
 *
 * @throws PhalanxError `EVIDENCE_LOG` when too few witnesses cosign; what `parseTrustPolicy` throws
 */
async function gatherWitnesses(
  telemetry: TelemetryLog,
  policyText: Uint8Array,
): Promise<{ readonly note: Uint8Array; readonly witnesses: ReadonlyMap<string, number> }> {
  const { log } = telemetry;
  const policy = parseTrustPolicy(policyText);
  const { note, isWitnessed, outcomes } = await gatherCosignatures(log, witnessesOf(policy), policy);
  if (!isWitnessed)
    throw new PhalanxError<EvidenceErrorCode>(
      'EVIDENCE_LOG',
      `too few witnesses cosigned: ${[...outcomes].map(([url, { kind }]) => `${url} ${kind}`).join(', ')}`,
      { retryable: true, advice: 'Ask the witnesses, or give a policy that asks for fewer.' },
    );
  log.serve(note);
  return { note, witnesses: checkPolicy(note, policy).cosigned };
}

function nameOf({ organisation, person }: CaseParty): string {
  return (person === null ? organisation : `${person}, ${organisation}`).slice(0, 256);
}
