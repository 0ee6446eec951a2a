import { Random } from '@phalanx/stats';
import { refuse } from '../weights-error.js';
import { ConditionalBound } from './accusation.js';
import { type FingerprintCode, makeFingerprintCode } from './fingerprint-code.js';

/**
 * What holders of several copies may make of a position at which k of c copies have a one, before noise; -1 is a zero, 1 a one. Where all copies
 * agree they cannot know of the position and keep it.
 *
 * - `average`: the mean. `interleave`: that of a copy drawn for the position. `majority`, `minority`: of most or fewest copies.
 * - `coin-flip`: a fair coin. `erase`: the middle. `overshoot`: three times beyond the middle, away from the mean.
 */
export const COLLUSIONS = [
  'average',
  'interleave',
  'majority',
  'minority',
  'coin-flip',
  'erase',
  'overshoot',
] as const;
export type Collusion = (typeof COLLUSIONS)[number];

/** What one position shows, for `ones` of `colluders` copies; `uniform` decides where chance does. */
export function collude(attack: Collusion, ones: number, colluders: number, uniform: number): number {
  if (ones === 0) return -1;
  if (ones === colluders) return 1;
  const mean = (2 * ones) / colluders - 1;
  switch (attack) {
    case 'average':
      return mean;
    case 'interleave':
      return uniform < ones / colluders ? 1 : -1;
    case 'majority':
      return mean === 0 ? toss(uniform) : Math.sign(mean);
    case 'minority':
      return mean === 0 ? toss(uniform) : -Math.sign(mean);
    case 'coin-flip':
      return toss(uniform);
    case 'erase':
      return 0;
    case 'overshoot':
      return -3 * mean;
  }
}

export interface CollusionSettings {
  readonly codeLength: number;
  readonly colluders: number;
  /** Colluders that the code is cut off for; default: as many as there are. */
  readonly designed?: number;
  /** Deviation of the noise on a position, where 1 is the distance of a symbol from the middle. */
  readonly noise: number;
  readonly attack: Collusion;
  /** Innocent holders to test besides. */
  readonly innocents: number;
  readonly seed: number;
}

/** Natural logarithms of p-values of single holders. */
export interface CollusionResult {
  readonly colluders: readonly number[];
  readonly innocents: readonly number[];
}

/**
 * Draws a code and words, lets the colluders make a file of them, adds normal noise, and tests everybody. No weights are involved.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for settings out of range
 */
export function simulateCollusion(settings: CollusionSettings): CollusionResult {
  const { codeLength, colluders, noise, attack, innocents, seed } = settings;
  const counts = [codeLength, colluders, innocents + 1];
  if (
    !counts.every((count) => Number.isSafeInteger(count) && count >= 1) ||
    codeLength > 2 ** 24 ||
    !(noise >= 0)
  )
    return refuse('WEIGHTS_ARGUMENT', 'settings of a simulation out of range');
  const random = new Random(seed);
  const uniforms = Uint32Array.from({ length: codeLength }, () => random.uint32());
  const code = makeFingerprintCode(uniforms, { colluders: settings.designed ?? colluders });
  const words = Array.from({ length: colluders }, () => drawWord(code, random));
  const shown = new Float64Array(codeLength);
  for (let i = 0; i < codeLength; i++) {
    let ones = 0;
    for (const word of words) ones += word[i]!;
    const value = collude(attack, ones, colluders, random.uniform()) + noise * random.normal();
    shown[i] = Math.max(-1, Math.min(1, value));
  }
  const bound = new ConditionalBound(code, shown);
  return {
    colluders: words.map((word) => bound.test(word).logP),
    innocents: Array.from({ length: innocents }, () => bound.test(drawWord(code, random)).logP),
  };
}

function drawWord({ thresholds }: FingerprintCode, random: Random): Uint8Array {
  const word = new Uint8Array(thresholds.length);
  for (let i = 0; i < word.length; i++) word[i] = random.uint32() < thresholds[i]! ? 1 : 0;
  return word;
}

function toss(uniform: number): number {
  return uniform < 0.5 ? 1 : -1;
}
