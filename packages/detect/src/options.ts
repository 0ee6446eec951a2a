import { DAY_MS, PhalanxError } from '@phalanx/core';
import type { TimeWindow } from '@phalanx/domain';

export type DetectErrorCode = 'DETECT_OPTIONS' | 'DETECT_EMPTY';

/** Which links may propose and which signals may count; for ablation. */
export interface Families {
  readonly content: boolean;
  readonly metadata: boolean;
}

export interface DetectOptions {
  /** Absent: everything the store holds. */
  readonly window?: TimeWindow;
  /** Expected share of false findings among all findings, at any time of looking. 0 < alpha < 1. */
  readonly alpha: number;
  /** Evidence is added day by day; the first day in quarters, so that a loud campaign is seen within hours. */
  readonly dayMs: number;
  /** Smallest pool worth a finding. */
  readonly minAccounts: number;
  /** Rows read for each pool and slot at most. */
  readonly sampleRows: number;
  readonly families: Families;
  readonly onProgress?: (done: number, total: number, label: string) => void;
}

export const defaultOptions: DetectOptions = {
  alpha: 0.01,
  dayMs: DAY_MS,
  minAccounts: 30,
  sampleRows: 100_000,
  families: { content: true, metadata: true },
};

/** @throws PhalanxError `DETECT_OPTIONS` when a value leaves its range. */
export function withDefaults(options: Partial<DetectOptions>): DetectOptions {
  const all = { ...defaultOptions, ...options };
  const wrong = !(all.alpha > 0 && all.alpha < 1)
    ? 'alpha must lie between 0 and 1'
    : !(all.dayMs >= 3_600_000)
      ? 'a day must be at least an hour'
      : !(all.minAccounts >= 5)
        ? 'a pool must have at least 5 accounts'
        : all.window && !(all.window.toMs > all.window.fromMs)
          ? 'the window must end after it starts'
          : null;
  if (wrong) throw new PhalanxError<DetectErrorCode>('DETECT_OPTIONS', wrong);
  return all;
}
