import { z } from 'zod';

/** What a signal can be evidence of. The two are never added: the conjunction takes their minimum. */
export const SignalFamily = z.enum(['coordination', 'demand', 'context']);
export type SignalFamily = z.infer<typeof SignalFamily>;

/** One signal's answer about one pool of accounts. */
export const SignalResult = z.object({
  /** File name of the signal, for example `even-mixture`. */
  signal: z.string(),
  family: SignalFamily,
  /**
   * log10 of an e-value: a bet against the null that can grow on average only when the null is false. 0 = nothing said.
   * Null for context, which is shown and never counted.
   */
  log10E: z.number().nullable(),
  /** The null hypothesis in words. */
  nullHypothesis: z.string(),
  /** Effect size and its unit, independent of how much data there was. */
  effect: z.object({
    name: z.string(),
    value: z.number(),
    reference: z.number().nullable(),
    unit: z.string(),
  }),
  /** One sentence for somebody who has never heard of e-values. */
  sentence: z.string(),
  /** The plainest way an honest customer would look like this. */
  innocentExplanation: z.string(),
  /** What observation would overturn it. */
  refutedBy: z.string(),
  /** MITRE ATLAS technique id, when the signal points at one. */
  atlas: z.string().nullable(),
});
export type SignalResult = z.infer<typeof SignalResult>;

export const FindingMember = z.object({
  accountId: z.string(),
  /** Evidence that this account belongs to the pool: log10 likelihood ratio, not evidence of wrong. */
  strength: z.number(),
  exchanges: z.number().int().min(0),
  firstAtMs: z.number(),
});
export type FindingMember = z.infer<typeof FindingMember>;

export const FindingKind = z.enum([
  /** Accounts that claim to be strangers act as one. The remedy is to verify or declare. */
  'hidden-pool',
  /** Hidden pool and training-shaped demand. */
  'distillation-campaign',
  /** A hidden pool whose demand could not be judged; says what would resolve it. */
  'insufficient',
]);
export type FindingKind = z.infer<typeof FindingKind>;

export const Finding = z.object({
  /** Stable across runs on the same data and configuration. */
  id: z.string(),
  kind: FindingKind,
  members: z.array(FindingMember),
  /** Start of the pool's first exchange in the data. */
  firstExchangeAtMs: z.number(),
  /** When the evidence first sufficed, at the configured alpha, to report this pool, or a part of it, as anything. */
  firstAlarmAtMs: z.number(),
  /** When it first sufficed for `kind`; a campaign is a hidden pool first. Absent from reports written before it was known. */
  kindAlarmAtMs: z.number().optional(),
  /** Exchanges of the members before and after the alarm. */
  exchangesBeforeAlarm: z.number().int().min(0),
  exchangesAfterAlarm: z.number().int().min(0),
  /** What the training-shaped part asked for, by intent, as shares of that part; empty unless there is one. */
  sought: z.array(z.object({ capability: z.string(), share: z.number().min(0).max(1) })),
  /** log10 e-values that e-BH saw. */
  log10ECoordination: z.number(),
  log10EDemand: z.number(),
  signals: z.array(SignalResult),
  /** The innocent explanation that fits best, and what would settle it. */
  innocentExplanation: z.string(),
  wouldSettle: z.array(z.string()),
  /** How the pool was put together: which links proposed it, and when. Proposing is not evidence. */
  proposedBy: z.array(z.string()),
  proposedAtMs: z.number(),
});
export type Finding = z.infer<typeof Finding>;

export const DetectionReport = z.object({
  schema: z.literal('phalanx.detection-report.v1'),
  window: z.object({ fromMs: z.number(), toMs: z.number() }),
  accounts: z.number().int(),
  exchanges: z.number().int(),
  /** Pools examined; every one of them counts against alpha. */
  poolsExamined: z.number().int(),
  alpha: z.number(),
  findings: z.array(Finding),
  /** Pools set aside by a declaration or a gate, with the reason. Shown so that silence can be audited. */
  setAside: z.array(z.object({ accounts: z.number().int(), reason: z.string() })),
  /** Evidence over time for the chart: one row a finding and slot. */
  evidence: z.array(
    z.object({
      findingId: z.string(),
      atMs: z.number(),
      log10ECoordination: z.number(),
      log10EDemand: z.number(),
      exchanges: z.number(),
    }),
  ),
  /** What this run could not see, in words. */
  blindSpots: z.array(z.string()),
  seconds: z.number(),
  configuration: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type DetectionReport = z.infer<typeof DetectionReport>;
