import type { LinearModel } from './logistic-regression.js';
import type { MemberName, Members } from './members.js';
import type { TextKind } from './normalised-text.js';
import type { Scaling } from './scaling.js';

/** Human texts of one category that were held back from learning. */
export interface CalibrationCategory {
  readonly name: string;
  /** Ascending. */
  readonly scores: Float64Array;
  /** Ascending, of the same texts: how well the language model of human texts knows them. */
  readonly familiarities: Float64Array;
}

/** How a model was made, and what it was made of. */
export interface CorpusDescription {
  readonly seed: number;
  /** Texts learned from. */
  readonly human: number;
  readonly machine: number;
  /** Human texts held back for calibration, one a group. */
  readonly calibration: number;
  /** Texts left out: too short to be scored, or machine texts of a group that is held back. */
  readonly tooShort: number;
  readonly heldBack: number;
  /** SHA-256 over all texts with their groups and strata, in order, hexadecimal. */
  readonly sha256: string;
  /**
   * Area under the curve of each member and of the stack over the learned texts, each scored by members fitted without its fold. For
   * texts like these and machines like these; it says nothing about others.
   */
  readonly crossFittedAuroc: Readonly<Record<MemberName | 'stack', number>>;
}

/**
 * A fitted ensemble with its calibration: triage, never evidence. `encodeTriageModel` makes a file of it. It holds
 * passages of the texts it was made of: handle it as one handles them.
 */
export interface TriageModel {
  readonly kind: TextKind;
  readonly minWords: number;
  readonly minCalibration: number;
  readonly corpus: CorpusDescription;
  readonly members: Members;
  readonly stackScaling: Scaling;
  readonly stack: LinearModel;
  /**
   * Ascending edges between classes of length, in words. Texts below the first or at or above the last are outside of
   * what calibration supports.
   */
  readonly lengthEdges: readonly number[];
  readonly categories: readonly CalibrationCategory[];
  /** Ascending: how well machine texts were known by a language model of the others. */
  readonly machineFamiliarities: Float64Array;
  /** Fingerprints of all texts that the model was made of, ascending. */
  readonly known: BigUint64Array;
}

/** The category of a text: stratum, script, class of length; null where its length is outside the edges. */
export function categoryOf(
  lengthEdges: readonly number[],
  stratum: string,
  script: string,
  words: number,
): string | null {
  const place = lengthEdges.findIndex((edge) => words < edge);
  if (place <= 0) return null;
  return `${stratum === '' ? '' : `${stratum}, `}${script}, ${lengthEdges[place - 1]} to ${lengthEdges[place]! - 1} words`;
}
