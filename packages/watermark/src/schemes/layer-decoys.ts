import type { MarkTest } from '../detect/log-p.js';
import { demand } from '../watermark-error.js';
import { LawSum } from './law-sum.js';

/** Sums that so many decoys reach get their rank for a p-value: valid, and a tail is computed for the others alone. */
const COMMON = 0.05;

/**
 * Tests layers whose bits are fair one by one, but not independent between the n-grams of a text: the ones of a key's layers
 * against those of decoy keys on the same text. Null: each layer's key was drawn as the decoys' were, without regard to
 * the text. It needs nothing of how n-grams depend on one another.
 *
 * A layer's count and its K decoys are exchangeable, and layers are independent, each with decoys of its own. So given all
 * counts, every choice of one of K + 1 in each layer is equally likely to be the key's, and p is the share of the
 * (K + 1)^layers choices whose weighted sum is as large: exact, by convolution (`LawSum`).
 */
export class LayerDecoys {
  readonly #decoys: readonly Float64Array[];
  readonly #scored: number;
  readonly #weights: Uint32Array;
  readonly #sums: Float64Array;

  /**
   * `decoys`: for each decoy key the ones that its layers count in the text's `scored` n-grams; `weights` positive
   * integers, one a layer.
   *
   * @throws PhalanxError `MARK_ARGUMENT` without decoys, or when numbers of layers differ.
   */
  constructor(decoys: readonly Float64Array[], scored: number, weights: Uint32Array) {
    demand(
      decoys.length > 0 && decoys.every(({ length }) => length === weights.length),
      'MARK_ARGUMENT',
      'decoys have a count for each layer that has a weight',
      'Read the decoys with keys of as many layers.',
    );
    this.#scored = scored;
    this.#weights = weights;
    this.#decoys = decoys;
    this.#sums = Float64Array.from(decoys, (ones) => this.#sumOf(ones));
  }

  /** Tests the ones of one key's layers. */
  test(ones: Float64Array): MarkTest {
    const scored = this.#scored;
    if (scored === 0) return { logP: 0, scored, excess: 0 };
    const sum = this.#sumOf(ones);
    let total = 0;
    for (const weight of this.#weights) total += weight;
    const excess = sum / (scored * total * 0.5) - 1;
    const rank = this.#sums.reduce((count, other) => count + (other >= sum ? 1 : 0), 1);
    const share = rank / (this.#decoys.length + 1);
    return { logP: share > COMMON ? Math.log(share) : this.#logShare(ones), scored, excess };
  }

  #logShare(ones: Float64Array): number {
    let above = 0;
    const terms = Array.from(this.#weights, (weight, layer) => {
      const counts = [ones[layer]!, ...this.#decoys.map((decoy) => decoy[layer]!)];
      const lowest = counts.reduce((a, b) => Math.min(a, b));
      const law = new Float64Array(counts.reduce((a, b) => Math.max(a, b)) - lowest + 1);
      for (const count of counts) law[count - lowest]! += 1 / counts.length;
      above += weight * (ones[layer]! - lowest);
      return { law, weight, count: 1 };
    });
    return new LawSum(terms).logTail(above);
  }

  #sumOf(ones: Float64Array): number {
    return this.#weights.reduce((sum, weight, layer) => sum + weight * ones[layer]!, 0);
  }
}
