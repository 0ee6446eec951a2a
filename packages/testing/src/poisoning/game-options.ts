import { DEFAULT_TERMS, type TrustTerms } from '@phalanx/coalition/trust';

/** What the malicious labs do. `honest`: nothing, to compare with. */
export const ATTACKS = [
  'honest',
  'all-at-once',
  'betrayal',
  'copied-with-poison',
  'pseudonyms',
  'censorship',
  'copies-all',
  'copies-confirmed',
  'retracts-support',
  'aimed-at-false-suspects',
  'betrayal-aimed',
] as const;
export type Attack = (typeof ATTACKS)[number];

/** One game. Shares and chances are between 0 and 1. */
export interface PoisoningOptions {
  readonly seed: number;
  readonly attack: Attack;
  /** Labs that play it together: the last of all. */
  readonly malicious: number;
  readonly labs: number;
  readonly days: number;
  /** False indicators of each malicious lab. */
  readonly planted: number;
  readonly campaigns: number;
  /** Honest tenants of each lab. */
  readonly tenants: number;
  /** Of them those whom the lab vouches for. */
  readonly goodShare: number;
  /** Of the others those whom the lab wrongly suspects. */
  readonly falseSuspicion: number;
  /** Chance that a lab suspects the accounts of a campaign that it has, though perhaps it is not sure. */
  readonly suspicion: number;
  /** Chance that it is sure, and tells others. */
  readonly detection: number;
  /** Indicators of honest labs that name honest things. */
  readonly mistakes: number;
  readonly terms: TrustTerms;
}

export const POISONING_DEFAULTS: PoisoningOptions = {
  seed: 1,
  attack: 'honest',
  malicious: 1,
  labs: 7,
  days: 90,
  planted: 1_000,
  campaigns: 80,
  tenants: 6_000,
  goodShare: 0.6,
  falseSuspicion: 0.005,
  suspicion: 0.9,
  detection: 0.7,
  mistakes: 0.04,
  terms: DEFAULT_TERMS,
};
