import { Intent } from '@phalanx/domain';
import type { Component } from '../demand/component.js';
import type { Population } from '../population/population.js';
import type { SparseCounts } from '../population/sparse-counts.js';
import type { ComponentCounts } from './component-evenness.js';

interface Matrices {
  readonly history: SparseCounts;
  readonly intentHistory: SparseCounts;
  readonly matrix: SparseCounts;
  readonly intents: SparseCounts;
  readonly population: Population;
}

/** Reads a component's counts for each member off the shape and intent matrices. */
export function componentCounts(component: Component, members: Int32Array, view: Matrices): ComponentCounts {
  const isInside = insideColumns(component, view.population);
  const [past, slot] =
    component.kind === 'shape' ? [view.history, view.matrix] : [view.intentHistory, view.intents];
  const pastInside = new Float64Array(members.length);
  const pastAll = new Float64Array(members.length);
  const slotInside = new Float64Array(members.length);
  const slotAll = new Float64Array(members.length);
  for (let m = 0; m < members.length; m++) {
    const a = members[m]!;
    pastInside[m] = sumRow(past, a, isInside);
    slotInside[m] = sumRow(slot, a, isInside);
    pastAll[m] = sumRow(view.history, a, null);
    slotAll[m] = sumRow(view.matrix, a, null);
  }
  return { pastInside, pastAll, slotInside, slotAll };
}

function insideColumns(component: Component, population: Population): Uint8Array {
  if (component.kind === 'intent') {
    const out = new Uint8Array(32);
    out[Math.log2(Intent[component.intent])] = 1;
    return out;
  }
  return Uint8Array.from(population.shapes, (shape) => (component.matches(shape) ? 1 : 0));
}

function sumRow(counts: SparseCounts, row: number, isInside: Uint8Array | null): number {
  let sum = 0;
  for (let i = counts.start[row]!; i < counts.start[row + 1]!; i++)
    if (!isInside || isInside[counts.column[i]!]) sum += counts.count[i]!;
  return sum;
}
