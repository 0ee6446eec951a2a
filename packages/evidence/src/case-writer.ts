import { toHex } from '@phalanx/core';
import type { DetectionReport } from '@phalanx/domain';
import type { Checkpoint } from '@phalanx/ledger';
import type { AggregateClaim } from './aggregate-claims.js';
import { BUNDLE, isMetadataPart, isTextPart } from './bundle-layout.js';
import type { OpenedCounts } from './disclosure-files.js';
import type { ExportRequest } from './export.js';
import type { RecordedPool } from './recorded-pool.js';
import { CaseFile, type CaseObject, type CustodyStep } from './report/case-file.js';
import type { StagedFile } from './staging.js';
import type { Stamp } from './stamp-files.js';

/** What the exporter knows when it comes to the report. */
export interface CaseParts {
  readonly request: ExportRequest;
  /** With the finding as it is told: under pseudonyms unless names are opened. */
  readonly report: DetectionReport;
  readonly pool: RecordedPool;
  readonly claims: readonly AggregateClaim[];
  readonly opened: OpenedCounts;
  readonly findingIndex: number;
  readonly checkpoint: Checkpoint;
  /** Names, and when each cosigned, in seconds since 1970. */
  readonly witnesses: ReadonlyMap<string, number>;
  readonly stamp: Stamp | null;
  readonly sample: { readonly seed: string; readonly size: number; readonly confidence: number };
  /** Of the bundle so far. */
  readonly files: readonly StagedFile[];
}

/** The case file of a bundle. */
export function writeCaseFile(parts: CaseParts): CaseFile {
  const { request, pool, claims, opened, checkpoint, witnesses, stamp, sample, files } = parts;
  const { clock, disclose } = request;
  const { report } = parts;
  const finding = report.findings[0]!;
  const nowMs = clock.nowMs();
  const { findings, schema: _, seconds: _seconds, ...judged } = report;
  return CaseFile.parse({
    schema: 'phalanx.case-file.v1',
    caseId: request.caseId,
    madeAtMs: nowMs,
    madeBy: request.madeBy,
    software: request.software,
    finding,
    detection: {
      ...judged,
      findings: findings.length,
      ranAtMs: request.ranAtMs,
      detectorSha256: request.detector.codeSha256,
      reportSha256: hashOf(files, BUNDLE.finding),
      calibration: [],
    },
    activity: pool.days,
    disclosure: {
      entries: pool.indices.length,
      opened: {
        existence: pool.indices.length,
        aggregates: Math.max(opened.metadata, opened.encryptedMetadata),
        metadata: opened.metadata,
        text: opened.text,
      },
      textRecipient: opened.text === 0 ? null : `holders of ${request.recipients.join(', ')}`.slice(0, 4000),
      withheld: listWithheld(parts),
    },
    accounts: [...pool.chains].map(([accountId, chain]) => ({
      accountId: request.names ? accountId : chain.chain,
      exchanges: chain.lastSequence - chain.firstSequence + 1,
      firstAtMs: chain.firstAtMs,
      lastAtMs: chain.lastAtMs,
      sequence: { first: chain.firstSequence, last: chain.lastSequence },
    })),
    aggregates: claims,
    log: {
      origin: checkpoint.origin,
      size: checkpoint.size,
      root: toHex(checkpoint.root),
      checkpointAtMs: stamp?.timestamp.timeMs ?? nowMs,
      verifierKey: request.logKeyText,
      finding: { index: parts.findingIndex, atMs: nowMs },
      witnesses: [...witnesses].map(([name, seconds]) => ({ name, cosignedAtMs: 1000 * seconds })),
      quorum: witnesses.size === 0 ? null : `as ${BUNDLE.policy} says`,
      timestamp:
        stamp === null
          ? null
          : {
              authority: stamp.timestamp.authority,
              atMs: stamp.timestamp.timeMs,
              accuracyMs: stamp.timestamp.accuracyMs,
            },
    },
    sampling: {
      seed: sample.seed,
      seedSource:
        request.sample.seed === null
          ? 'Root hash of the log with the finding in it. The maker of the log could have tried several; ask for a sample with a seed of your own.'
          : 'The exporter states that it was given by somebody else.',
      population: pool.indices.length,
      sampleSize: sample.size,
      opened: disclose === 'existence' ? 0 : sample.size,
      confidence: sample.confidence,
    },
    preRegistration: null,
    verification: listChecks(parts),
    limits: listLimits(parts),
    custody: listCustody(parts, nowMs, disclose),
  });
}

function listWithheld({ request, opened }: CaseParts) {
  const { disclose, names } = request;
  const withheld = [];
  if (!names)
    withheld.push({
      what: 'Account ids, organisations and client addresses; what is opened holds keyed hashes of them',
      why: 'Not needed to check the claims. The group `who` of each entry can be opened on order.',
    });
  if (disclose === 'existence')
    withheld.push({
      what: 'Everything but that the entries exist, and when',
      why: 'Level of disclosure: existence.',
    });
  if (disclose === 'aggregates')
    withheld.push({
      what: 'Metadata, but for the sample',
      why: 'Encrypted for the auditor named by age key, who can recompute the figures.',
    });
  if (opened.text === 0)
    withheld.push({ what: 'Prompts and completions', why: 'Committed to; not opened in this bundle.' });
  return withheld;
}

function listLimits({ request, pool, opened, stamp, sample, report, witnesses }: CaseParts): string[] {
  const limits = [
    'The log shows what the operator recorded, and that it was not changed since the oldest time stamp or cosignature that is shown. It cannot show that the operator recorded all that happened, or that it happened.',
    'Which accounts are in the finding, and that no other finding was tried before it, is the operator’s word. Every finding that was made into a bundle is an entry of the log.',
    'Of each account the exchanges from its first to its last sequence number are listed, none left out in between. That nothing of the window lies before the first, unless it has number 0, or after the last is the operator’s word.',
    `A sample of ${sample.size} entries was drawn from ${pool.indices.length}.`,
  ];
  if (witnesses.size === 0)
    limits.push(
      'No witness has cosigned the checkpoint: that the log shows everybody the same is the operator’s word.',
    );
  if (request.disclose === 'text' && opened.text === 0)
    limits.push(
      'No text of the sample could be opened: it was not kept, its time is over, or it was erased.',
    );
  if (stamp === null)
    limits.push('No time stamping authority was asked: the times are those of the operator.');
  if (pool.unrecorded.length > 0)
    limits.push(
      `${pool.unrecorded.length} of ${report.findings[0]!.members.length} accounts of the finding are not on record and are left out.`,
    );
  return limits;
}

function listChecks({ stamp, files }: CaseParts) {
  const checks = [
    {
      what: 'No file was altered since the bundle was made.',
      commands: ['sha256sum -c --quiet manifest-sha256.txt', 'sha256sum -c --quiet tagmanifest-sha256.txt'],
      expected: 'nothing, and exit code 0',
    },
    {
      what: 'Every link, with Python and OpenSSL alone.',
      commands: ['python3 verify.py . --log-key "THE KEY THAT YOU GOT ELSEWHERE"'],
      expected: 'a line for each link that begins with ok, then VERIFIED',
    },
    {
      what: 'The report is the one that was signed.',
      commands: ['pdfsig data/report.pdf'],
      expected: 'Signature Validation: Signature is Valid.',
    },
  ];
  if (stamp !== null)
    checks.push({
      what: 'The checkpoint existed at the time stated.',
      commands: [
        `openssl ts -verify -in ${BUNDLE.checkpointStamp} -data ${BUNDLE.checkpoint} -CAfile ${BUNDLE.timestampAuthority}`,
      ],
      expected: 'Verification: OK',
    });
  const encrypted = files.find(({ path }) => isTextPart(path) || isMetadataPart(path));
  if (encrypted !== undefined)
    checks.push({
      what: 'What is encrypted, for those who hold the key.',
      commands: [`age -d -i key.txt ${encrypted.path}`],
      expected: 'one JSON object a line; verify.py --identity checks each against the log',
    });
  return checks;
}

function listCustody(
  { request, report, pool, files, findingIndex }: CaseParts,
  nowMs: number,
  disclose: string,
): CustodyStep[] {
  const finding = report.findings[0]!;
  const objects = (paths: readonly string[]): CaseObject[] =>
    files
      .filter(({ path }) => paths.includes(path))
      .map(({ path, sha256, bytes }) => ({ name: path, sha256, sizeBytes: bytes }));
  const operator = {
    organisation: request.madeBy.organisation,
    person: null,
    role: 'Operator of the service',
  };
  const instrument = request.software;
  const [first = report.window.fromMs, last = report.window.toMs] = [
    pool.days[0]?.dayMs,
    pool.days.at(-1)?.dayMs,
  ];
  const leaves = objects([BUNDLE.leaves]);
  const found = objects([BUNDLE.finding, BUNDLE.findingLeaf]);
  return [
    {
      action: 'collected',
      what: 'Requests were answered and recorded, at the times that the records state.',
      startMs: first,
      endMs: Math.max(first, last),
      performer: operator,
      instrument,
      inputs: [],
      outputs: [],
      recipient: null,
    },
    {
      action: 'committed',
      what: `${pool.indices.length} exchanges were committed to in the log, in entries before that of the finding, ${findingIndex}. When exactly is shown by time stamps from then, if the bundle holds any.`,
      startMs: nowMs,
      endMs: nowMs,
      performer: operator,
      instrument,
      inputs: [],
      outputs: leaves,
      recipient: null,
    },
    {
      action: 'detected',
      what: `Finding ${finding.id} was made from them.`,
      startMs: request.ranAtMs,
      endMs: request.ranAtMs,
      performer: operator,
      instrument,
      inputs: leaves,
      outputs: found,
      recipient: null,
    },
    {
      action: 'exported',
      what: `The finding was logged as entry ${findingIndex}, and this bundle was made. Level of disclosure: ${disclose}.`,
      startMs: nowMs,
      endMs: nowMs,
      performer: request.madeBy,
      instrument,
      inputs: [...leaves, ...found],
      outputs: objects([BUNDLE.envelope, BUNDLE.claims, BUNDLE.openings]),
      recipient: null,
    },
  ];
}

function hashOf(files: readonly StagedFile[], path: string): string {
  return files.find((file) => file.path === path)!.sha256;
}
