import { PhalanxError } from '@phalanx/core';
import type { WeightFile } from '../formats/weight-file.js';
import { refuse } from '../weights-error.js';
import {
  ANCHORS,
  chooseAnchors,
  countVocabulary,
  type LayerSketch,
  listSketchable,
  sketchLayer,
} from './neuron-sketch.js';
import { compareSketches, type SketchComparison } from './sketch-comparison.js';

export interface DisguiseSettings {
  /** Tokens of a sketch, 16 to 4,096. */
  readonly anchors?: number;
  /** Most layers, 1 to 1,024, evenly spread; 5, or 2 where a layer's matrix has more than 16 million numbers. */
  readonly layers?: number;
  /** Models known to be unrelated to both, which show the rate of chance and common data. */
  readonly strangers?: readonly WeightFile[];
}

/** A count and what it is out of. */
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

/**
 * T2 over some layers, with its controls. Null where either model has no feed-forward network that can be sketched, or no
 * embedding.
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
  const shared = all.map(listSketchable).reduce((a, b) => a.filter((layer) => b.includes(layer)));
  const vocabulary = Math.min(...all.map(countVocabulary));
  if (shared.length === 0 || vocabulary < 16) return null;
  const layers = spreadLayers(shared, settings.layers ?? (isLarge(left) ? 2 : 5));
  try {
    const tokens = await chooseAnchors(left, { count: anchors, vocabulary });
    return await compareLayers([left, right, strangers], layers, tokens);
  } catch (error) {
    // A gate in one of them only, an embedding of another width than the layers: no settings make these comparable.
    if (PhalanxError.is(error, 'WEIGHTS_ARGUMENT')) return null;
    throw error;
  }
}

async function compareLayers(
  [left, right, strangers]: readonly [WeightFile, WeightFile, readonly WeightFile[]],
  layers: readonly number[],
  tokens: Uint32Array,
): Promise<Disguise> {
  const sketches: [LayerSketch, LayerSketch][] = [];
  for (const layer of layers)
    sketches.push([await sketchLayer(left, layer, tokens), await sketchLayer(right, layer, tokens)]);
  const comparisons = sketches.map(([mine, theirs]) => compareSketches(mine, theirs));
  const crossed = sketches.map(([mine], i) => compareSketches(mine, sketches[(i + 1) % sketches.length]![1]));
  const rates: MatchRate[] = [];
  for (const stranger of strangers) {
    const found: SketchComparison[] = [];
    for (const [mine] of sketches)
      found.push(compareSketches(mine, await sketchLayer(stranger, mine.layer, tokens)));
    rates.push(addUp(found));
  }
  const crossLayer = sketches.length > 1 ? addUp(crossed) : null;
  return { ...addUp(comparisons), comparisons, crossLayer, strangers: rates };
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
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / most)]!);
}

function addUp(comparisons: readonly SketchComparison[]): MatchRate {
  return comparisons.reduce(
    (sum, { agreed, neurons }) => ({ agreed: sum.agreed + agreed, neurons: sum.neurons + neurons }),
    { agreed: 0, neurons: 0 },
  );
}
