import type { Random } from '@phalanx/stats';
import { Prelude } from './cross-parsing.js';
import { countGrams, GRAM_BITS, type SparseVector } from './gram-vector.js';
import { buildGramTrie, curvatureOf, LanguageModel } from './language-model.js';
import { LANGUAGE_MODEL_CHARS, PRELUDE_CHARS } from './limits.js';
import { applyLinear, denseVector, fitLogistic, type LinearModel } from './logistic-regression.js';
import { type PreparedText, SymbolCoder, UNKNOWN } from './prepared-text.js';
import { applyScaling, fitScaling, type Scaling } from './scaling.js';
import { measureStyle } from './style-measures.js';

/** What each member says of a text, in this order; larger is more like the machine texts, save for one curvature. */
export const MEMBER_NAMES = [
  'grams',
  'compression',
  'curvatureMachine',
  'curvatureHuman',
  'likelihood',
  'style',
] as const;
export type MemberName = (typeof MEMBER_NAMES)[number];

/** A text with what is costly to make of it, since cross-fitting reads each text several times. */
export interface FeaturedText {
  readonly text: PreparedText;
  readonly grams: SparseVector;
  readonly style: Float32Array;
}

/** The fitted members of an ensemble. */
export interface Members {
  readonly alphabet: Uint16Array;
  readonly grams: LinearModel;
  readonly styleScaling: Scaling;
  readonly style: LinearModel;
  readonly humanModel: LanguageModel;
  readonly machineModel: LanguageModel;
  readonly humanPrelude: Prelude;
  readonly machinePrelude: Prelude;
}

/**
 * Costs of the two regressions. Gram vectors have length 1, so that a cost of 32 lets a few hundred texts be told apart;
 * the dozen figures of style are scaled. Set before any text was scored, and never changed.
 */
const GRAM_COST = 32;
const STYLE_COST = 1;

export function featureText(text: PreparedText): FeaturedText {
  return { text, grams: countGrams(text), style: measureStyle(text) };
}

/** Fits all members. Both sides hold at least one text. Equal inputs and an equal `random` give equal bits. */
export function fitMembers(
  human: readonly FeaturedText[],
  machine: readonly FeaturedText[],
  alphabet: Uint16Array,
  random: Random,
): Members {
  const all = [...human, ...machine];
  const positive = all.map((_, i) => i >= human.length);
  const coder = new SymbolCoder(alphabet);
  const [humanCodes, machineCodes] = [human, machine].map((side) => encodeShuffled(side, coder, random)) as [
    Uint16Array[],
    Uint16Array[],
  ];
  const styleScaling = fitScaling(all.map(({ style }) => style));
  const styles = all.map(({ style }) => denseVector(applyScaling(styleScaling, style)));
  const lm = (codes: Uint16Array[]) =>
    new LanguageModel(buildGramTrie(takeSymbols(codes, LANGUAGE_MODEL_CHARS), coder.size));
  const prelude = (codes: Uint16Array[]) => new Prelude(joinCodes(takeSymbols(codes, PRELUDE_CHARS)));
  return {
    alphabet,
    grams: fitLogistic(
      all.map(({ grams }) => grams),
      positive,
      1 << GRAM_BITS,
      GRAM_COST,
      random,
    ),
    styleScaling,
    style: fitLogistic(styles, positive, styleScaling.means.length, STYLE_COST, random),
    humanModel: lm(humanCodes),
    machineModel: lm(machineCodes),
    humanPrelude: prelude(humanCodes),
    machinePrelude: prelude(machineCodes),
  };
}

/** What an ensemble makes of a text before the stack. */
export interface Consultation {
  /** What each member says, in the order of `MEMBER_NAMES`. */
  readonly said: Float64Array;
  /** Mean ln p a symbol under the language model of human texts, and of machine texts: low where a text is unlike them. */
  readonly humanFamiliarity: number;
  readonly machineFamiliarity: number;
}

/** Asks every member. */
export function consultMembers(members: Members, { text, grams, style }: FeaturedText): Consultation {
  const symbols = new SymbolCoder(members.alphabet).encode(text.folded);
  const human = members.humanModel.measure(symbols);
  const machine = members.machineModel.measure(symbols);
  const length = Math.max(1, symbols.length);
  const said = Float64Array.of(
    applyLinear(members.grams, grams),
    members.humanPrelude.measure(symbols) - members.machinePrelude.measure(symbols),
    curvatureOf(machine),
    curvatureOf(human),
    (machine.logP - human.logP) / length,
    applyLinear(members.style, denseVector(applyScaling(members.styleScaling, style))),
  );
  return { said, humanFamiliarity: human.logP / length, machineFamiliarity: machine.logP / length };
}

function encodeShuffled(side: readonly FeaturedText[], coder: SymbolCoder, random: Random): Uint16Array[] {
  const codes = side.map(({ text }) => coder.encode(text.folded));
  for (let i = codes.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [codes[i], codes[j]] = [codes[j]!, codes[i]!];
  }
  return codes;
}

/** An equal piece from the head of each text where all of them are too much. */
function takeSymbols(codes: readonly Uint16Array[], limit: number): Uint16Array[] {
  const each = Math.max(64, Math.ceil(limit / codes.length));
  const total = codes.reduce((sum, code) => sum + code.length, 0);
  let left = limit;
  const taken: Uint16Array[] = [];
  for (const code of codes) {
    if (left <= 0) break;
    const piece = code.subarray(0, Math.min(left, total <= limit ? code.length : each));
    left -= piece.length;
    taken.push(piece);
  }
  return taken;
}

/** Texts one after the other; the unknown symbol between them ends every phrase. */
function joinCodes(codes: readonly Uint16Array[]): Uint16Array {
  const out: number[] = [];
  for (const code of codes) {
    for (const symbol of code) out.push(symbol);
    out.push(UNKNOWN);
  }
  return Uint16Array.from(out);
}
