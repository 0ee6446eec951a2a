import { DetectionReport, Finding } from '@phalanx/domain';
import { z } from 'zod';

const MAX_ACCOUNTS = 1_000_000;
const MAX_ROWS = 10_000;

const Text = z.string().max(4_000);
const Name = z.string().min(1).max(500);
const Hash = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 as 64 lower-case hexadecimal digits');
const Count = z.number().int().min(0);
/** Milliseconds since 1970-01-01T00:00:00Z, within what four digits of a year can write. */
const Instant = z.number().min(0).max(253_402_300_799_999);

/** A file by its content. */
export const CaseObject = z.object({
  /** Path in the bundle, or a name where it is not part of it. */
  name: Name,
  sha256: Hash,
  sizeBytes: Count,
});
export type CaseObject = z.infer<typeof CaseObject>;

/** Who did something: a person with a role, or an organisation where no person is named. */
export const CaseParty = z.object({
  organisation: Name,
  person: Name.nullable(),
  role: Name,
});
export type CaseParty = z.infer<typeof CaseParty>;

/** How far an entry of the log is opened; each level contains the ones before. */
export const DisclosureLevel = z.enum(['existence', 'aggregates', 'metadata', 'text']);
export type DisclosureLevel = z.infer<typeof DisclosureLevel>;

/** One step in the chain of custody. */
export const CustodyStep = z.object({
  action: z.enum(['collected', 'committed', 'detected', 'exported', 'disclosed']),
  /** One sentence: what was done. */
  what: Text,
  startMs: Instant,
  endMs: Instant,
  performer: CaseParty,
  /** Program that did it; `Phalanx gateway`, `0.1.0`. */
  instrument: z.object({ name: Name, version: Name }),
  inputs: z.array(CaseObject).max(MAX_ROWS),
  outputs: z.array(CaseObject).max(MAX_ROWS),
  /** To whom, for `disclosed`; else null. */
  recipient: CaseParty.nullable(),
});
export type CustodyStep = z.infer<typeof CustodyStep>;

/** What was judged together with the finding. Everything tried counts, so everything tried is told. */
export const CaseDetection = DetectionReport.pick({
  window: true,
  accounts: true,
  exchanges: true,
  poolsExamined: true,
  alpha: true,
  setAside: true,
  evidence: true,
  blindSpots: true,
  configuration: true,
}).extend({
  /** Findings that the run reported, this one included. */
  findings: Count,
  /** When the run was made; a run over old telemetry is later than its alarms. */
  ranAtMs: Instant,
  /** SHA-256 of the detector's code as it ran. */
  detectorSha256: Hash,
  /** SHA-256 of the whole detection report. */
  reportSha256: Hash,
  /** Runs where the truth was known: how often it erred. Empty when no such run belongs to the case. */
  calibration: z
    .array(
      z.object({
        /** What data, in words; that no pool in it was real belongs here. */
        what: Text,
        /** SHA-256 of the data set or of the program and seed that make it. */
        sha256: Hash.nullable(),
        poolsExamined: Count,
        findings: Count,
        falseFindings: Count,
      }),
    )
    .max(100),
});
export type CaseDetection = z.infer<typeof CaseDetection>;

/** One account as the bundle names it. */
export const CaseAccount = z.object({
  /** A pseudonym, unless the bundle opens account names. */
  accountId: z.string().max(4_000),
  /** Exchanges of the window in the log. */
  exchanges: Count,
  firstAtMs: Instant,
  lastAtMs: Instant,
  /** First and last of the account's own sequence numbers in the log, both included; null when the log has none. */
  sequence: z.object({ first: Count, last: Count }).nullable(),
});
export type CaseAccount = z.infer<typeof CaseAccount>;

/** Where the records lie, and what makes their time known. */
export const CaseLog = z.object({
  origin: Name,
  size: Count,
  root: Hash,
  checkpointAtMs: Instant,
  /** Verifier key of the log (C2SP signed note), as text. */
  verifierKey: Name,
  /** Entry that holds the finding, and when it was appended; null when the finding is not in the log. */
  finding: z.object({ index: Count, atMs: Instant }).nullable(),
  witnesses: z.array(z.object({ name: Name, cosignedAtMs: Instant.nullable() })).max(1_000),
  /** The rule a verifier applies, in words: `5 of 7 witnesses`; null when the policy asks for none. */
  quorum: Text.nullable(),
  /** RFC 3161 token over the checkpoint. */
  timestamp: z
    .object({ authority: Name, atMs: Instant, accuracyMs: z.number().min(0).nullable() })
    .nullable(),
});
export type CaseLog = z.infer<typeof CaseLog>;

/** Records that the other side, or chance, chose to be opened. */
export const CaseSampling = z.object({
  seed: Name,
  /** Where the seed comes from, and why nobody could know it when the records were logged. */
  seedSource: Text,
  /** Records that could have been chosen, and how many were. */
  population: Count,
  sampleSize: Count,
  /** How many of the chosen ones were opened and agreed with their commitments. */
  opened: Count,
  /** In (0, 1), for the bound that a clean sample gives; 0.95 or 0.99. */
  confidence: z.number().gt(0).lt(1),
});
export type CaseSampling = z.infer<typeof CaseSampling>;

/** What was fixed in the log before the test was made. */
export const CasePreRegistration = z.object({
  index: Count,
  atMs: Instant,
  sha256: Hash,
  hypothesis: Text,
  threshold: Text,
  allowedTries: Count,
  usedTries: Count,
});
export type CasePreRegistration = z.infer<typeof CasePreRegistration>;

/**
 * Everything that the report, the declaration and the chain of custody of a bundle say, as plain JSON. Written by the
 * exporter; every rendering is a function of it alone. Times are milliseconds since 1970 in UTC, hashes lower-case hex.
 */
export const CaseFile = z.object({
  schema: z.literal('phalanx.case-file.v1'),
  caseId: Name,
  madeAtMs: Instant,
  madeBy: CaseParty,
  software: z.object({ name: Name, version: Name }),
  finding: Finding,
  detection: CaseDetection,
  /** Exchanges of the pool by UTC day; days without any may be left out. Empty: no picture. */
  activity: z.array(z.object({ dayMs: Instant, exchanges: Count })).max(MAX_ROWS),
  disclosure: z.object({
    /** Log entries about these accounts in the window: what there is to disclose. */
    entries: Count,
    /** Of those, how many are opened at least so far. */
    opened: z.object({ existence: Count, aggregates: Count, metadata: Count, text: Count }),
    /** Who can decrypt the metadata, in words; null when it is in the clear, or none is in the bundle. */
    metadataRecipient: Text.nullable().default(null),
    /** Who can decrypt the text, in words; null when none is in the bundle. */
    textRecipient: Text.nullable(),
    /** What was kept back, and why. */
    withheld: z.array(z.object({ what: Text, why: Text })).max(100),
  }),
  accounts: z.array(CaseAccount).max(MAX_ACCOUNTS),
  aggregates: z
    .array(z.object({ name: Text, value: z.union([z.number(), Text]), recompute: Text }))
    .max(MAX_ROWS),
  log: CaseLog,
  sampling: CaseSampling.nullable(),
  preRegistration: CasePreRegistration.nullable(),
  /** How to check the bundle without its maker: what is checked, the command lines, what they print when all is well. */
  verification: z.array(z.object({ what: Text, commands: z.array(Text).max(20), expected: Text })).max(100),
  /** What the bundle does not show, beyond the blind spots that the detector names. */
  limits: z.array(Text).max(100),
  custody: z.array(CustodyStep).max(MAX_ROWS),
});
export type CaseFile = z.infer<typeof CaseFile>;
