import type { FoldedWords } from '../text/folded-words.js';

/** What must not leave unseen. The order is that of the specification. */
export const ALARM_KINDS = [
  /** A key, token, password or other string that opens something. */
  'secret',
  /** Somebody could be recognised or reached by it. */
  'personal-data',
  /** A price, discount, cost or amount of money. */
  'money',
  /** Capacity, volume, revenue, shares of a market; exact counts of somebody's use. */
  'volume',
  /** What somebody will bring out, and when. */
  'roadmap',
  /** Whom to serve, or on what terms. */
  'whom-to-serve',
  /** The name of one of our own customers. */
  'customer-name',
  /** Text that was wrapped oftener than the detectors look. */
  'hidden-text',
] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

/** One reading of a text. */
export interface Reading {
  readonly text: string;
  readonly folded: FoldedWords;
}

/** A detector. One file each; linear in the text. */
export interface Alarm {
  readonly kind: AlarmKind;
  /** What it found, for the lab's own eyes; null when nothing. */
  find(reading: Reading): string | null;
}
