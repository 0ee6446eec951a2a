import { toLog10 } from '@phalanx/stats';
import type { WeightFile } from '../formats/weight-file.js';
import { refuse } from '../weights-error.js';
import { ConditionalBound } from './accusation.js';
import { type CopyHolder, drawCodeWord, openFingerprintCode } from './fingerprint-code.js';
import type { MarkKey } from './mark-key.js';
import { type CopyReading, type Realignment, readCopy } from './read-copy.js';

export interface TraceSettings {
  /** Chance to name any innocent holder at all, 1e-300 to 0.1. */
  readonly alpha?: number;
  readonly realignment?: Realignment;
}

export interface Accusation {
  readonly holder: CopyHolder;
  readonly score: number;
  /** Score in standard deviations of an innocent's. */
  readonly deviations: number;
  /** Of this holder alone, base 10. */
  readonly log10P: number;
  /** Times the number of holders. */
  readonly log10PAmongAll: number;
  readonly named: boolean;
}

export interface TraceReport {
  /** All holders, the smallest p-value first. */
  readonly accusations: readonly Accusation[];
  readonly holders: number;
  readonly alpha: number;
  readonly reading: Omit<CopyReading, 'shown'>;
  readonly nullHypothesis: string;
  readonly assumptions: readonly string[];
}

export const TRACE_ALPHA = 1e-6;
const MAX_HOLDERS = 1_000_000;
const NULL_HYPOTHESIS =
  "The holder's copy had no part in the file: the file was made without anything that depends on its code word.";
const ASSUMPTIONS = [
  'The mark key was drawn at random, and nobody who made the file had it or the unmarked base.',
  'The holders tested are all to whom copies under this key were issued. A shorter list, chosen after the file was seen, makes p-values too small.',
  'A copy is named, not a person: whoever got hold of it, its owner and the owner of the key included, could have leaked it.',
] as const;

/**
 * Whose copies a file was made of. What the file shows is read with base, carriers and biases alone, then each holder's code word is scored;
 * p-values are bounds conditional on the file, so that fine-tuning, quantisation, pruning, realignment and any collusion leave them valid.
 * With `alpha` the chance that anybody innocent is named at all is at most that, whatever was done to the file.
 *
 * @param holders everybody to whom a copy under this key was issued, 1 to 1,000,000
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for settings out of range, a holder twice, or another base; what readers throw
 */
export async function traceCopy(
  base: WeightFile,
  suspect: WeightFile,
  key: MarkKey,
  holders: readonly CopyHolder[],
  settings: TraceSettings = {},
): Promise<TraceReport> {
  checkSettings(holders, settings.alpha ?? TRACE_ALPHA);
  const { shown, ...reading } = await readCopy(base, suspect, key, settings);
  return { ...accuse(key, shown, holders, settings.alpha ?? TRACE_ALPHA), reading };
}

/**
 * Scores every holder against what a file shows.
 *
 * @param shown a number from -1 to 1 a position, of which no holder's code word had a part
 * @throws PhalanxError `WEIGHTS_ARGUMENT`
 */
export function accuse(
  key: MarkKey,
  shown: Float64Array,
  holders: readonly CopyHolder[],
  alpha = TRACE_ALPHA,
): Omit<TraceReport, 'reading'> {
  checkSettings(holders, alpha);
  const code = openFingerprintCode(key);
  const bound = new ConditionalBound(code, shown);
  const accusations = holders.map((holder): Accusation => {
    const { score, logP } = bound.test(drawCodeWord(code, key.secret, holder));
    const logAmongAll = Math.min(0, logP + Math.log(holders.length));
    return {
      holder,
      score,
      deviations: bound.deviation === 0 ? 0 : score / bound.deviation,
      log10P: toLog10(logP),
      log10PAmongAll: toLog10(logAmongAll),
      named: logAmongAll <= Math.log(alpha),
    };
  });
  accusations.sort((a, b) => a.log10P - b.log10P || b.score - a.score);
  return {
    accusations,
    holders: holders.length,
    alpha,
    nullHypothesis: NULL_HYPOTHESIS,
    assumptions: ASSUMPTIONS,
  };
}

function checkSettings(holders: readonly CopyHolder[], alpha: number): void {
  if (!(alpha >= 1e-300 && alpha <= 0.1)) refuse('WEIGHTS_ARGUMENT', `an alpha of ${alpha}`);
  if (holders.length < 1 || holders.length > MAX_HOLDERS)
    refuse('WEIGHTS_ARGUMENT', `${holders.length} holders`);
  if (new Set(holders.map(({ kind, name }) => `${kind} ${name}`)).size !== holders.length)
    refuse('WEIGHTS_ARGUMENT', 'a holder twice');
}
