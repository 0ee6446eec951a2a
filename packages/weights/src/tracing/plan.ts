import { toLog10 } from '@phalanx/stats';
import { refuse } from '../weights-error.js';
import { COLLUSIONS, type Collusion } from './collusion.js';
import { expectLogP } from './expected-score.js';
import type { MarkParameters } from './mark-key.js';
import { TRACE_ALPHA } from './trace-copy.js';

export interface PlanSettings {
  /** Copies that will ever be issued, 1 to 1,000,000. */
  readonly recipients: number;
  /** Recipients who pool their copies, 1 to 200. */
  readonly colluders: number;
  /**
   * Deviation of what is done to a number that carries a mark, in units of the last place of bfloat16: Q8_0 1.1, Q4_0 18, fine-tuning
   * 22 (cosine .996 with the base) to 94 (.926) before anything of it is undone.
   */
  readonly noiseUlps: number;
  readonly alpha?: number;
  /** Numbers that can carry a mark. */
  readonly carriers: number;
}

export interface MarkPlan {
  readonly parameters: MarkParameters;
  /** Numbers that carry one position, about. */
  readonly carriersPerPosition: number;
  /** Of the numbers that can, how many are marked. */
  readonly markedShare: number;
  /** Deviation of the noise on a position; 1 is the distance of a symbol from the middle. */
  readonly positionNoise: number;
  /** For each way of colluding, base 10: a colluder's expected p-value, and one that 97 of 100 colluders stay below. */
  readonly expected: readonly {
    readonly attack: Collusion;
    readonly log10P: number;
    readonly log10PCautious: number;
  }[];
  /** What a p-value must be below, base 10: alpha over the recipients. */
  readonly log10Level: number;
  /** Whether the worst case of `expected`, cautiously, is below the level. */
  readonly isEnough: boolean;
}

const CAUTION = 2;
const AMPLITUDES = [1, 2, 4, 8] as const;
const LEAST_CARRIERS = 16;
/** What is marked beyond the least, while no more than a tenth of all is: noise is a guess, and half of it guessed is a common error. */
const RESERVE = 4;
const MODEST_SHARE = 0.1;
const LENGTHS = Array.from({ length: 15 }, (_, i) => 2 ** (i + 8));

/**
 * Code length, carriers a position and amplitude for a release: of the designs under which a colluder is named in the worst attack even two
 * deviations below expectation, the one that changes the model least (marks times amplitude squared; what is lost grows with it), of
 * nearly equal ones the shortest code; then four times as many carriers a position, up to a tenth of all. Where there is none, the best that all carriers give at the largest amplitude, with `isEnough` false.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for settings out of range, or fewer than 4,096 carriers
 */
export function planMarks(settings: PlanSettings): MarkPlan {
  const { recipients, colluders, noiseUlps, carriers, alpha = TRACE_ALPHA } = settings;
  const isCount = (value: number, most: number) => Number.isSafeInteger(value) && value >= 1 && value <= most;
  if (!isCount(recipients, 1_000_000) || !isCount(colluders, 200) || colluders > recipients)
    return refuse(
      'WEIGHTS_ARGUMENT',
      'recipients are 1 to 1,000,000, colluders 1 to 200 and no more than them',
    );
  if (!(noiseUlps >= 0 && noiseUlps <= 10_000) || !(alpha >= 1e-300 && alpha <= 0.1))
    return refuse('WEIGHTS_ARGUMENT', 'noise is 0 to 10,000 units, alpha 1e-300 to 0.1');
  if (!Number.isSafeInteger(carriers) || carriers < LENGTHS[0]! * LEAST_CARRIERS)
    return refuse('WEIGHTS_ARGUMENT', `${carriers} numbers that could carry marks; at least 4,096`);
  const level = Math.log(alpha / recipients);
  const designs: Design[] = [];
  for (const codeLength of LENGTHS.filter((length) => length * LEAST_CARRIERS <= carriers)) {
    const noise = findNoise(codeLength, colluders, level);
    if (noise === null) continue;
    for (const amplitude of AMPLITUDES) {
      const perPosition = Math.max(LEAST_CARRIERS, Math.ceil((noiseUlps / (amplitude * noise)) ** 2));
      if (perPosition * codeLength <= carriers) designs.push({ codeLength, amplitude, perPosition });
    }
    // Longer codes cost less up to a length, and more from there on.
    if (designs.length > 0 && cost(designs.at(-1)!) > 2 * Math.min(...designs.map(cost))) break;
  }
  const least = Math.min(...designs.map(cost));
  const chosen = designs.find((design) => cost(design) <= 1.25 * least);
  return describe(
    chosen === undefined ? findStrongest(settings) : reserve(chosen, carriers),
    settings,
    level,
  );
}

/** What a model loses, up to a factor. */
function cost({ codeLength, amplitude, perPosition }: Design): number {
  return codeLength * perPosition * amplitude ** 2;
}

function reserve(design: Design, carriers: number): Design {
  const modest = Math.floor((MODEST_SHARE * carriers) / design.codeLength);
  const perPosition = Math.max(design.perPosition, Math.min(RESERVE * design.perPosition, modest));
  return { ...design, perPosition };
}

interface Design {
  readonly codeLength: number;
  readonly amplitude: number;
  readonly perPosition: number;
}

/** Those that leave least of a word in some range of noise; `describe` looks at all. */
const HARDEST: readonly Collusion[] = ['overshoot', 'minority', 'interleave'];

/** The most noise on a position under which the hardest attacks are still traced; null where even none is too much. */
function findNoise(codeLength: number, colluders: number, level: number): number | null {
  const holds = (noise: number) =>
    HARDEST.every(
      (attack) => expectLogP({ codeLength, colluders, designed: colluders, noise, attack }, CAUTION) <= level,
    );
  if (!holds(0.01)) return null;
  let [low, high] = [0.01, 8];
  for (let step = 0; step < 7; step++) {
    const middle = Math.sqrt(low * high);
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** All carriers, at the largest amplitude, over the code length that does best. */
function findStrongest({ colluders, noiseUlps, carriers }: PlanSettings): Design {
  const amplitude = AMPLITUDES.at(-1)!;
  const designs = LENGTHS.filter((length) => length * LEAST_CARRIERS <= carriers).map((codeLength) => {
    const perPosition = Math.floor(carriers / codeLength);
    const noise = noiseUlps / (amplitude * Math.sqrt(perPosition));
    const worst = Math.max(
      ...HARDEST.map((attack) =>
        expectLogP({ codeLength, colluders, designed: colluders, noise, attack }, CAUTION),
      ),
    );
    return { codeLength, amplitude, perPosition, worst };
  });
  return designs.reduce((best, design) => (design.worst < best.worst ? design : best));
}

function describe(
  { codeLength, amplitude, perPosition }: Design,
  { colluders, noiseUlps, carriers }: PlanSettings,
  level: number,
): MarkPlan {
  const share = Math.min(65_536, Math.ceil((65_536 * codeLength * perPosition) / carriers));
  const carriersPerPosition = (carriers * share) / 65_536 / codeLength;
  const positionNoise = noiseUlps / (amplitude * Math.sqrt(carriersPerPosition));
  const expected = COLLUSIONS.map((attack) => {
    const one = { codeLength, colluders, designed: colluders, noise: positionNoise, attack };
    return {
      attack,
      log10P: toLog10(expectLogP(one)),
      log10PCautious: toLog10(expectLogP(one, CAUTION)),
    };
  });
  return {
    parameters: { codeLength, colluders, amplitude, share },
    carriersPerPosition,
    markedShare: share / 65_536,
    positionNoise,
    expected,
    log10Level: toLog10(level),
    isEnough: expected.every(({ log10PCautious }) => log10PCautious <= toLog10(level)),
  };
}
