import { PhalanxError } from '@phalanx/core';
import type { WeightFile } from '../formats/weight-file.js';
import { refuse } from '../weights-error.js';
import { findLayerPartners, type LayerPair } from './layer-partners.js';
import {
  ANCHORS,
  chooseAnchors,
  countVocabulary,
  type LayerSketch,
  listSketchable,
  sketchLayer,
} from './neuron-sketch.js';
import { spread } from './shared-units.js';
import { compareSketches, type SketchComparison, sampleNeurons } from './sketch-comparison.js';

export interface DisguiseSettings {
  /** Tokens of a sketch, 16 to 4,096. */
  readonly anchors?: number;
  /** Most layers, 1 to 1,024, evenly spread; 5, or 2 where a layer's matrix has more than 16 million numbers. */
  readonly layers?: number;
  /** Models known to be unrelated to both, which show the rate of chance and common data. */
  readonly strangers?: readonly WeightFile[];
}

/** A count and what it is out of: the neurons of the narrower of the two. */
export interface MatchRate {
  readonly agreed: number;
  readonly neurons: number;
}

export interface Disguise extends MatchRate {
  readonly comparisons: readonly SketchComparison[];
  /** Layers of the left against other layers of the right; null with a single layer. */
  readonly crossLayer: MatchRate | null;
  /** Layers of the left against the same of each stranger. */
  readonly strangers: readonly MatchRate[];
}

const LARGE = 16 * 1024 * 1024;
/** Below this rate layers are sought under other numbers too. */
const SOUGHT_RATE = 0.5;
/** By so much more of all neurons those must find to be taken: they are the best of many. */
const GAIN = 0.05;
/** Neurons of a layer that controls take: a rate of a hundredth is seen in them. */
const CONTROL_NEURONS = 2_048;

/**
 * T2 over some layers, with its controls. Layers of the same number are compared; where one model has fewer, or where few neurons are found and
 * layers are small, each first seeks its partner among all of the other (`findLayerPartners`). Null where either model has no feed-forward
 * network that can be sketched, or no embedding.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for settings out of range; what readers throw
 */
export async function testDisguise(
  left: WeightFile,
  right: WeightFile,
  settings: DisguiseSettings = {},
): Promise<Disguise | null> {
  const { anchors = ANCHORS, strangers = [] } = settings;
  if (!Number.isSafeInteger(anchors) || anchors < 16 || anchors > 4_096)
    return refuse('WEIGHTS_ARGUMENT', `${anchors} anchors`);
  const all = [left, right, ...strangers];
  const [mine, theirs] = [listSketchable(left), listSketchable(right)];
  const shared = mine.filter((layer) => theirs.includes(layer));
  const vocabulary = Math.min(...all.map(countVocabulary));
  if (mine.length === 0 || theirs.length === 0 || vocabulary < 16) return null;
  const isOfOneDepth = mine.length === theirs.length && shared.length === mine.length;
  const most = settings.layers ?? (isLarge(left) ? 2 : 5);
  try {
    const tokens = await chooseAnchors(left, { count: anchors, vocabulary });
    const compare = (pairs: readonly LayerPair[]) => comparePairs([left, right, strangers], pairs, tokens);
    const seek = async () =>
      compare(await findLayerPartners([left, mine], [right, theirs], { most, tokens }));
    if (!isOfOneDepth) return await seek();
    const direct = await compare(spreadLayers(mine, most).map((layer) => [layer, layer]));
    if (direct.agreed >= SOUGHT_RATE * direct.neurons || isLarge(left)) return direct;
    const found = await seek();
    return found.agreed > direct.agreed + GAIN * direct.neurons ? found : direct;
  } catch (error) {
    // A gate in one of them only, an embedding of another width than the layers: no settings make these comparable.
    if (PhalanxError.is(error, 'WEIGHTS_ARGUMENT')) return null;
    throw error;
  }
}

async function comparePairs(
  [left, right, strangers]: readonly [WeightFile, WeightFile, readonly WeightFile[]],
  pairs: readonly LayerPair[],
  tokens: Uint32Array,
): Promise<Disguise> {
  const comparisons: SketchComparison[] = [];
  const crossed: SketchComparison[] = [];
  const strange = strangers.map((): SketchComparison[] => []);
  let narrow = 0;
  // A layer's control is the next one of the right, the last one's the first: three samples are kept and two sketches.
  const kept: { first: LayerSketch | null; last: LayerSketch | null } = { first: null, last: null };
  for (const [leftLayer, rightLayer] of pairs) {
    const mine = await sketchLayer(left, leftLayer, tokens);
    const theirs = await sketchLayer(right, rightLayer, tokens);
    comparisons.push(compareSketches(mine, theirs));
    narrow += Math.min(mine.neurons, theirs.neurons);
    const sample = sampleNeurons(mine, CONTROL_NEURONS);
    if (kept.last !== null) crossed.push(compareSketches(kept.last, theirs));
    kept.last = sample;
    kept.first ??= theirs;
    for (const [i, stranger] of strangers.entries())
      if (listSketchable(stranger).includes(leftLayer))
        strange[i]!.push(compareSketches(sample, await sketchLayer(stranger, leftLayer, tokens)));
  }
  if (pairs.length > 1) crossed.push(compareSketches(kept.last!, kept.first!));
  return {
    agreed: addUp(comparisons).agreed,
    neurons: narrow,
    comparisons,
    crossLayer: pairs.length > 1 ? addUp(crossed) : null,
    strangers: strange.map(addUp),
  };
}

function isLarge(file: WeightFile): boolean {
  return [...file.tensors.values()].some(
    ({ name, shape }) =>
      /ffn_up|up_proj|w3|c_fc/.test(name) && shape.length === 2 && shape[0]! * shape[1]! > LARGE,
  );
}

function spreadLayers(all: readonly number[], most: number): readonly number[] {
  if (!Number.isSafeInteger(most) || most < 1 || most > 1_024)
    return refuse('WEIGHTS_ARGUMENT', `${most} layers`);
  return spread(all, most);
}

function addUp(comparisons: readonly SketchComparison[]): MatchRate {
  return comparisons.reduce(
    (sum, { agreed, neurons }) => ({ agreed: sum.agreed + agreed, neurons: sum.neurons + neurons }),
    { agreed: 0, neurons: 0 },
  );
}
