import { Random } from '@phalanx/stats';
import type { Pivot } from '../mark.js';
import { demand, requireInteger } from '../watermark-error.js';
import { countRows } from './rows.js';
import { EvidenceDensity, findStretches, labelTokens, scanEvidence } from './scan.js';

/** Most tokens of a document, and most tokens times draws. */
export const MAX_SCAN_TOKENS = 5_000_000;
export const MAX_SCAN_WORK = 5_000_000_000;
const DRAWS = 9999;
/** Most tokens of a document that is searched with the draws that are made by default. */
export const MAX_SEARCHED_TOKENS = Math.floor(MAX_SCAN_WORK / DRAWS);

/** Settings of `findSpans`, fixed before the values are seen. */
export interface SpanOptions {
  /** Chance, at most, of reporting any stretch that holds no marked token. Default 1e-3. */
  readonly alpha?: number;
  /** Most documents drawn from the null. Default 9,999; a p-value below 1/(draws + 1) comes from a bound. */
  readonly draws?: number;
  /** Seed of the draws: with it the answer can be computed again. Default 1. */
  readonly seed?: number;
  /** Two streams: as in `EvidenceOptions`. */
  readonly secondShare?: number;
}

/** A stretch of a document that holds marked tokens. */
export interface MarkedSpan {
  /** First token, and the one after the last. Scores begin `contextWidth` tokens after the mark does. */
  readonly start: number;
  readonly end: number;
  /** Null: no token in this stretch was chosen under the key. Already corrected for every stretch that might have been reported. */
  readonly logP: number;
  /** ln of the likelihood ratio of the stretch, marked throughout, to unmarked. */
  readonly score: number;
  /** Mean of the tokens' probabilities of being marked, under the chain's assumptions: a description, not a claim. */
  readonly confidence: number;
}

/** What a search for marked spans says. */
export interface SpanSearch {
  /** Null: no token of the document was chosen under the key. */
  readonly logP: number;
  /** ln of the likelihood ratio of the whole document: an e-value for that null, fit for averages over keys and for e-BH. */
  readonly logE: number;
  /** Reported at `alpha`, in order of place. */
  readonly spans: readonly MarkedSpan[];
  /** For each token, the probability of being marked under the chain's assumptions. */
  readonly posterior: Float64Array;
  readonly scored: number;
  /** Documents drawn: fewer where twenty of them soon showed that there is nothing. */
  readonly draws: number;
}

/**
 * Where a mark is in a document that is marked in places only. `values` are those of one document's n-grams in ascending
 * order of `positions` (`Ngrams.position`); `length` is its number of tokens, of which those without an n-gram say nothing.
 *
 * What `EvidenceProcess` asks of the n-grams is asked here too.
 *
 * Guarantees, for any number of marked spans and whatever they hold:
 * - `logP` is a p-value for "no mark at all": the likelihood ratio of a hidden Markov chain, ranked among draws.
 * - With chance at most `alpha` any reported stretch lies wholly in unmarked text (strong family-wise control). A stretch is scored by
 *   its own values alone, sum of ln e; every score of unmarked text is at most the highest of a document whose marked values
 *   are replaced by null ones, and that is exchangeable with the highest of each drawn document. So p = (1 + #{drawn
 *   >= score}) / (draws + 1) holds for all stretches at once; where twenty draws reach the score before, p = 20 / draws until then.
 * - Beyond all draws p is the lesser of 1/(draws + 1) and a bound: exp(-logE) for the document (Markov), n exp(-score) for
 *   stretches (Ville, from each of n starts). A p that is not beyond the draws never comes from the bound, so the rule as a whole is valid.
 *
 * Under the null the values of distinct n-grams are independent with the pivot's law, so the draws have the document's very length
 * and gaps and nothing is approximated; discrete values are drawn no lower than they are. Linear time: length * draws steps, of
 * which an unmarked document needs some forty draws.
 *
 * @throws PhalanxError `MARK_ARGUMENT` on positions that do not ascend within `length`; `MARK_LIMIT` on more work than stated.
 */
export function findSpans(
  pivot: Pivot,
  values: Float64Array,
  positions: Uint32Array,
  length: number,
  options: SpanOptions = {},
): SpanSearch {
  const { alpha = 1e-3, draws = DRAWS, seed = 1 } = options;
  const scored = countRows(pivot, values);
  checkArguments(scored, positions, length, alpha, draws);
  const density = new EvidenceDensity(pivot, options.secondShare);
  const ratios = new Float64Array(length).fill(1);
  for (let row = 0; row < scored; row++) ratios[positions[row]!] = density.ratio(values, row);
  const { logRatio } = scanEvidence(ratios);

  const random = new Random(seed);
  const stretches = findStretches(ratios.map(Math.log));
  const top = stretches.reduce((most, { score }) => Math.max(most, score), 0);
  const ratioRank = new SequentialRank(draws, logRatio);
  const scoreRank = new SequentialRank(draws, top);
  const drawn = new Float64Array(length).fill(1);
  while (scoreRank.drawn < draws && !(scoreRank.isSettled && ratioRank.isSettled)) {
    for (let row = 0; row < scored; row++) drawn[positions[row]!] = density.draw(random);
    const scan = scanEvidence(drawn);
    ratioRank.add(scan.logRatio);
    scoreRank.add(scan.highest);
  }

  const posterior = labelTokens(ratios);
  const spans: MarkedSpan[] = [];
  for (const { start, end, score } of [...stretches].sort((a, b) => b.score - a.score)) {
    const logP = scoreRank.rank(score, Math.log(scored) - score);
    // A lower score has no lower p-value.
    if (logP > Math.log(alpha)) break;
    let confidence = 0;
    for (let t = start; t < end; t++) confidence += posterior[t]! / (end - start);
    spans.push({ start, end, logP, score, confidence: Math.min(1, confidence) });
  }
  spans.sort((a, b) => a.start - b.start);
  const logP = scored === 0 ? 0 : ratioRank.rank(logRatio, -logRatio);
  return { logP, logE: logRatio, spans, posterior, scored, draws: scoreRank.drawn };
}

/** Sums in another order differ in the last bits; what is that close is a tie, and a tie counts against the claim. */
const TIE = 1e-9;
/** Draws at or above a score after which its p-value is taken. */
const ENOUGH = 20;

/** Draws from the null in their order, and ranks among them (Besag and Clifford 1991). */
class SequentialRank {
  readonly #values: Float64Array;
  readonly #watched: number;
  #reached = 0;
  drawn = 0;

  /** At most `most` draws; `watched`: the highest score that will be ranked. */
  constructor(most: number, watched: number) {
    this.#values = new Float64Array(most);
    this.#watched = lowestTie(watched);
  }

  add(value: number): void {
    this.#values[this.drawn++] = value;
    if (value >= this.#watched) this.#reached++;
  }

  /** Whether more draws would change no rank. */
  get isSettled(): boolean {
    return this.#reached >= ENOUGH;
  }

  /** ln of p: ENOUGH over the draws it took, or (1 + at least the score) / (1 + all); beyond all, the bound if it is less. */
  rank(score: number, logBound: number): number {
    const least = lowestTie(score);
    let atLeast = 0;
    for (let looked = 1; looked <= this.drawn; looked++)
      if (this.#values[looked - 1]! >= least && ++atLeast === ENOUGH) return Math.log(ENOUGH / looked);
    const logP = Math.log((1 + atLeast) / (1 + this.drawn));
    return atLeast === 0 ? Math.min(logP, logBound) : logP;
  }
}

const lowestTie = (score: number) => score - TIE * Math.max(1, Math.abs(score));

function checkArguments(
  scored: number,
  positions: Uint32Array,
  length: number,
  alpha: number,
  draws: number,
): void {
  requireInteger(length, 'length', 0, MAX_SCAN_TOKENS);
  requireInteger(draws, 'draws', 19, 1_000_000);
  demand(alpha > 0 && alpha < 1, 'MARK_ARGUMENT', 'alpha is in (0, 1)', 'Give 0.001.');
  demand(
    length * draws <= MAX_SCAN_WORK,
    'MARK_LIMIT',
    `${length} tokens times ${draws} draws`,
    'Take fewer draws, or search parts of the document under one union bound.',
  );
  demand(positions.length === scored, 'MARK_ARGUMENT', 'one position an n-gram', 'Use Ngrams.position.');
  for (let i = 0; i < scored; i++)
    if (positions[i]! >= length || (i > 0 && positions[i]! <= positions[i - 1]!))
      demand(false, 'MARK_ARGUMENT', 'positions ascend within the document', 'Collect one document alone.');
}
