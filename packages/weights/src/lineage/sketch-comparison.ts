import { findPartners, type RowMatrix } from '../kernels/inner-products.js';
import { refuse } from '../weights-error.js';
import type { LayerSketch, SketchedPart } from './neuron-sketch.js';
import { spread } from './shared-units.js';

/** How the neurons of one layer find one another in another model's. */
export interface SketchComparison {
  readonly leftLayer: number;
  readonly rightLayer: number;
  /** Neurons of the left. */
  readonly neurons: number;
  /** Those whose partner is one and the same by every part. */
  readonly agreed: number;
  /** That partner for each neuron of the left; -1 where the parts differ. */
  readonly partners: Int32Array;
}

/**
 * T2: for each part alone the neuron of `right` most like each neuron of `left`, by inner product for the gate and by its magnitude
 * for up and down, whose signs may be turned together; counts where all parts name the same neuron. Survives any permutation of
 * neurons, their scales, and any change of the residual basis.
 *
 * The count is no p-value: models trained apart on the same text grow some of the same neurons. It is judged by its rate.
 *
 * Takes a product for each pair of neurons and part: with 28,672 in both more than both sketches cost. For a rate alone `sampleNeurons` of the
 * left are enough.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for sketches of other tokens or parts
 */
export function compareSketches(left: LayerSketch, right: LayerSketch): SketchComparison {
  const parts = [...left.parts.keys()];
  const isSame =
    left.tokens.length === right.tokens.length &&
    left.tokens.every((token, i) => token === right.tokens[i]) &&
    right.parts.size === parts.length &&
    parts.every((part) => right.parts.has(part));
  if (!isSame) return refuse('WEIGHTS_ARGUMENT', 'sketches of other tokens or other parts');
  const maps = parts.map((part) => matchPart(left, right, part));
  const partners = new Int32Array(left.neurons).fill(-1);
  let agreed = 0;
  for (let i = 0; i < left.neurons; i++) {
    const partner = maps[0]![i]!;
    if (partner < 0 || maps.some((map) => map[i] !== partner)) continue;
    partners[i] = partner;
    agreed++;
  }
  return { leftLayer: left.layer, rightLayer: right.layer, neurons: left.neurons, agreed, partners };
}

function matchPart(left: LayerSketch, right: LayerSketch, part: SketchedPart): Int32Array {
  return findPartners(left.parts.get(part)!, right.parts.get(part)!, { absolute: part !== 'gate' });
}

/** At most so many neurons of a sketch, evenly spread, under new numbers. */
export function sampleNeurons(sketch: LayerSketch, count: number): LayerSketch {
  if (sketch.neurons <= count) return sketch;
  const chosen = spread(
    Array.from({ length: sketch.neurons }, (_, i) => i),
    count,
  );
  const parts = new Map<SketchedPart, RowMatrix>();
  for (const [part, { columns, values }] of sketch.parts) {
    const out = new Float32Array(count * columns);
    for (const [i, row] of chosen.entries())
      out.set(values.subarray(row * columns, (row + 1) * columns), i * columns);
    parts.set(part, { rows: count, columns, values: out });
  }
  return { ...sketch, neurons: count, parts };
}
