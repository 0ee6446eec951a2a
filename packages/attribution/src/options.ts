import { attributionError } from './attribution-error.js';

/** How a data set is attributed. */
export interface AttributionOptions {
  /** Family-wise error: of any match by coincidence in the run, and of each test over all accounts. */
  readonly alpha: number;
  /** Share of shingles that unrelated texts may have in common, 0 to 0.2; see `chooseRule`. */
  readonly overlap: number;
  /** Stored responses below this length are not counted: what is short is given to many. */
  readonly minBytes: number;
  /** Scales of windows that rows are cut into, 0 to 3; see `cutCandidates`. */
  readonly windowScales: number;
  /** Stored responses that are matched like rows, to see how many of them one account alone received. */
  readonly probes: number;
  /** Rows that are sketched under a key that nobody used. */
  readonly decoys: number;
  /** When the data set was first seen in public; what was given later is not in it. */
  readonly publishedMs: number | null;
  /** Matches told one by one in the report. */
  readonly listed: number;
}

export const defaultOptions: AttributionOptions = {
  alpha: 0.01,
  overlap: 0.01,
  minBytes: 120,
  windowScales: 1,
  probes: 10_000,
  decoys: 20_000,
  publishedMs: null,
  listed: 1000,
};

/** @throws PhalanxError `ATTRIBUTION_OPTIONS` for a value out of range. */
export function checkOptions(options: AttributionOptions): void {
  const { alpha, overlap, minBytes, windowScales, probes, decoys, publishedMs, listed } = options;
  const whole = (value: number, most: number) => Number.isInteger(value) && value >= 0 && value <= most;
  const bad = [
    !(alpha > 0 && alpha < 1) && 'alpha lies between 0 and 1',
    !(overlap >= 0 && overlap <= 0.2) && 'overlap lies between 0 and 0.2',
    !(whole(minBytes, 65_536) && minBytes >= 16) && 'minBytes is an integer from 16 to 65,536',
    !whole(windowScales, 3) && 'windowScales is 0, 1, 2 or 3',
    !whole(probes, 1_000_000) && 'probes is an integer up to 1,000,000',
    !whole(decoys, 1_000_000) && 'decoys is an integer up to 1,000,000',
    !(publishedMs === null || Number.isSafeInteger(publishedMs)) && 'publishedMs is a time in milliseconds',
    !whole(listed, 1_000_000) && 'listed is an integer up to 1,000,000',
  ].find((reason) => reason !== false);
  if (bad !== undefined) throw attributionError('ATTRIBUTION_OPTIONS', bad as string);
}
