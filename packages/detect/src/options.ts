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
  /** Evidence is added slot by slot; a slot is also the grain of alarm times. Default a quarter of a day. */
  readonly slotMs: number;
  /** Smallest pool worth a finding. */
  readonly minAccounts: number;
  /** Pools are proposed after this many slots; each is tested on later slots only. */
  readonly proposeAfterSlots: readonly number[];
  /** Rows read for each pool and slot at most. */
  readonly sampleRows: number;
  readonly families: Families;
  readonly onProgress?: (done: number, total: number, label: string) => void;
}

export const defaultOptions: DetectOptions = {
  alpha: 0.01,
  slotMs: DAY_MS / 4,
  minAccounts: 30,
  proposeAfterSlots: [1, 2, 4, 8, 12, 20, 28, 44, 60, 92, 124],
  sampleRows: 30_000,
  families: { content: true, metadata: true },
};

/** @throws PhalanxError `DETECT_OPTIONS` when a value leaves its range. */
export function withDefaults(options: Partial<DetectOptions>): DetectOptions {
  const all = { ...defaultOptions, ...options };
  const wrong = !(all.alpha > 0 && all.alpha < 1)
    ? 'alpha must lie between 0 and 1'
    : !(all.slotMs >= 60_000)
      ? 'a slot must be at least a minute'
      : !(all.minAccounts >= 5)
        ? 'a pool must have at least 5 accounts'
        : all.window && !(all.window.toMs > all.window.fromMs)
          ? 'the window must end after it starts'
          : null;
  if (wrong) throw new PhalanxError<DetectErrorCode>('DETECT_OPTIONS', wrong);
  return all;
}
