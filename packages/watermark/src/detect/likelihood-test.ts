import { type LatticePart, logLatticeSumUpperTail } from '@phalanx/stats';
import type { Pivot } from '../mark.js';
import { demand } from '../watermark-error.js';
import { openBets } from './bets.js';
import { type MarkTest, SECOND_SHARE } from './log-p.js';
import { countRows } from './rows.js';

/** Cells of u, finer towards 1: from 1 - (1 - i/CELLS)^2. */
const CELLS = 512;
/** Scores are counted in these parts of a nat. */
const PARTS = 32;

/** The law of one n-gram's score and what gives the score. */
interface ScoreTable {
  /** What a cell adds to the likelihood ratio, stream by stream. */
  readonly added: readonly Float64Array[];
  readonly idle: number;
  readonly values: readonly number[];
  readonly probabilities: readonly number[];
}

const tables = new Map<string, ScoreTable>();
const MOST_TABLES = 64;

/**
 * Fixed-sample test of a `uniform` pivot by the sum of log likelihood ratios of the mixture of Beta(a, 1) that `openBets`
 * states, instead of the sum of -ln(1 - u): near the best there is where entropy varies from token to token (bench
 * `watermark-power` prints both), and for two streams as well. Exact: each u is taken down to one of 512 cells and each
 * ratio down to 1/32 of a nat, and P is the upper tail of the sum of such scores under exactly uniform u
 * (`logLatticeSumUpperTail`). A u that is the lower edge of a coarser cell scores no higher, so p is then an upper bound.
 *
 * Costs a millisecond where `testMark` costs microseconds. `excess`: mean score, in nats an n-gram; below 0 without a mark.
 *
 * @throws PhalanxError `MARK_ARGUMENT` for another pivot, values outside [0, 1), or a share outside [0, 1].
 */
export function testLikelihood(
  pivot: Pivot,
  values: Float64Array,
  options: { readonly secondShare?: number } = {},
): MarkTest {
  demand(pivot.kind === 'uniform', 'MARK_ARGUMENT', 'a uniform pivot is needed', 'Use testMark.');
  const share = pivot.streams === 1 ? 0 : (options.secondShare ?? SECOND_SHARE);
  demand(share >= 0 && share <= 1, 'MARK_ARGUMENT', 'a share is in [0, 1]', 'Take the share of the profile.');
  const scored = countRows(pivot, values);
  if (scored === 0) return { logP: 0, scored, excess: 0 };
  const table = tableOf(pivot.streams, share);
  let sum = 0;
  for (let row = 0; row < scored; row++) {
    let ratio = table.idle;
    for (let stream = 0; stream < pivot.streams; stream++)
      ratio += table.added[stream]![cellOf(values[row * pivot.streams + stream]!)]!;
    sum += scoreOf(ratio);
  }
  const part: LatticePart = { count: scored, values: table.values, probabilities: table.probabilities };
  return { logP: logLatticeSumUpperTail(sum, [part]), scored, excess: sum / PARTS / scored };
}

const scoreOf = (ratio: number) => Math.floor(PARTS * Math.log(ratio));

const edgeOf = (cell: number) => 1 - (1 - cell / CELLS) ** 2;

/** The cell that holds u; its edge is not above u, whatever the root rounds to. */
function cellOf(u: number): number {
  if (!(u >= 0 && u < 1))
    demand(false, 'MARK_ARGUMENT', `a uniform value is in [0, 1), not ${u}`, 'Use values of Mark.read.');
  let cell = Math.min(CELLS - 1, Math.floor(CELLS * (1 - Math.sqrt(1 - u))));
  while (cell > 0 && edgeOf(cell) > u) cell--;
  return cell;
}

function tableOf(streams: 1 | 2, share: number): ScoreTable {
  const name = `${streams} ${share}`;
  let table = tables.get(name);
  if (table === undefined) {
    table = makeTable(streams === 1 ? [1] : [1 - share, share]);
    if (tables.size >= MOST_TABLES) tables.clear();
    tables.set(name, table);
  }
  return table;
}

function makeTable(shares: readonly number[]): ScoreTable {
  const { size, priors, evaluate } = openBets({ kind: 'uniform', streams: 1 });
  const out = new Float64Array(size);
  const widths = Float64Array.from({ length: CELLS }, (_, cell) => edgeOf(cell + 1) - edgeOf(cell));
  const one = widths.map((_, cell) => {
    evaluate(Float64Array.of(edgeOf(cell)), 0, out);
    let sum = 0;
    for (let j = 1; j < size; j++) sum += priors[j]! * out[j]!;
    return sum;
  });
  const idle = priors[0]!;
  const added = shares.map((share) => one.map((ratio) => share * ratio));
  const masses = new Map<number, number>();
  const add = (ratio: number, mass: number) => {
    const score = scoreOf(ratio);
    masses.set(score, (masses.get(score) ?? 0) + mass);
  };
  for (let a = 0; a < CELLS; a++)
    if (added.length === 1) add(idle + added[0]![a]!, widths[a]!);
    else for (let b = 0; b < CELLS; b++) add(idle + added[0]![a]! + added[1]![b]!, widths[a]! * widths[b]!);
  return { added, idle, values: [...masses.keys()], probabilities: [...masses.values()] };
}
