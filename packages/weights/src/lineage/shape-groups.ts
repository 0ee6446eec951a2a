import type { Tensor } from '../formats/weight-file.js';

/** Tensors by their shape, written as numbers with commas. */
export function groupByShape(tensors: Iterable<Tensor>): ReadonlyMap<string, readonly Tensor[]> {
  const groups = new Map<string, Tensor[]>();
  for (const tensor of tensors) {
    const shape = tensor.shape.join();
    const group = groups.get(shape);
    if (group === undefined) groups.set(shape, [tensor]);
    else group.push(tensor);
  }
  return groups;
}
