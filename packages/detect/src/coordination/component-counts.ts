import type { ExchangeSample } from '@phalanx/domain';
import { type Component, matchesComponent } from '../demand/component.js';
import type { ComponentCounts } from './component-evenness.js';

/**
 * Counts one component for each member, slot after slot, from samples of the pool's exchanges. A sample keeps each
 * exchange with equal chance, so shares and evenness survive it; only power is lost.
 */
export class ComponentCounter {
  readonly #component: Component;
  readonly #row: ReadonlyMap<bigint, number>;
  readonly #pastInside: Float64Array;
  readonly #pastAll: Float64Array;

  constructor(component: Component, members: BigUint64Array, past: ExchangeSample) {
    this.#component = component;
    this.#row = new Map(Array.from(members, (account, m) => [account, m]));
    this.#pastInside = new Float64Array(members.length);
    this.#pastAll = new Float64Array(members.length);
    this.#count(past, this.#pastInside, this.#pastAll);
  }

  /** Counts of the past and of this slot; the slot then joins the past. */
  step(slot: ExchangeSample): ComponentCounts {
    const slotInside = new Float64Array(this.#pastAll.length);
    const slotAll = new Float64Array(this.#pastAll.length);
    this.#count(slot, slotInside, slotAll);
    const counts = {
      pastInside: this.#pastInside.slice(),
      pastAll: this.#pastAll.slice(),
      slotInside,
      slotAll,
    };
    for (let m = 0; m < slotAll.length; m++) {
      this.#pastInside[m]! += slotInside[m]!;
      this.#pastAll[m]! += slotAll[m]!;
    }
    return counts;
  }

  #count(sample: ExchangeSample, inside: Float64Array, all: Float64Array): void {
    for (let row = 0; row < sample.account.length; row++) {
      const m = this.#row.get(sample.account[row]!);
      if (m === undefined) continue;
      all[m]!++;
      if (matchesComponent(this.#component, sample, row)) inside[m]!++;
    }
  }
}
