import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { type Clock, canonicalJson, type Json, PhalanxError, toHex, utf8 } from '@phalanx/core';
import type { DetectionReport } from '@phalanx/domain';
import {
  checkPolicy,
  formatTlogProof,
  gatherCosignatures,
  parseCheckpoint,
  parseNote,
  parseTrustPolicy,
  type VerifierKey,
  witnessesOf,
} from '@phalanx/ledger';
import { formatStatement as formatLeaf, type TelemetryLog } from '@phalanx/record';
import { encryptForRecipients } from './age-envelope.js';
import { AggregateCounts } from './aggregate-claims.js';
import { type WrittenBag, writeBag } from './bag-writer.js';
import { BUNDLE, CLAIMS_TYPE } from './bundle-layout.js';
import { writeCaseFile } from './case-writer.js';
import { type DatedCheckpoint, proveDates } from './dated-checkpoint.js';
import { type Envelope, formatEnvelope, signEnvelope } from './dsse.js';
import { formatProofLine } from './entry-proofs.js';
import type { EvidenceErrorCode } from './evidence-error.js';
import { formatCertificates } from './pem.js';
import { drawSample } from './random-sample.js';
import {
  findRecordedPool,
  openPool,
  type RecordedPool,
  withPseudonyms,
  writeLeaves,
} from './recorded-pool.js';
import type { CaseParty, DisclosureLevel } from './report/case-file.js';
import { writeCustodyGraph } from './report/custody.js';
import { renderDeclarationPdf } from './report/declaration.js';
import { signPdf } from './report/pdf-signature.js';
import { renderReportHtml } from './report/report-html.js';
import { renderReportPdf } from './report/report-pdf.js';
import { formatStatementBundle, verifyStatementBundle } from './sigstore-bundle.js';
import { Staging } from './staging.js';
import { formatStatement, STATEMENT_TYPE } from './statement.js';
import { makeStatementLeaf } from './statement-leaf.js';
import { formatPublicKeyPem, type StatementSigner } from './statement-signer.js';
import type { VerifiedTimestamp } from './timestamp.js';
import { requestTimestamp, type TimestampAuthority } from './timestamp-request.js';
import { formatTrustedRoot } from './trusted-root.js';
import { readVerifyScript, writeGuide } from './verify-guide.js';

/** What a bundle is made from. */
export interface ExportRequest {
  readonly telemetry: TelemetryLog;
  readonly logKey: VerifierKey;
  /** The log's key as text, for people. */
  readonly logKeyText: string;
  /** Whose signatures a verifier shall ask for (tlog-policy); it must name the log. Witnesses with an address are asked. */
  readonly policy: Uint8Array;
  readonly statements: StatementSigner;
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
  readonly disclose: DisclosureLevel;
  /** Whether account ids and client addresses are opened too. */
  readonly names: boolean;
  /** age keys of the expert, for what is not opened to everybody. */
  readonly recipients: readonly string[];
  readonly sample: { readonly size: number; readonly seed: string | null };
  /** Null: nobody but the log says when. */
  readonly timestamps: TimestampAuthority | null;
  /** Checkpoints that the same authority stamped as the log grew, oldest first. */
  readonly dated: readonly DatedCheckpoint[];
  readonly clock: Clock;
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

/** A time stamp and what it says. */
export interface Stamp {
  readonly response: Uint8Array;
  readonly timestamp: VerifiedTimestamp;
}

const CONFIDENCE = 0.95;
/** Plain bytes of one encrypted part: what an expert's machine holds in memory. */
const PART_BYTES = 1 << 26;
const YEAR_MS = 365 * 86_400_000;

/**
 * Writes an evidence bundle about a finding: logs the finding and a signed statement about it, proves them, opens what is to be disclosed,
 * and puts all of it into a bag. What is disclosed is logged afterwards.
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
    const bag = await writeBag(folder, staging.contents(), info, new Date(clock.nowMs()));
    await telemetry.appendStatement({
      kind: 'disclosure',
      version: 1,
      atMs: clock.nowMs(),
      by: nameOf(request.madeBy),
      bundleSha256: bag.sha256,
      level: disclose,
      recipient: recipients.length === 0 ? 'the holder of the bundle' : recipients.join(' ').slice(0, 4096),
      legalBasis: `case ${request.caseId}`,
      leaves: pool.indices.length,
    });
    await telemetry.publish();
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
  const opened = await stageOpenings(staging, request, pool, new Set(sample), counts);
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
  const checkpointStamp = await stageStamps(staging, request, envelope, note, async (stamp) =>
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

/** How many entries are opened at each level. */
export interface OpenedCounts {
  readonly metadata: number;
  readonly text: number;
  readonly encryptedMetadata: number;
}

/** Openings as the level asks for: the sample in clear from `aggregates` on, everything from `metadata` on; text only encrypted. */
async function stageOpenings(
  staging: Staging,
  request: ExportRequest,
  pool: RecordedPool,
  sample: ReadonlySet<number>,
  counts: AggregateCounts,
): Promise<OpenedCounts> {
  const { disclose, telemetry, names } = request;
  if (disclose === 'existence') return { metadata: 0, text: 0, encryptedMetadata: 0 };
  const tally = { metadata: 0, text: 0, encryptedMetadata: 0 };
  const metadataParts = new EncryptedParts(staging, request.recipients, BUNDLE.metadata);
  const textParts = new EncryptedParts(staging, request.recipients, BUNDLE.text);
  await staging.putStream(
    BUNDLE.openings,
    (async function* () {
      for await (const { index, metadata, text } of openPool(telemetry, pool.indices, names, counts)) {
        if (metadata !== null) {
          if (disclose !== 'aggregates' || sample.has(index)) {
            tally.metadata++;
            yield metadata;
          }
          if (disclose === 'aggregates') {
            tally.encryptedMetadata++;
            await metadataParts.add(metadata);
          }
        }
        if (disclose === 'text' && text !== null && sample.has(index)) {
          tally.text++;
          await textParts.add(text);
        }
      }
    })(),
  );
  await metadataParts.end();
  await textParts.end();
  return tally;
}

/** Lines gathered into files that each fit into memory. */
class EncryptedParts {
  readonly #staging: Staging;
  readonly #recipients: readonly string[];
  readonly #pathOf: (part: number) => string;
  #lines: Uint8Array[] = [];
  #bytes = 0;
  #parts = 0;

  constructor(staging: Staging, recipients: readonly string[], pathOf: (part: number) => string) {
    this.#staging = staging;
    this.#recipients = recipients;
    this.#pathOf = pathOf;
  }

  async add(line: Uint8Array): Promise<void> {
    if (this.#bytes > 0 && this.#bytes + line.length > PART_BYTES) await this.end();
    this.#lines.push(line);
    this.#bytes += line.length;
  }

  async end(): Promise<void> {
    if (this.#bytes === 0) return;
    const box = await encryptForRecipients(Buffer.concat(this.#lines), this.#recipients);
    this.#staging.put(this.#pathOf(++this.#parts), box);
    this.#lines = [];
    this.#bytes = 0;
  }
}

/** Stamps the signature of the statement, for Sigstore's verifiers, and the checkpoint, for everybody. */
async function stageStamps(
  staging: Staging,
  { timestamps: authority, logKey, clock, statements }: ExportRequest,
  envelope: Envelope,
  note: Uint8Array,
  bundle: (stamp: Uint8Array) => Promise<Uint8Array>,
): Promise<Stamp | null> {
  if (authority === null) return null;
  const statement = await requestTimestamp(envelope.signature, authority);
  const checkpoint = await requestTimestamp(note, authority);
  staging.put(BUNDLE.statementStamp, statement.response);
  staging.put(BUNDLE.checkpointStamp, checkpoint.response);
  staging.put(BUNDLE.timestampAuthority, utf8(formatCertificates(authority.certificates)));
  // The log's key is believed for the time of this bundle: how long it is used is said by the log's own policy.
  const validity = { fromMs: clock.nowMs() - YEAR_MS, toMs: null };
  const trustedRoot = formatTrustedRoot({
    logs: [{ key: logKey, validity }],
    timestampAuthorities: [
      {
        uri: authority.url,
        organization: checkpoint.timestamp.authority.slice(0, 200),
        commonName: checkpoint.timestamp.authority.slice(0, 200),
        certificates: authority.certificates,
        validity,
      },
    ],
  });
  const sigstore = await bundle(statement.response);
  if (isForSigstore(sigstore, trustedRoot, statements.publicKey)) {
    staging.put(BUNDLE.sigstore, sigstore);
    staging.put(BUNDLE.trustedRoot, trustedRoot);
  }
  return checkpoint;
}

/** Verifiers of Sigstore know stamps by ECDSA keys only; by others the stamps stand alone. */
function isForSigstore(bundle: Uint8Array, trustedRoot: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    verifyStatementBundle(bundle, { trustedRoot, publicKey });
    return true;
  } catch (error) {
    if (PhalanxError.is(error, 'EVIDENCE_TIMESTAMP')) return false;
    throw error;
  }
}

function nameOf({ organisation, person }: CaseParty): string {
  return (person === null ? organisation : `${person}, ${organisation}`).slice(0, 256);
}
