import type { WeightFile } from '../formats/weight-file.js';
import { refuse } from '../weights-error.js';
import { type LayerSketch, sketchLayer } from './neuron-sketch.js';
import { spread } from './shared-units.js';
import { compareSketches, sampleNeurons } from './sketch-comparison.js';

/** A layer of the left and one of the right. */
export type LayerPair = readonly [left: number, right: number];

/** Neurons of a layer that seek their partners; chance and common data give one or two of them. */
const NEURONS = 256;

/**
 * For some layers of the model that has fewer (of the right where both have as many) the layer of the other in which most of its neurons are found
 * again, the one of its own number among equals. All layers of the other are sketched, one at a time.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for no layers, or layers that cannot be sketched; what readers throw
 */
export async function findLayerPartners(
  [left, leftLayers]: readonly [WeightFile, readonly number[]],
  [right, rightLayers]: readonly [WeightFile, readonly number[]],
  { most, tokens }: { readonly most: number; readonly tokens: Uint32Array },
): Promise<readonly LayerPair[]> {
  if (!Number.isSafeInteger(most) || most < 1 || most > 1_024)
    return refuse('WEIGHTS_ARGUMENT', `${most} layers`);
  const isLeftSought = leftLayers.length < rightLayers.length;
  const [file, layers, other, others] = isLeftSought
    ? [left, leftLayers, right, rightLayers]
    : [right, rightLayers, left, leftLayers];
  const sought: { sketch: LayerSketch; agreed: number; partner: number }[] = [];
  for (const layer of spread(layers, most)) {
    const sketch = sampleNeurons(await sketchLayer(file, layer, tokens), NEURONS);
    sought.push({ sketch, agreed: -1, partner: layer });
  }
  for (const layer of others) {
    const theirs = await sketchLayer(other, layer, tokens);
    for (const one of sought) {
      const { agreed } = compareSketches(one.sketch, theirs);
      if (agreed > one.agreed || (agreed === one.agreed && layer === one.sketch.layer)) {
        one.agreed = agreed;
        one.partner = layer;
      }
    }
  }
  return sought.map(({ sketch, partner }) =>
    isLeftSought ? [sketch.layer, partner] : [partner, sketch.layer],
  );
}
